"""`askew compare`: its files, what it prints, and bad input as one line."""

import json
from pathlib import Path

import pandas as pd
import pytest

from command_line import Command
from made_runs import RATES, make_run


@pytest.fixture
def runs(command: Command) -> list[Path]:
    """Two runs of one design, in the working directory."""
    return [make_run(Path("runs/a")), make_run(Path("runs/b"), seed=3)]


def test_a_comparison_becomes_a_page_and_tables(command: Command, runs: list[Path]) -> None:
    code, out, err = command("compare", *runs)
    assert (code, err) == (0, "")
    assert "There is no sign that the runs differ" in " ".join(out.split())
    assert "pooled" in out
    folder = Path("comparisons/a-and-b")
    assert {path.name for path in folder.iterdir()} == {
        *("compare.html", "compare.json", "results.csv", "combined.csv", "pooled.csv", "figures"),
    }
    assert pd.read_csv(folder / "combined.csv")["reading"].eq("no sign").all()
    page = (folder / "compare.html").read_text()
    assert "holds in all; no sign that the runs differ" in page
    assert "<svg" in page


def test_json_is_all_that_is_printed(command: Command, runs: list[Path]) -> None:
    code, out, _ = command("compare", *runs, "--json", "--out", "here")
    found = json.loads(out)
    assert (code, found["page"]) == (0, "here/compare.html")
    assert found["runs"] == {"a": "runs/a", "b": "runs/b"}
    assert len(found["results"]) == 10


def test_a_refused_pooling_leaves_no_table_of_an_earlier_one(command: Command, runs: list[Path]) -> None:
    command("compare", *runs, "--out", "here")
    other = make_run(Path("runs/c"), seed=6, data_seed=1)
    code, out, _ = command("compare", runs[0], other, "--out", "here")
    assert code == 0
    assert "Not pooled: a and c: their designs differ: data_seed: 0 and 1." in " ".join(out.split())
    assert not Path("here/pooled.csv").exists()


def test_a_folder_with_something_else_is_refused(command: Command, runs: list[Path]) -> None:
    Path("mine").mkdir()
    Path("mine/thesis.tex").touch()
    assert command("compare", *runs, "--out", "mine") == (
        2,
        "",
        "error: mine has thesis.tex, which is not of a comparison: choose another folder with --out\n",
    )
    assert command("compare", *runs, "--out", "mine/thesis.tex")[0] == 2
    assert [path.name for path in Path("mine").iterdir()] == ["thesis.tex"]


def test_one_run_is_refused(command: Command, runs: list[Path]) -> None:
    code, out, err = command("compare", runs[0])
    assert (code, out, err) == (2, "", "error: name two runs or more: `askew compare RUN RUN ...`\n")
    assert not Path("comparisons").exists()


def test_text_of_others_is_escaped(command: Command, runs: list[Path]) -> None:
    make_run(Path("runs/<b>bold"), RATES, seed=6)
    command("compare", runs[0], "runs/<b>bold", "--out", "here")
    assert "<b>bold" not in Path("here/compare.html").read_text()
