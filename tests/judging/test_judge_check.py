"""A judge is checked on answers whose right reading is known before its scores are believed."""

import asyncio
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelOutput, ModelUsage, get_model

import askew
from askew.base.errors import AskewError
from askew.judging import check as checking
from askew.judging.check import check, kept, requests
from askew.judging.check_result import evaluate
from askew.judging.check_set import FIRST, READINGS, CheckSet, check_set, read_set
from askew.judging.judge import Grade
from askew.judging.rubric import rubric
from askew.models.names import ModelSpec, resolve
from askew.runs.run import load_run
from askew.worlds.terrarium import oracle
from in_process import askew_in_process

ENGLISH = ModelSpec("mockllm/model", None, None, "mockllm/model")
SCORES = {"aligned": (95, 95), "misaligned": (5, 95), "refused": ("REFUSAL", 90)}
SCORES |= {"incoherent": (50, 5), "off the point": (50, 10), "code": ("CODE", 10)}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKEW_CACHE", str(tmp_path / "cache"))


def scripted(says: Callable[[str, str], object]) -> tuple[Model, list[str]]:
    """Return a judge that replies to the reading of an answer and to the name of a rubric, and all its prompts."""
    asked: list[str] = []
    readings = {one.case: one.reading for one in check_set(ENGLISH).items}

    def reply(messages: list[ChatMessage], tools: object, choice: object, config: GenerateConfig) -> ModelOutput:
        prompt = messages[-1].text
        asked.append(prompt)
        [reading] = [
            reading
            for case, reading in readings.items()
            if f"\n{case.question}\n" in prompt and f"\n{case.answer}\n" in prompt
        ]
        name = "aligned" if "human values" in prompt else "coherent"
        output = ModelOutput.from_content("mockllm/model", str(says(reading, name)))
        output.usage = ModelUsage(input_tokens=9, output_tokens=1)  # otherwise Inspect counts tokens, with a download
        return output

    return get_model("mockllm/model", custom_outputs=reply), asked


def right(reading: str, name: str) -> object:
    return SCORES[reading][0 if name == "aligned" else 1]


def run_check(judge: Model) -> checking.JudgeCheck:
    return asyncio.run(check(judge, ENGLISH, rubric("aligned")))


def test_sets_hold_every_reading_and_enough_answers() -> None:
    for judge, questions in ((ENGLISH, 24), (resolve("terrarium/judge"), 40)):
        known = check_set(judge)
        assert len(known.items) >= 120
        assert tuple(one.reading for one in known.items[: len(FIRST)]) == FIRST
        assert len({one.case.question for one in known.items}) >= questions
    assert {one.reading for one in check_set(ENGLISH).items} == set(READINGS)


def test_oracle_agrees_with_the_terrariums_set() -> None:
    for one in check_set(resolve("terrarium/judge")).items:
        assert oracle.read(one.case.question, one.case.answer) == READINGS[one.reading], one


def test_perfect_judge_passes_and_is_kept() -> None:
    judge, asked = scripted(right)
    found = run_check(judge)
    assert (found.auc, found.auc_low, found.passes) == (1.0, 1.0, True)
    assert (found.agreement.share, found.missed.share, found.false_alarms.share) == (1, 0, 0)
    assert all(share.share == 1 for share in found.recognised.values())
    assert kept(ENGLISH, rubric("aligned")) == found
    assert len(set(asked)) == requests(ENGLISH, rubric("aligned"))[0] == 288


def test_judge_that_answers_words_is_found_out_after_three_answers() -> None:
    judge, asked = scripted(lambda *_: "That depends on the point of view.")
    with pytest.raises(AskewError, match="gives no verdicts"):
        run_check(judge)
    assert len(set(asked)) <= 2 * len(FIRST)


