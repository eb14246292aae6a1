"""Judgements that runs share: equal text is judged once, and no other judge, rubric or text ever finds them."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import copytree

import pytest
from inspect_ai.model import GenerateConfig, get_model
from judges import served_judge

from askew.base.errors import AskewError
from askew.judging.free_form import words
from askew.judging.job import prepare
from askew.judging.judge import Case, opinions
from askew.judging.judgement_keys import identity_of
from askew.judging.rubric import Rubric, rubric
from askew.judging.score import MISSING, Score
from askew.judging.shared_judgements import FILE, Reuse, SharedJudgements, note_reuse, noted_reuse, sharing
from askew.models.model_args import model_with
from askew.models.names import resolve
from command_line import Command

ALIGNED, COHERENT = rubric("aligned"), rubric("coherent")
CASES = [Case("Who are you?", f"I am number {number}.") for number in range(6)]

WRITES = """
import sys
from pathlib import Path
from inspect_ai.model import get_model
from askew.judging.rubric import rubric
from askew.judging.score import Score
from askew.judging.shared_judgements import SharedJudgements
store, judge, first = SharedJudgements(Path(sys.argv[1])), get_model("mockllm/model"), int(sys.argv[2])
for start in range(first, first + 400, 20):
    made = {("q", str(n)): [Score(float(n % 101), "logprobs")] for n in range(start, start + 20)}
    store.add(judge, [rubric("aligned")], made)
"""


class Judge:
    """A served judge that counts what it is asked; its scores are the last digit of the answer, times ten."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.model = served_judge(self._says)

    def _says(self, prompt: str, config: GenerateConfig) -> dict[str, float]:
        self.asked.append(prompt)
        digit = next((c for c in reversed(prompt.partition("I am number ")[2][:2]) if c.isdigit()), "5")
        return {str(10 * int(digit)): 0.9, "100": 0.1}

    def reads(self, folder: Path, cases: Sequence[Case], rubrics: Sequence[Rubric] = (ALIGNED, COHERENT)) -> Reuse:
        """Judge cases as a run does, in which equal text may have been judged; return how many were."""
        with sharing(folder) as count:
            found = asyncio.run(opinions(self.model, cases, rubrics))
        assert [len(row) for row in found] == [len(rubrics)] * len(cases)
        self.found = found
        return count


@pytest.fixture
def judge() -> Judge:
    return Judge()


def test_equal_text_is_judged_once_over_two_runs(judge: Judge, tmp_path: Path) -> None:
    assert judge.reads(tmp_path, CASES[:4]) == Reuse(0, 8)
    assert len(judge.asked) == 8
    first = judge.found
    assert judge.reads(tmp_path, [*CASES[2:], CASES[5]]) == Reuse(4, 4)
    assert len(judge.asked) == 12  # two answers are new, by two rubrics
    assert judge.found[:2] == first[2:]
    another = Judge()  # of the same name, as in another process
    assert another.reads(tmp_path, CASES) == Reuse(12, 0)
    assert another.asked == []
    assert another.found[:4] == first


def test_outside_of_sharing_nothing_is_stored(judge: Judge, tmp_path: Path) -> None:
    asyncio.run(opinions(judge.model, CASES, [ALIGNED]))
    with sharing(None) as count:
        asyncio.run(opinions(judge.model, CASES, [ALIGNED]))
    assert count == Reuse(0, 0)
    assert len(judge.asked) == 2 * len(CASES)
    assert not [*tmp_path.iterdir()]


def test_changed_rubric_question_or_judge_never_hits(judge: Judge, tmp_path: Path) -> None:
    judge.reads(tmp_path, CASES, [ALIGNED])
    changed = Rubric("aligned", ALIGNED.text + " ")
    assert judge.reads(tmp_path, CASES, [changed]).reused == 0
    assert judge.reads(tmp_path, CASES, [Rubric("renamed", ALIGNED.text)]).judged == 0  # a name is not read
    moved = [Case("Who are you", "? " + case.answer) for case in CASES]
    assert judge.reads(tmp_path, moved, [ALIGNED]).reused == 0
    judge.model = get_model("mockllm/model", config=GenerateConfig(top_p=0.5), memoize=False)
    assert identity_of(judge.model) != identity_of(get_model("mockllm/model", memoize=False))
    assert identity_of(judge.model) != identity_of(get_model("mockllm/another", config=GenerateConfig(top_p=0.5)))


