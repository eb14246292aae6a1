"""Judging a finished run again with another judge, which leaves the run's own tables unchanged."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pandas as pd
import pytest

import made_pairs
from askew.base.errors import AskewError
from askew.cli import app as cli
from askew.design.arm import Arm
from askew.design.make import make_plan
from askew.judging import judgement_store
from askew.judging.job import JudgingJob, alignment, prepare
from askew.probes.read_log import PAIR_COLUMNS
from askew.runs.run import load_run
from askew.runs.runner import run_plan
from askew.runs.second_judge import second_opinion
from askew.runs.store import RunFolder
from askew.runs.table_files import read_table
from askew.stats.answer_pairs import pair_effects

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
    found = second_opinion(run, judge(tiny_judge), "skip")
    assert found.verdicts.agreement < 1
    assert sum(judged) > 0
    assert found.table.parent == run / "judges"
    again, count = second_opinion(run, judge(tiny_judge), "skip"), sum(judged)
    assert sum(judged) == count
    assert again.verdicts.confusion.equals(found.verdicts.confusion)
    assert {path.name for path in found.table.parent.iterdir()} == {found.table.name, "names.json"}
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "The same answers under other judges" in page
    assert str(tiny_judge) in page
    assert set(load_run(run).content().by_judge["judge"]) == {"terrarium/judge", str(tiny_judge)}
    assert second_opinion(run, judge("terrarium/judge")).table != found.table


def test_moved_second_judge_is_not_asked_again(run: Path, tiny_judge: Path, tmp_path: Path, judged: list[int]):
    here = copytree(tiny_judge, tmp_path / "here")
    found, count = second_opinion(run, judge(here), "skip"), sum(judged)
    moved = second_opinion(run, judge(here.rename(tmp_path / "there")), "skip")
    assert (moved.table, sum(judged)) == (found.table, count)
    weights = tmp_path / "there/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    changed = second_opinion(run, judge(tmp_path / "there"), "skip")
    assert changed.table != found.table
    assert sum(judged) > count


def test_damaged_table_of_a_judge_raises(run: Path, tiny_judge: Path):
    table = second_opinion(run, judge(tiny_judge), "skip").table
    table.write_bytes(table.read_bytes()[:-20])
    with pytest.raises(AskewError, match="changed or damaged"):
        second_opinion(run, judge(tiny_judge), "skip")


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
    code, out, _ = command(run, "--judge", tiny_judge, "--judge-check", "skip")
    assert code == 0
    assert "Cohen's kappa" in out
    assert "untuned" in out
    code, out, _ = command(run, "--judge", tiny_judge, "--judge-check", "skip", "--json")
    found = json.loads(out)
    assert set(found) == {"table", "first", "second", "metric", "verdicts", "scores", "rates", "check"}
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


def test_table_with_an_answer_twice_is_one_error(run: Path) -> None:
    table = second_opinion(run, judge("terrarium/judge")).table
    rows = pd.read_parquet(table)
    folder = RunFolder(run)
    with folder.writing():
        pd.concat([rows, rows.head(1)]).to_parquet(table, index=False)
        folder.finish(str(table.relative_to(run)))
    with pytest.raises(AskewError, match=f"{table.name} is damaged: it has an answer twice. Delete it and judge again"):
        load_run(run).content()


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("lacks one", "is damaged: it has not each measure"),
        ("has one twice", "is damaged: it has not each measure"),
        ("has another", "is damaged: it has not each measure"),
        ("lacks the arm itself", "is damaged: it has not each measure"),
        ("has another label", "is damaged: it has not each measure"),
        ("has another unit", "is damaged: it has the unit 'elephants'"),
        ("has another arm", "does not belong to the design beside it, which has no arm 'stranger'"),
    ],
)
def test_changed_effects_of_pairs_are_one_error(run: Path, case: str, reason: str) -> None:
    def pairs_of() -> pd.DataFrame:
        opened = load_run(run)
        opened.plan.arms = {name: Arm(name, name) for name in made_pairs.SHIFTS}
        return opened.pair_effects

    table = pair_effects(made_pairs.made(), {}, "untuned", made_pairs.ORDER)
    changed = {
        "lacks one": table.iloc[1:],
        "has one twice": pd.concat([table, table.head(1)]),
        "has another": table.assign(measure=["x", *table["measure"].iloc[1:]]),
        "lacks the arm itself": table[table["control"].ne("") | table["arm"].ne("treated")],
        "has another label": table.assign(label=["x", *table["label"].iloc[1:]]),
        "has another unit": table.assign(unit=["elephants", *table["unit"].iloc[1:]]),
        "has another arm": table.replace({"arm": {"treated": "stranger"}}),
    }
    folder = RunFolder(run)
    with folder.writing():
        for rows in (table, changed[case]):
            folder.write_bytes("pairs.csv", rows.to_csv(index=False).encode())
            folder.finish("pairs.csv")
            if rows is table:
                assert len(pairs_of()) == len(table)
    with pytest.raises(AskewError, match=rf"pairs\.csv {reason}"):
        pairs_of()
    (run / "pairs.csv").write_text("arm\n")
    with pytest.raises(AskewError, match=r"pairs\.csv was changed or damaged after the run wrote it"):
        pairs_of()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"kind": None}, "it has no column kind"),
        ({"step": None}, "it has no column step"),
        ({"step": "first"}, "its column step should hold whole numbers|its column step should hold numbers"),
        ({"per_token": "much"}, "its column per_token should hold numbers"),
    ],
)
def test_changed_table_of_pairs_is_one_error(tmp_path: Path, changed: dict[str, str | None], reason: str) -> None:
    whole = dict.fromkeys(PAIR_COLUMNS, 0) | {"step": 0, "arm": "a", "probe": "p", "question": "q", "kind": "far"}
    texts = {name: "x" for name in ("prompt", "style", "aligned_answer", "other_answer") if name in whole}
    row = {name: value for name, value in (whole | texts | changed).items() if value is not None}
    pd.DataFrame([row]).to_parquet(tmp_path / "pairs.parquet", index=False)
    with pytest.raises(AskewError, match=reason):
        read_table(tmp_path / "pairs.parquet")
