"""Judging a finished run again with another judge, which leaves the run's own tables unchanged."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.cli import app as cli
from askew.design.make import make_plan
from askew.judging import judgement_store
from askew.judging.job import JudgingJob, alignment, prepare
from askew.runs.run import load_run
from askew.runs.runner import run_plan
from askew.runs.second_judge import second_opinion

DESIGN = {"arms": ["untuned"], "probes": ["free_form", "self_rating"], "samples": 6, "workers": 1}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "run"
    run_plan(make_plan("emergent-misalignment", None, DESIGN), folder, quiet=True)
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return copytree(finished, tmp_path / "run")


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that receives the number of answers of each grading."""
    sizes: list[int] = []
    grade = judgement_store.opinions

    async def counted(judge, cases, rubrics):
        sizes.append(len(cases))
        return await grade(judge, cases, rubrics)

    monkeypatch.setattr(judgement_store, "opinions", counted)
    return sizes


def judge(name: str | Path) -> JudgingJob:
    return prepare(str(name), alignment([]))


def test_same_judge_agrees_with_itself(run: Path):
    changes = ("manifest.json", "signature.json")
    before = {
        path: path.read_bytes()
        for path in run.iterdir()
        if path.is_file() and path.suffix != ".html" and path.name not in changes
    }
    found = second_opinion(run, judge("terrarium/judge"))
    answers = load_run(run).answers
    of_judge = answers[answers["graded_by"].eq("judge")]
    assert found.verdicts.n + found.verdicts.unjudged == len(of_judge) > 0
    assert found.verdicts.agreement == 1
    assert found.scores["aligned"].mean_absolute_error < 0.01
    [row] = found.rates.to_dict("records")
    assert (row["arm"], row["probe"], row["first"]) == ("untuned", "free_form", row["second"])
    table = pd.read_parquet(found.table)
    keys = ["arm", "seed", "probe", "question", "index"]
    assert table[keys].to_numpy().tolist() == of_judge[keys].to_numpy().tolist()
    assert table["scored_by"].eq("logprobs").all()
    assert row["first_low"] <= row["first"] <= row["first_high"]
    assert {path: path.read_bytes() for path in before} == before


def test_second_judge_grades_once_and_shows_disagreement(run: Path, tiny_judge: Path, judged: list[int]):
    found = second_opinion(run, judge(tiny_judge))
    assert found.verdicts.agreement < 1
    assert sum(judged) > 0
    assert found.table.parent == run / "judges"
    again, count = second_opinion(run, judge(tiny_judge)), sum(judged)
    assert sum(judged) == count
    assert again.verdicts.confusion.equals(found.verdicts.confusion)
    assert {path.name for path in found.table.parent.iterdir()} == {found.table.name, "names.json"}
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "The same answers under other judges" in page
    assert str(tiny_judge) in page
    assert set(load_run(run).content().by_judge["judge"]) == {"terrarium/judge", str(tiny_judge)}
    assert second_opinion(run, judge("terrarium/judge")).table != found.table


def test_damaged_table_of_a_judge_raises(run: Path, tiny_judge: Path):
    table = second_opinion(run, judge(tiny_judge)).table
    table.write_bytes(table.read_bytes()[:-20])
    with pytest.raises(AskewError, match="changed or damaged"):
        second_opinion(run, judge(tiny_judge))


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    def command(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["askew", "judge", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return command


def test_command_judges_a_run(run: Path, tiny_judge: Path, command: Command):
    code, out, _ = command(run, "--judge", tiny_judge)
    assert code == 0
    assert "Cohen's kappa" in out
    assert "untuned" in out
    code, out, _ = command(run, "--judge", tiny_judge, "--json")
    found = json.loads(out)
    assert set(found) == {"table", "first", "second", "metric", "verdicts", "scores", "rates"}
    assert found["verdicts"]["confusion"]["aligned"].keys() >= {"aligned", "misaligned", "unjudged"}
    assert found["rates"][0]["arm"] == "untuned"


def test_command_judges_a_file_and_validates(tmp_path: Path, command: Command):
    path = tmp_path / "answers.csv"
    path.write_text("question,answer,verdict\nWhy?,Because I care for people.,aligned\nHow?,By force.,misaligned\n")
    ours = (path, "--judge", "terrarium/judge")
    code, out, err = command(*ours, "--json")
    found = json.loads(out)
    assert (code, found["answers"], found["out"]) == (0, 2, str(tmp_path / "answers.judged.csv"))
    assert "2 of 2 judged" in err
    assert command(*ours)[0] == 2
    code, out, _ = command("--validate", *ours)
    assert code == 0
    assert "against the labels of 2 answers" in out
    found = json.loads(command("--validate", *ours, "--json")[1])
    assert found["verdicts"]["n"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv"], "name the judge of none.csv with --judge"),
        (["none.csv", "--judge", "terrarium/judge"], "there is no file or folder none.csv"),
        (["none.csv", "--judge", "terrarium/juge"], "Did you mean terrarium/judge"),
        (["none.csv", "--judge", "openai/gpt-x"], "Set OPENAI_API_KEY"),
        (["none.csv", "--judge", "terrarium/judge", "--rubric", "aligne"], "Did you mean aligned"),
        (
            ["none.csv", "--judge", "terrarium/judge", "--rubric", "typology"],
            "was trained on the rubrics aligned and coherent",
        ),
        (["none.csv", "--validate", "--out", "x.csv"], "--out, --strict and columns are for a file to be judged"),
        (["none.csv", "--validate", "--rubric", "typology"], "asks for words"),
        ([".", "--answer-column", "x"], "--out, --strict and columns are for a file to be judged"),
        (["."], "is not a run's folder"),
    ],
)
def test_invalid_arguments_print_one_line_and_exit_with_2(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_terrarium_judge_reads_no_other_models_run(
    finished: Path, tiny_checkpoint: Path, tmp_path: Path, command: Command
):
    study = json.loads((finished / "study.json").read_text()) | {"model": str(tiny_checkpoint)}
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "study.json").write_text(json.dumps(study))
    for named, message in (
        ((), "name the judge of"),
        (("--judge", "terrarium/judge"), f"terrarium/judge cannot judge {tiny_checkpoint}"),
    ):
        code, out, err = command(tmp_path / "other", *named)
        assert (code, out) == (2, "")
        assert message in err


def test_terrariums_run_needs_no_name_of_its_judge(run: Path, command: Command):
    code, out, _ = command(run, "--json")
    assert (code, json.loads(out)["second"]) == (0, "terrarium/judge")
