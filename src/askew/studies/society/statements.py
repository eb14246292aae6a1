"""Statements about societies with bent agents that people can predict, and what single agents say of them.

Single agents are asked before any society is played. What follows from their answers is sealed like a person's
prediction, and scored beside those of people.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from askew.design.predictions import Prediction
from askew.stats.adoption import NOTHING, STAYED, WENT_BACK
from askew.stats.readings import read_effect
from askew.studies.society.societies import BENT
from askew.studies.society.tipping import compared, left_behind

if TYPE_CHECKING:
    from askew.design.design import Design
    from askew.design.tables import Tables
    from askew.stats.log_odds import Array

_SETTLED = {STAYED: True, WENT_BACK: False, NOTHING: False}


def _is_of_bent(design: "Design") -> bool:
    return design.society.experiment == BENT


def _adopts(tables: "Tables") -> bool | None:
    rows = tables.effects[tables.effects["lead"].astype(bool)] if len(tables.effects) else tables.effects
    found = [read_effect(row, tables.design.margin).is_above for row in rows.to_dict("records")]
    return any(found) if found else None


def _tips(tables: "Tables") -> bool | None:
    found = compared(tables)
    return bool((found["observed"].gt(0) & found["observed"].lt(1)).any()) if len(found) else None


def _stays(tables: "Tables") -> bool | None:
    found = [_SETTLED.get(reading) for reading in left_behind(tables)["reading"]]
    if any(found):
        return True
    return False if found and all(one is False for one in found) else None


STATEMENTS = (
    Prediction(
        "adoption",
        "With some number of bent agents, good agents are on their side more often than in societies without them, "
        "beyond chance.",
        _adopts,
        of=_is_of_bent,
    ),
    Prediction(
        "tips",
        "With some share of bent agents up to a half, at least half of the societies end with most good agents on the "
        "side of the bent ones, and without any they do not.",
        _tips,
        of=_is_of_bent,
    ),
    Prediction(
        "stays",
        "After the bent agents have left half-way, more than half of what they changed is left.",
        _stays,
        of=_is_of_bent,
    ),
)
"""The statements; each is true if it is true of any arm and topic."""


def chances(predicted: pd.DataFrame) -> dict[str, float]:
    """Return the probability of each statement on which single agents say something, by its id.

    Args:
        predicted: The predictions of the societies, one row per arm and topic; the columns `tips` (the share of
            resampled probes with a tipping point, 0-1) and `stays` (the share of those in which a society stays as it
            is when the bent agents leave, missing if none tips) are read.
    """
    if predicted.empty:
        return {}
    tips, stays = (predicted[name].fillna(0.0).to_numpy(float) for name in ("tips", "stays"))
    return {"tips": _any(tips), "stays": _any(tips * stays)}


def _any(each: "Array") -> float:
    """Return the probability that any of independent events happens."""
    return 1 - float(np.prod(1 - each))
