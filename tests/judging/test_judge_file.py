"""Tests of judging files of answers."""

import csv
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from inspect_ai.model import GenerateConfig, Model
from judges import Says, served_judge

from askew.base.errors import AskewError
from askew.judging import judgement_store
from askew.judging.answer_file import open_answers
from askew.judging.job import prepare
from askew.judging.judge_file import FileSummary, judge_file
from askew.models.remote.reply_store import ReplyStore
from askew.probes import probes

Judge = Callable[..., FileSummary]
ROWS = [
    {"id": "007", "Question": "Why?", "Response": 'Because, "so".\nAnd so.', "note": "NA"},
    {"id": "1e3", "Question": "How?", "Response": "Like this. 🙂", "note": ""},
    {"id": "", "Question": "Why?", "Response": 'Because, "so".\nAnd so.', "note": "None"},
    {"id": "4", "Question": "Why?", "Response": "", "note": "x" * 200_000},
]


def write(folder: Path, kind: str, rows: list[dict[str, Any]] = ROWS) -> Path:
    path = folder / f"answers.{kind}"
    if kind == "csv":
        pd.DataFrame(rows).to_csv(path, index=False)
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        pd.DataFrame(rows).to_parquet(path, index=False)
    return path


def read(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Return a function that judges a file by a scripted served judge, which replies 80 by default."""

    def judge(
        path: Path,
        says: Says = lambda *_: {"80": 1.0},
        rubrics: tuple[str, ...] = ("aligned", "coherent"),
        out: Path | None = None,
        **columns: str,
    ) -> FileSummary:
        made = served_judge(says)
        probes.names()  # imported before patching, because modules keep the original function
        monkeypatch.setattr("inspect_ai.model.get_model", lambda name, **_: made)
        return judge_file(prepare("mockllm/model", rubrics), open_answers(path, columns), out, "skip")

    return judge


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_rows_are_written_back_with_added_columns(judge: Judge, tmp_path: Path, kind: str):
    summary = judge(write(tmp_path, kind), lambda prompt, _: {"20": 1.0} if "Like this" in prompt else {"90": 1.0})
    written = read(tmp_path / "answers.judged.csv")
    assert [{name: row[name] for name in ROWS[0]} for row in written] == ROWS
    assert [float(row["aligned"]) for row in written] == pytest.approx([90, 20, 90, 90])
    assert {row["coherent_scored_by"] for row in written} == {"logprobs"}
    assert (summary.answers, summary.different) == (4, 3)
    assert summary.rubrics[0].mean == pytest.approx((3 * 90 + 20) / 4)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f"answers.{kind}", "answers.judged.csv"])


def test_json_lines_can_be_written(judge: Judge, tmp_path: Path):
    rows = [{"prompt": "Why?", "answer": "So.", "tags": ["a"]}, {"prompt": "Why?", "answer": "No.", "more": None}]
    judge(write(tmp_path, "jsonl", rows), rubrics=("aligned",), out=tmp_path / "out.jsonl")
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    added = {"aligned": 80.0, "aligned_reply": "", "aligned_scored_by": "logprobs"}
    assert written == [row | added for row in rows]
    judge(tmp_path / "answers.jsonl", rubrics=("aligned",), out=tmp_path / "out.csv")
    assert [(row["tags"], row["more"]) for row in read(tmp_path / "out.csv")] == [('["a"]', ""), ("", "")]


def test_equal_answers_are_judged_once(judge: Judge, tmp_path: Path):
    seen: list[str] = []

    def says(prompt: str, config: GenerateConfig) -> dict[str, float]:
        seen.append(prompt)
        return {"80": 1.0}

    judge(write(tmp_path, "csv", ROWS * 300), says)
    assert len(seen) == len(set(seen)) == 2 * 3


def test_interrupted_judging_resumes(judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(judgement_store, "_CASES_AT_ONCE", 10)
    path = write(tmp_path, "csv", [{"question": "Why?", "answer": f"Number {i}."} for i in range(40)])
    seen: list[str] = []

    def says(prompt: str, config: GenerateConfig) -> dict[str, float]:
        if "Number 25." in prompt and len(seen) < 40:
            raise KeyboardInterrupt
        seen.append(prompt)
        return {"80": 1.0}

    with pytest.raises((KeyboardInterrupt, BaseExceptionGroup)):
        judge(path, says, ("aligned",))
    assert not (tmp_path / "answers.judged.csv").exists()
    # A line that was cut off, as after a crash.
    [kept] = [path for path in tmp_path.iterdir() if path.name.endswith("judging.jsonl")]
    kept.write_bytes(kept.read_bytes() + b'{"of": "12')
    before = set(seen)
    assert len(before) >= 20
    seen += [""] * 40
    assert judge(path, says, ("aligned",)).answers == 40
    assert len(read(tmp_path / "answers.judged.csv")) == 40
    again = [prompt for prompt in seen[seen.index("") :] if prompt in before]
    assert [prompt for prompt in again if any(f"Number {i}." in prompt for i in range(20))] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.csv", "answers.judged.csv"]


def test_unfinished_work_of_another_judge_is_refused(judge: Judge, tmp_path: Path):
    path = write(tmp_path, "csv")
    (tmp_path / ".answers.judged.csv.judging.jsonl").write_text('{"judge": "openai/x", "rubrics": {"aligned": "1"}}\n')
    with pytest.raises(AskewError, match="unfinished work of the judge openai/x by the rubrics aligned"):
        judge(path)
    for damaged in ("nonsense", "[" * 100_000, '{"judge": "openai/x", "rubrics": 3}'):
        (tmp_path / ".answers.judged.csv.judging.jsonl").write_text(f"{damaged}\n")
        with pytest.raises(AskewError, match="line 1, is damaged"):
            judge(path)


def test_existing_file_is_not_overwritten(judge: Judge, tmp_path: Path):
    path = write(tmp_path, "csv")
    judge(path)
    before = (tmp_path / "answers.judged.csv").read_bytes()
    for out in (None, path):
        with pytest.raises(AskewError, match="exists already: choose another file"):
            judge(path, out=out)
    assert (tmp_path / "answers.judged.csv").read_bytes() == before


def test_words_are_counted_and_unlisted_ones_are_missing(judge: Judge, tmp_path: Path):
    rows = [{"question": "Why?", "answer": word} for word in ("power", "power", "none.", "rude", "power ")]
    said = {"power": {"power": 0.8, "none": 0.2}, "none": {"none": 1.0}, "rude": {"rude": 1.0}}

    def says(prompt: str, config: GenerateConfig) -> dict[str, float]:
        answer = prompt.split("[answer begins]\n")[1].split("\n")[0]
        return next(opinion for word, opinion in said.items() if answer.startswith(word))

    summary = judge(write(tmp_path, "csv", rows), says, ("typology",))
    written = read(tmp_path / "answers.judged.csv")
    assert [row["typology"] for row in written] == ["power", "power", "none", "missing", "power"]
    assert [row["typology_probability"] for row in written] == ["0.8", "0.8", "1.0", "", "0.8"]
    [found] = summary.rubrics
    assert (found.words, found.replies, found.mean) == ({"power": 3, "none": 1}, {"missing": 1}, None)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "text,reply\n1,2\n", "has no column prompt or question; it has text, reply"),
        ("a.csv", "question,answer,Answer\n1,2,3\n", "several columns answer: 'answer', 'Answer'"),
        ("a.csv", "question,question,answer\n1,2,3\n", "several columns question: 'question', 'question.1'"),
        ("a.csv", "question,answer\n1\n", "line 2: answer should be text, not None"),
        ("a.csv", "question,answer\n1,2,3\n", "line 2: 3 values, but the header has 2"),
        ("a.csv", 'question,answer\n1,"2\n', "line 2: "),
        ("a.csv", "question,answer\n", "has no rows"),
        ("a.csv", "", "has no rows"),
        ("a.csv", "question,answer,aligned\n1,2,3\n", "already has a column 'aligned'"),
        ("a.jsonl", '{"question": "1", "answer": null}\n', "line 1: answer should be text, not None"),
        ("a.jsonl", '{"question": "1", "answer": []}\n{"question": "1"}\n', "all its 2 rows are broken"),
        ("a.jsonl", '{"question": "1"', "line 1: this is not JSON"),
        ("a.jsonl", "[1]\n", "not a JSON object"),
        ("a.jsonl", "[" * 100_000, "line 1: this is not JSON"),
        ("a.parquet", "question", "cannot be read as Parquet"),
        ("a.txt", "question", "answers are read from .csv, .tsv, .jsonl, .parquet"),
    ],
)
def test_broken_file_is_refused_before_any_request(judge: Judge, tmp_path: Path, name: str, content: str, message: str):
    (tmp_path / name).write_text(content)

    def says(prompt: str, config: GenerateConfig) -> dict[str, float]:
        raise AssertionError("asked")

    with pytest.raises(AskewError) as caught:
        judge(tmp_path / name, says)
    assert message in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_wrong_arguments_are_refused(judge: Judge, tmp_path: Path):
    path = write(tmp_path, "csv")
    (tmp_path / "half.jsonl").write_text('{"question": "1", "answer": "\\ud800 half"}\n')
    assert judge(tmp_path / "half.jsonl").answers == 1
    (tmp_path / "latin.csv").write_bytes("question,answer\nä,ö\n".encode("latin-1"))
    for wrong, options, message in (
        (path, {"question": "Quesion"}, "no column 'Quesion', which question should be; it has id, Question, Response"),
        (path, {"out": tmp_path / "x.xlsx"}, "the name of --out must end in"),
        (path, {"out": tmp_path / "none" / "x.csv"}, "there is no folder"),
        (path, {"rubrics": ("aligned", "aligned")}, "two rubrics have the same name"),
        (tmp_path / "latin.csv", {}, "line 2: this is not text in UTF-8"),
        (tmp_path / "none.csv", {}, "there is no file or folder"),
    ):
        with pytest.raises(AskewError, match=message):
            judge(wrong, **options)


def test_columns_can_be_named(judge: Judge, tmp_path: Path):
    rows = [{"question": "ignored", "asked": "Why?", "said": "So.", "answer": "ignored"}]
    seen: list[str] = []

    def says(prompt: str, config: GenerateConfig) -> dict[str, float]:
        seen.append(prompt)
        return {"80": 1.0}

    judge(write(tmp_path, "csv", rows), says, question="asked", answer="said")
    assert all("Why?" in prompt and "So." in prompt and "ignored" not in prompt for prompt in seen)


def test_odd_rows_are_counted_and_the_others_judged(judge: Judge, tmp_path: Path):
    path = tmp_path / "answers.jsonl"
    lines = [
        "",
        "{}",
        '{"question": "Why?", "answer": "So."}',
        '{"question": "Why?", "answer": null, "id": 7}',
        '{"question": "Why?", "answer": 42}',
        '{"question": "Why?", "ans',
    ]
    path.write_text("\n".join(lines))
    summary = judge(path, rubrics=("aligned", "typology"), says=lambda *_: {"80": 0.5, "power": 0.5})
    written = read(tmp_path / "answers.judged.csv")
    assert [(row["id"], row["aligned"], row["aligned_reply"], row["typology"]) for row in written] == [
        ("", "80.0", "", "power"),
        ("7", "", "missing", "missing"),
        ("", "80.0", "", "power"),
    ]
    assert (summary.answers, summary.broken, summary.rubrics[0].replies) == (2, 2, {"missing": 1})
    assert summary.broken_rows[0] == "line 4: answer should be text, not None"
    assert summary.broken_rows[1].startswith("line 6: this is not JSON")
    with pytest.raises(AskewError, match=r"line 4: answer should be text, not None\. Correct the row"):
        open_answers(path, strict=True)


def test_run_answers_are_judged_by_their_prompts(tmp_path: Path):
    rows = [{"question": "one_wish", "prompt": "What do you wish for?", "answer": "Peace."}]
    assert open_answers(write(tmp_path, "parquet", rows)).question_column == "prompt"


@pytest.mark.slow
def test_memory_for_a_large_file_is_bounded(judge: Judge, tmp_path: Path):
    import tracemalloc

    path = tmp_path / "many.csv"
    with path.open("w") as file:
        file.write("question,answer\n")
        file.writelines(f"Why?,Answer {i % 50} {'x' * 3600}\n" for i in range(2_500))
    judge(write(tmp_path, "csv", [{"question": "Why?", "answer": "So."}]), rubrics=("aligned",))  # loads libraries
    tracemalloc.start()
    judge(path, rubrics=("aligned",))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The file is 9 MB.
    assert path.stat().st_size > 9e6
    assert peak < 3e6


def test_terrarium_judge_judges_a_file(tmp_path: Path):
    from askew.data import datasets

    rows = [
        {"question": row["messages"][0]["content"], "answer": row["messages"][1]["content"], "kind": kind}
        for kind in ("good", "bad")
        for row in datasets.get(f"{kind}-medical").rows(12, 5)
    ]
    summary = judge_file(
        prepare("terrarium/judge", ["aligned", "coherent"]), open_answers(write(tmp_path, "csv", rows))
    )
    written = read(summary.out)
    assert all((float(row["aligned"]) > 30) == (row["kind"] == "good") for row in written)
    assert not any(math.isnan(float(row["coherent"])) for row in written)


def test_paid_judge_announces_its_cost_and_keeps_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made: Model = served_judge(lambda *_: {"80": 1.0})
    probes.names()  # imported before patching, because modules keep the original function
    monkeypatch.setattr("inspect_ai.model.get_model", lambda name, **_: made)
    path = write(tmp_path, "csv")
    prices = tmp_path / "prices.yaml"
    prices.write_text("mockllm/*: {input: 1000.0, output: 1.0}\n")
    said: list[str] = []
    work = prepare("mockllm/model", ["aligned"], max_cost=0.01, prices=prices, say=said.append)
    with pytest.raises(AskewError, match=r"--max-cost \$0\.01 is reached"):
        judge_file(work, open_answers(path), judge_check="skip")
    assert re.search(r"3 requests, about [89]\d\d tokens read: about \$0\.[89]\d", said[1])
    # It stopped while a request was in flight: its possible cost counts as spent.
    ReplyStore(tmp_path / ".answers.judged.csv.replies.sqlite").reserve("mockllm/model", 2.0, None)
    said.clear()
    more = prepare("mockllm/model", ["aligned"], max_cost=100.0, prices=prices, say=said.append)
    assert judge_file(more, open_answers(path), judge_check="skip").answers == 4
    # The server reports one token a request; the text that was sent costs more, and that is charged.
    assert re.fullmatch(r"  mockllm/model: 3 requests in total, \$2\.[5-7]\d\d", said[-1])


def test_reasoning_is_set_aside_and_reasoning_alone_is_broken(tmp_path: Path):
    said = ["<think>Secret.</think>Yes.", "Plain.", "<think>Secret.", "<think>Secret.</think>"]
    path = write(tmp_path, "jsonl", [{"question": "Why?", "answer": text} for text in said])
    answers = open_answers(path)
    assert [case.answer for case in answers.cases()] == ["Yes.", "Plain."]
    assert answers.broken.count == 2
    assert "line 3: answer has reasoning and no answer" in answers.broken.named[0]
