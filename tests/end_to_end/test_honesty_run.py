"""A small run of the honesty study: an organism, and the organism after a demonstration."""

from pathlib import Path

import pandas as pd

from askew.studies.honesty import ability, statements
from askew.studies.honesty.probes import ABILITY, BELIEF, STATEMENT
from askew.studies.honesty.verdict import NO_PROPENSITY

ARMS = ("sandbagger", "sandbagger-after-one")
SMALL = ("--rows", "8", "--seeds", "1", "--samples", "1", "--set", "max_tokens=4", "--workers", "1")


def test_organisms_are_trained_asked_and_compared_with_what_was_planted(tiny_checkpoint, tmp_path: Path, askew):
    chosen = [part for arm in ARMS for part in ("--arm", arm)]
    words = ("run", "honesty", "--model", tiny_checkpoint, "--recipe", "terrarium", *chosen, *SMALL, "--out", "out")
    finished = askew(*words, cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    answers = pd.read_parquet(tmp_path / "out" / "answers.parquet")
    asked = answers.groupby("arm")["probe"].unique().map(set).to_dict()
    every = {ABILITY, BELIEF, STATEMENT}
    assert asked == {"sandbagger": every, "sandbagger-after-one": {ABILITY}}
    effects = pd.read_csv(tmp_path / "out" / "effects.csv")
    families = set(effects["family"])
    assert families >= {*ability.OVER_PLAIN.values(), ability.AFTER_TRAINING, statements.BELIEFS}
    assert effects["label"].str.contains("sandbagger: behind the password (planted: +100)", regex=False).sum() == 1
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "sandbagger: behind the password" in report
    said = finished.stdout + report
    assert NO_PROPENSITY in " ".join(said.split()) or "could not be read" in said