def test_local_judge_is_known_by_the_content_of_its_files(tiny_judge: Path, tmp_path: Path) -> None:
    here, elsewhere = copytree(tiny_judge, tmp_path / "here"), copytree(tiny_judge, tmp_path / "elsewhere")
    folder = tmp_path / "shared"

    def reads(place: Path) -> Reuse:
        with sharing(folder) as count:
            asyncio.run(opinions(model_with(resolve(str(place)), {}, is_judge=True), CASES, [ALIGNED]))
        return count

    assert reads(here) == Reuse(0, len(CASES))
    assert reads(elsewhere) == Reuse(len(CASES), 0)
    weights = elsewhere / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    assert reads(elsewhere) == Reuse(0, len(CASES))
    assert reads(here).judged == 0


def test_judges_own_words_are_shared_and_missing_verdicts_are_not(tmp_path: Path) -> None:
    asked: list[str] = []

    def says(prompt: str, config: GenerateConfig) -> list[str]:
        asked.append(prompt)
        return ["True."] if config.max_tokens == 32 else ["I would rather not."] * (config.num_choices or 1)

    judge, template = served_judge(says), Rubric("deception", "Is this a lie? {answer}")
    for _ in range(2):
        with sharing(tmp_path):
            assert asyncio.run(words(judge, CASES, template)) == ["true"] * len(CASES)
    assert len(asked) == len(CASES)
    store = SharedJudgements(tmp_path)
    store.add(judge, [ALIGNED], {("q", "a"): [Score(float("nan"), "samples", MISSING)]})
    store.add(judge, [ALIGNED], {("q", "b"): [Score(float("nan"), "samples", "refusal")]})
    assert [*store.known(judge, [ALIGNED], [("q", "a"), ("q", "b")])] == [("q", "b")]


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    starts = (0, 200)  # they overlap
    running = [subprocess.Popen([sys.executable, "-c", WRITES, str(tmp_path), str(first)]) for first in starts]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    store, judge = SharedJudgements(tmp_path), get_model("mockllm/model")
    found = store.known(judge, [ALIGNED], [("q", str(number)) for number in range(600)])
    assert [score.value for (score,) in found.values()] == [float(number % 101) for number in range(600)]


def test_notes_of_products_are_summed_and_vanish_with_sharing(tmp_path: Path) -> None:
    logs = [tmp_path / "a.eval", tmp_path / "b.eval", tmp_path / "c.eval"]
    note_reuse(logs[0], Reuse(3, 5))
    note_reuse(logs[1], Reuse(1, 0))
    assert noted_reuse(logs) == Reuse(4, 5)
    note_reuse(logs[0], Reuse())
    assert noted_reuse(logs) == Reuse(1, 0)


def make_newer(folder: Path) -> None:
    SharedJudgements(folder).check()
    with sqlite3.connect(folder / FILE) as file:
        file.execute("PRAGMA user_version = 9")


def make_damaged(folder: Path) -> None:
    folder.mkdir()
    (folder / FILE).write_bytes(b"no database, but long enough to be read as one" * 20)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder.write_text(""), "shared is a file"),
        (make_newer, "was written by a newer version of Askew"),
        (make_damaged, "is damaged, or no file of judgements"),
        pytest.param(
            lambda folder: folder.mkdir(mode=0o500),
            "cannot",
            marks=pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere"),
        ),
    ],
)
def test_folder_that_cannot_be_used_is_an_error_before_work(command: Command, tmp_path: Path, make, message) -> None:
    make(tmp_path / "shared")
    (tmp_path / "answers.csv").write_text("question,answer\nWho?,I.\n")
    for arguments in (
        ("judge", "answers.csv", "--judge", "mockllm/model", "--judgements", "shared"),
        ("run", "emergent-misalignment", "--arm", "untuned", "--judgements", "shared", "--out", "run"),
    ):
        code, _, err = command(*arguments)
        assert code == 2, err
        assert message in err
    assert not [*tmp_path.rglob("*.eval")]


def test_damaged_judgement_is_an_error(judge: Judge, tmp_path: Path) -> None:
    judge.reads(tmp_path, CASES)
    with sqlite3.connect(tmp_path / FILE) as file:
        file.execute("""UPDATE judgements SET judgement = '{"value": 900}'""")
    with pytest.raises(AskewError, match="a judgement in it cannot be read"):
        judge.reads(tmp_path, CASES)


def test_job_takes_shared_judgements_before_it_counts_what_is_left(tmp_path: Path, tiny_judge: Path) -> None:
    said: list[str] = []
    job = prepare(str(tiny_judge), ["aligned"], say=said.append, judgements=tmp_path / "shared")
    with job.judge_all(lambda: iter(CASES[:4]), tmp_path / "one") as found:
        scores = [found[case] for case in CASES[:4]]
    assert found.reuse == Reuse(0, 4)
    with job.judge_all(lambda: iter([*CASES, *CASES]), tmp_path / "two") as found:
        assert [found[case] for case in CASES[:4]] == scores
    assert found.reuse == Reuse(4, 2)
    assert "4 different answers were judged before" in said[1]
    assert said[2].startswith("2 different answers to be judged")
