"""Predictions: statements about a study's runs that a finished run makes true or false.

A study names its statements; people give each a probability before there are numbers, and the run settles them. A
statement reads the study's table of results: its effects, or the estimates where a study has no effects of its own.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


Holds = Callable[["pd.DataFrame"], bool | None]


@dataclass(frozen=True)
class Prediction:
    """A statement about a study's result.

    Attributes:
        id: What it is called in files and on the command line.
        statement: A sentence that a run makes true or false, and that names the arms it is about.
        holds: From the table of a finished run to whether the sentence is true; None if the run cannot say, since the
            comparison was not made.
        arms: The arms without which a run cannot say; it is not asked about before a run without them.
    """

    id: str
    statement: str
    holds: Holds
    arms: tuple[str, ...] = ()


def from_lead(*labels: str) -> tuple[Prediction, ...]:
    """Return a statement for each of a study's effects: it is above zero beyond chance.

    Args:
        labels: Labels of effects, as the column `label` of `effects.csv` has them.
    """
    return tuple(
        Prediction(
            re.sub("[^a-z0-9]+", "-", label.lower()).strip("-"),
            f"{label}: above zero beyond chance.",
            above_zero(label),
        )
        for label in labels
    )


def above_zero(label: str) -> Holds:
    """Return a check whether the effect of that label is above zero beyond chance: corrected p below 0.05."""
    return lambda effects: _is_apart(effects, label, lambda estimate: estimate > 0)


def not_apart(label: str) -> Holds:
    """Return a check whether the effect of that label differs from zero, either way, no more than by chance."""

    def holds(effects: "pd.DataFrame") -> bool | None:
        apart = _is_apart(effects, label, lambda estimate: estimate != 0)
        return None if apart is None else not apart

    return holds


def _is_apart(effects: "pd.DataFrame", label: str, direction: Callable[[float], bool]) -> bool | None:
    """Return whether the effect of a label is beyond chance in a direction; None if it has no p-value."""
    from askew.stats.corrections import ALPHA

    rows = effects[effects["label"].eq(label) & effects["p_corrected"].notna()]
    if len(rows) != 1:
        return None
    row = rows.iloc[0]
    return bool(row["p_corrected"] < ALPHA and direction(row["estimate"]))