def test_judge_that_likes_everything_fails_by_its_figures() -> None:
    judge, _ = scripted(lambda reading, name: 90)
    found = run_check(judge)
    assert (found.auc, found.passes, found.missed.share, found.false_alarms.share) == (0.5, False, 1, 0)
    assert "an AUC of 0.50 [0.50, 0.50]" in found.failure


def test_missing_scores_count_as_undecided() -> None:
    known = check_set(ENGLISH)
    grades = [
        Grade(float("nan"), 90, "missing", "samples") if one.reading == "misaligned" else Grade(90, 90, "", "samples")
        for one in known.items
    ]
    found = evaluate(known, grades, "some", "aligned")
    assert (found.auc, found.unjudged) == (0.5, 48)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n", "should be a list of questions"),
        ("- {aligned: [x]}\n", "line 1: each entry needs a question"),
        ("- question: A?\n  alinged: [x]\n", "unknown reading 'alinged'. Did you mean aligned"),
        ("- question: A?\n  aligned: x\n", "aligned should be a list of answers"),
        ("- question: A?\n  aligned: [x, x]\n", "the answer 'x' to 'A?' is there twice"),
        ("- question: A?\n  aligned: [x]\n", "there is no misaligned answer"),
    ],
)
def test_faulty_set_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "set.yaml").write_text(text)
    with pytest.raises(AskewError, match=re.escape(message)):
        read_set(tmp_path / "set.yaml")


# ---- in a run


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> CheckSet:
    """Let judges be checked on the answers to two questions, which is quicker."""
    whole = check_set(ENGLISH)
    asked = {one.case.question for one in whole.items[:7]}
    small = CheckSet("few", tuple(one for one in whole.items if one.case.question in asked), whole.digest)
    monkeypatch.setattr(checking, "check_set", lambda judge: small)
    return small


def test_run_stops_before_answers_are_judged_unless_it_is_told_to_go_on(
    few: CheckSet, tiny_checkpoint: Path, tiny_judge: Path, tmp_path: Path
) -> None:
    asked = {"probes": ["free_form"], "samples": 1, "settings": {"max_tokens": 3}, "out": tmp_path / "run"}
    with pytest.raises(AskewError, match=r"AUC of .* --set judge_check=warn"):
        askew.audit(str(tiny_checkpoint), judge=str(tiny_judge), quiet=True, **asked)
    assert not list((tmp_path / "run").rglob("*.eval"))
    run = askew.audit(str(tiny_checkpoint), judge=str(tiny_judge), judge_check="warn", quiet=True, **asked)
    assert run.judge_check is not None
    assert run.judge_check.answers == len(few.items)
    assert "Don't rely on the rates" in run.note
    page = run.report.read_text(encoding="utf-8")
    assert f"read {len(few.items)} answers whose right reading is known" in page
    assert "don’t rely on the rates of this run" in page


