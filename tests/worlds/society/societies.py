"""Societies of scripted minds for tests."""

import json
from typing import Any

import numpy as np

from askew.worlds.society import Columns, Outcome, Setting, Society, play_scripted
from askew.worlds.society.scripted import Conforming, Converting, Paying, Scripted, Stubborn, Working

SCRIPTS: dict[str, Any] = {
    "bent": {"": Conforming(3, 0.5), "bent": Stubborn(0)},
    "roles": Working(0.9),
    "tax": Paying(2, 0.0, 0.8),
    "religion": Converting(0.3, 0.6, 0.1),
}
"""Scripts by experiment."""


def play(setting: Setting, seed: int = 0, script: Any = None) -> Outcome:
    """Play a society with scripted minds."""
    return play_scripted(Society(setting, seed), Scripted(script or SCRIPTS[setting.experiment], seed))


def of_kind(outcome: Outcome, kind: str) -> dict[str, np.ndarray]:
    """Return the events of one kind, with their columns."""
    at = np.asarray(outcome.events["kind"]) == kind
    return {name: np.asarray(column)[at] for name, column in outcome.events.items()}


def same(one: Columns, other: Columns) -> bool:
    """Return whether two tables are equal, value by value."""
    return as_text(one) == as_text(other)


def as_text(columns: Columns) -> str:
    """Return a table as text."""
    return json.dumps({name: np.asarray(column).tolist() for name, column in columns.items()})
