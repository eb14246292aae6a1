"""The tables that the study's own section of the report shows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from askew.design.arm import UNTUNED
from askew.stats.effects import contrast
from askew.studies.dose_response.cells import BENDING, FACTORIAL, realigned
from askew.studies.dose_response.comparisons import Changes, protection

if TYPE_CHECKING:
    from askew.design.tables import Tables

THERE, BACK = "there: bad rows from the untuned model", "back: good rows from the bent one"


def shown(tables: "Tables") -> "Mapping[str, pd.DataFrame]":
    """Return the tables of the section.

    Args:
        tables: The tables of the run; the pairs that were read are read.

    Returns:
        `curves`, with the columns way, dose (rows), change, low and high (nats per token against the untuned model);
        and `factorial`, with the columns bad, good (unique rows), change, low, high, and protection (a share).
    """
    changes = Changes(tables.read_pairs)
    return {"curves": _curves(changes), "factorial": _factorial(changes)}


def _curves(changes: Changes) -> pd.DataFrame:
    arms = [(THERE, cell.bad, cell.name) for cell in BENDING]
    arms += [(BACK, cell.bad, realigned(cell.bad)) for cell in BENDING]
    rows = [(way, dose, *_numbers(changes, arm)) for way, dose, arm in arms if {arm, UNTUNED} <= changes.arms]
    return pd.DataFrame(rows, columns=["way", "dose", "change", "low", "high"])


def _factorial(changes: Changes) -> pd.DataFrame:
    prevented = protection(changes)
    rows = [
        (bad, good, *_numbers(changes, cell.name), prevented[bad, good].mean() if (bad, good) in prevented else None)
        for (bad, good), cell in FACTORIAL.items()
        if {cell.name, UNTUNED} <= changes.arms
    ]
    found = pd.DataFrame(rows, columns=["bad", "good", "change", "low", "high", "protection"])
    return found.astype({"protection": float})


def _numbers(changes: Changes, arm: str) -> tuple[float, float, float]:
    """Return the change of an arm against the untuned model, and its interval for these questions if it has one."""
    found = contrast(changes.of(arm), changes.of(UNTUNED), family="", label="", measure="", unit="nats")
    has_seeds = found.low_these == found.low_these
    low, high = (found.low_these, found.high_these) if has_seeds else (found.low, found.high)
    return found.estimate, low, high