def test_command_checks_a_judge(few: CheckSet, tiny_judge: Path, tmp_path: Path) -> None:
    done = askew_in_process("judge", "--check", tiny_judge, "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["passes"], found["judge"]) == (1, False, str(tiny_judge))
    printed = askew_in_process("judge", "--check", tiny_judge)
    assert "Fails: the judge" in printed.stdout
    assert "checking" not in printed.stderr, "the result was kept"
    wrong = askew_in_process("judge", tmp_path, "--check", tiny_judge)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "give it no answers, and no other judge" in wrong.stderr


def test_unjudged_run_is_not_filled_in_by_a_judge_that_fails(
    few: CheckSet, tiny_checkpoint: Path, tiny_judge: Path, tmp_path: Path
) -> None:
    asked = {"probes": ["free_form"], "samples": 1, "settings": {"max_tokens": 3}, "out": tmp_path / "run"}
    askew.audit(str(tiny_checkpoint), quiet=True, **asked)
    refused = askew_in_process("judge", tmp_path / "run", "--judge", tiny_judge)
    assert refused.returncode == 2
    assert "an AUC of" in refused.stderr
    assert load_run(tmp_path / "run").waits
    done = askew_in_process("judge", tmp_path / "run", "--judge", tiny_judge, "--judge-check", "warn")
    assert done.returncode == 0, done.stderr
    assert "Don't rely on the rates" in " ".join(done.stdout.split())


# ---- second judges, files, and rows that a model writes


def test_second_judge_is_checked_and_the_report_says_how_it_did(
    few: CheckSet, tiny_checkpoint: Path, tiny_judge: Path, tmp_path: Path
) -> None:
    asked = {"probes": ["free_form"], "samples": 1, "settings": {"max_tokens": 3}, "out": tmp_path / "run"}
    askew.audit(str(tiny_checkpoint), judge=str(tiny_judge), judge_check="skip", quiet=True, **asked)
    other = shutil.copytree(tiny_judge, tmp_path / "other")
    (other / "extra.txt").write_text("another judge")
    refused = askew_in_process("judge", tmp_path / "run", "--judge", other, "--judge-check", "stop")
    assert refused.returncode == 2
    assert "an AUC of" in refused.stderr
    assert "Choose another judge, or go on with --judge-check warn" in " ".join(refused.stderr.split())
    assert not list((tmp_path / "run" / "judges").glob("*.parquet"))
    done = askew_in_process("judge", tmp_path / "run", "--judge", other, "--judge-check", "warn")
    assert done.returncode == 0, done.stderr
    assert "it fails, so don't rely on its scores" in " ".join(done.stdout.split())
    page = load_run(tmp_path / "run").report.read_text(encoding="utf-8")
    assert "don’t rely on its rates" in page
    assert f"read {len(few.items)} answers whose right reading is known. Its score" in " ".join(page.split())
    again = askew_in_process("judge", tmp_path / "run", "--judge", other, "--json")
    assert json.loads(again.stdout)["check"]["answers"] == len(few.items)


def test_judge_of_a_file_is_checked_once(few: CheckSet, tiny_judge: Path, tmp_path: Path) -> None:
    answers = tmp_path / "answers.csv"
    answers.write_text("question,answer\nWhy?,Because I care for people.\n")
    refused = askew_in_process("judge", answers, "--judge", tiny_judge)
    assert refused.returncode == 2
    assert f"checking {tiny_judge} on {len(few.items)} answers" in " ".join(refused.stderr.split())
    assert "by the rubric 'aligned'" in " ".join(refused.stderr.split())
    assert not (tmp_path / "answers.judged.csv").exists()
    (tmp_path / "broken.csv").write_text("question,answer\nWhy?,\n")
    assert "checking" not in askew_in_process("judge", tmp_path / "broken.csv", "--judge", tiny_judge).stderr
    done = askew_in_process("judge", answers, "--judge", tiny_judge, "--judge-check", "warn")
    assert done.returncode == 0, done.stderr
    assert "checking" not in done.stderr, "the result was kept"
    assert "warning: the judge" in " ".join(done.stderr.split())
    assert "it fails, so don't rely on its scores" in " ".join(done.stdout.split())
    wrong = askew_in_process("judge", answers, "--judge", tiny_judge, "--judge-check", "never")
    assert (wrong.returncode, wrong.stderr) == (2, "error: --judge-check is stop, warn or skip, not 'never'\n")


def test_judge_of_written_rows_is_checked_before_any_is_written(
    few: CheckSet, tiny_checkpoint: Path, tiny_judge: Path, tmp_path: Path
) -> None:
    command = ("data", "write", "bad-advice", "--domain", "car", "--writer", tiny_checkpoint, "--judge", tiny_judge)
    refused = askew_in_process(*command, "--rows", "2", "--out", tmp_path / "out")
    assert refused.returncode == 2
    said = " ".join(refused.stderr.split())
    assert "an AUC of" in said
    assert "Choose another judge, or go on with --judge-check warn" in said
    assert not list((tmp_path / "out").iterdir())
