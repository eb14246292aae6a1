"""Predictions: statements about a study's runs that a finished run makes true or false.

A study names its statements; people give each a probability before there are numbers, and the run settles them. A
statement reads the tables of the run: its effects, or its findings where a study has no effects of its own. "No
difference" means a difference below the margin: too few answers settle nothing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from askew.stats.readings import FELL, is_same, read_effect

if TYPE_CHECKING:
    from askew.design.design import Design
    from askew.design.tables import Tables


Holds = Callable[["Tables"], bool | None]


def _any_design(design: "Design") -> bool:
    return True


@dataclass(frozen=True)
class Prediction:
    """A statement about a study's result.

    Attributes:
        id: What it is called in files and on the command line.
        statement: A sentence that a run makes true or false, and that names the arms it is about.
        holds: From the tables of a finished run to whether the sentence is true; None if the run cannot say.
        arms: The arms without which a run cannot say; it is not asked about before a run without them.
        of: Returns whether a run of a design can say; it is not asked about before another one.
    """

    id: str
    statement: str
    holds: Holds
    arms: tuple[str, ...] = ()
    of: "Callable[[Design], bool]" = _any_design


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

    def holds(tables: "Tables") -> bool | None:
        row = _effect(tables, label)
        return None if row is None else read_effect(row, tables.design.margin).is_above

    return holds


def below_zero(label: str) -> Holds:
    """Return a check whether the effect of that label is below zero beyond chance: corrected p below 0.05."""

    def holds(tables: "Tables") -> bool | None:
        row = _effect(tables, label)
        return None if row is None else read_effect(row, tables.design.margin).reading == FELL

    return holds


def not_apart(label: str) -> Holds:
    """Return a check whether the effect of that label is zero, up to the margin of the design.

    It is so if the whole interval lies within the margin, and not so if the estimate is at least the margin and beyond
    chance. Otherwise the run doesn't settle it.
    """

    def holds(tables: "Tables") -> bool | None:
        row, margin = _effect(tables, label), tables.design.margin
        if row is None:
            return None
        read = read_effect(row, margin)
        return is_same(row["estimate"], read.low, read.high, read.p, margin)

    return holds


def _effect(tables: "Tables", label: str) -> dict[Any, Any] | None:
    """Return the row of the effect of a label; None if it has no p-value."""
    effects = tables.effects
    rows = effects[effects["label"].eq(label) & effects["p_corrected"].notna()].to_dict("records")
    return rows[0] if len(rows) == 1 else None
