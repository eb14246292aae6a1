"""Audits that ask until their verdict is told: they stop, go on with another margin, and resume after a kill."""

import json
from pathlib import Path

import pandas as pd
import pytest

from askew.runs import collect, runner
from in_process import Askew

COMMAND = ("audit", "terrarium", "terrarium/schooled", "--no-reading", "--probe", "free_form", "--until", "told")


def test_audit_stops_goes_on_with_a_smaller_margin_and_resumes_after_a_kill(
    askew: Askew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "write_report", lambda folder: None)  # it shows the verdict, as in every run
    folder = tmp_path / "audit"
    rest = ("--samples", 10, "--set", "judge_check=skip", "--json", "--out", folder)
    wide, narrow = (*COMMAND, "--margin", "90%", *rest), (*COMMAND, "--margin", "0.01%", *rest)
    ahead = askew(*wide, "--dry-run")
    assert json.loads(ahead.stdout)["work"][-1] == "at most 160 answers", ahead.stderr

    first = askew(*wide)
    assert first.returncode == 0, first.stderr
    said = json.loads(first.stdout)
    assert "Asking stopped after 5 of at most 10 answers to each question (look 1 of 2" in said["verdict"]
    assert (said["sequential"]["planned"], said["sequential"]["confidence"]) == ([5, 10], 0.975)
    assert said["sequential"]["looks"] == [{"answers": 5, "total": 80, "told": True, "open": []}]
    assert json.loads(askew(*wide, "--dry-run").stdout)["work"] == []

    whole, seen = collect.collect, []

    def killing(*given: object) -> None:
        seen.append(given)
        if len(seen) == 2:  # the second batch is asked, and not looked at
            raise KeyboardInterrupt
        whole(*given)  # pyright: ignore[reportArgumentType]

    with monkeypatch.context() as patch:
        patch.setattr(collect, "collect", killing)
        assert askew(*narrow).returncode != 0
    recorded = json.loads((folder / "sequential.json").read_text())["looks"]
    assert [(look["answers"], look["told"]) for look in recorded] == [(5, False)]
    resumed = askew(*narrow)
    assert resumed.returncode == 0, resumed.stderr
    assert "every question asked already" in resumed.stderr
    said = json.loads(resumed.stdout)
    assert said["sequential"]["looks"][0] == recorded[0]
    assert [look["total"] for look in said["sequential"]["looks"]] == [80, 160]
    assert "All 10 answers to each question were asked (no look of 2 told the verdict" in said["verdict"]
    answers = pd.read_parquet(folder / "answers.parquet")
    assert not answers.duplicated(["arm", "seed", "question", "index"]).any()
    assert answers.groupby(["arm", "question"]).size().eq(10).all()


def test_a_limit_below_the_first_batch_ends_with_one_line_and_writes_nothing(askew: Askew, tmp_path: Path) -> None:
    done = askew(*COMMAND, "--samples", 4, "--out", tmp_path / "audit")
    assert done.returncode == 2
    assert "first asks 5 answers to each question" in done.stderr
    assert not (tmp_path / "audit").exists()
