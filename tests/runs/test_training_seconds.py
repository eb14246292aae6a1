"""Seconds of training are read from a run's `timings.json`, which may be another person's."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from askew.base.errors import AskewError
from askew.runs.table_files import read_training_seconds


class Trained:
    """A unit of a plan: an arm with a seed."""

    def __init__(self, name: str, seed: int) -> None:
        self.arm, self.seed = SimpleNamespace(name=name), seed

    def __str__(self) -> str:
        return f"{self.arm.name}-{self.seed}"


def plan(*units: Trained) -> Any:
    return SimpleNamespace(trained=list(units))


def timings(folder: Path, *entries: object) -> Path:
    (folder / "timings.json").write_text(json.dumps(entries))
    return folder


def test_last_training_of_a_model_counts_and_other_work_is_left_out(tmp_path: Path) -> None:
    spent = [("train", "train a-0", 3.0), ("train", "train a-0", 1.5), ("ask", "train a-1", 7.0), ("wall", "models", 9)]
    entries = [{"stage": stage, "piece": piece, "seconds": seconds} for stage, piece, seconds in spent]
    table = read_training_seconds(timings(tmp_path, *entries), plan(Trained("a", 0), Trained("a", 1)))
    assert table.to_dict("records") == [{"arm": "a", "seed": 0, "seconds": 1.5}]


def test_run_without_timings_has_none(tmp_path: Path) -> None:
    table = read_training_seconds(tmp_path, plan(Trained("a", 0)))
    assert list(table.columns) == ["arm", "seed", "seconds"]
    assert table.empty


@pytest.mark.parametrize(
    "entry",
    [
        "text",
        {"stage": "train"},
        {"stage": "train", "piece": "train a-0", "seconds": -1},
        {"stage": "train", "piece": "train a-0", "seconds": float("nan")},
    ],
    ids=["no entry", "without seconds", "negative", "no number"],
)
def test_damaged_timings_are_one_error(tmp_path: Path, entry: object) -> None:
    with pytest.raises(AskewError, match=r"timings\.json is damaged at 0"):
        read_training_seconds(timings(tmp_path, entry), plan(Trained("a", 0)))
