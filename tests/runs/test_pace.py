"""Estimates of time before work starts."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from askew.design.make import make_plan
from askew.runs import pace


@pytest.fixture
def large_checkpoint(tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny checkpoint that counts as one that is worth measuring."""
    monkeypatch.setenv("ASKEW_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(pace, "_LEAST_BYTES", 1)
    monkeypatch.setattr(pace, "gpus", lambda: [])
    return tiny_checkpoint


def test_model_is_measured_once(large_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    measured = pace._measured(large_checkpoint, lambda: said.append("timing"))
    assert measured is not None
    assert min(measured.trained, measured.sampled) > 1
    monkeypatch.setattr(subprocess, "run", lambda *args, **kwargs: pytest.fail("measured again"))
    assert pace._measured(large_checkpoint, lambda: said.append("timing")) == measured
    assert said == ["timing"]


def test_pace_follows_the_lengths_of_rows_and_answers(
    large_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speed = json.dumps({"trained": 200.0, "sampled": 100.0})
    monkeypatch.setattr(subprocess, "run", lambda *args, **kwargs: SimpleNamespace(stdout=f"{speed}\n"))
    (tmp_path / "rows.jsonl").write_text("x" * 720 + "\n")
    plan = make_plan("emergent-misalignment", overrides={"model": str(large_checkpoint), "max_tokens": 50})
    found = pace.pace_of(plan, tmp_path, lambda text: None)
    assert found == pace.Pace(row=1.0, answer=0.4, given=0.036)


def test_model_that_cannot_be_measured_has_no_pace(large_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: object, **kwargs: object) -> None:
        raise subprocess.CalledProcessError(1, "python")

    monkeypatch.setattr(subprocess, "run", fails)
    assert pace._measured(large_checkpoint, lambda: None) is None
