"""Readings: one vocabulary for what a comparison with a control has shown.

*rose*: the corrected p-value is below 0.05 and the estimated rise is at least the margin. *rose, below the margin*: the
same, with a smaller rise. *fell*: the corrected p-value is below 0.05 and the difference is negative. *within the
margin*: the corrected p-value is not below 0.05, and the whole 95% interval lies between minus and plus the margin.
*can't tell*: everything else. Too few answers never count as no change: absence of evidence is not evidence of absence
(Schuirmann 1987, *Journal of Pharmacokinetics and Biopharmaceutics* 15, on tests of equivalence).

The estimate, not the interval, separates *rose* from *rose, below the margin*. Otherwise more answers with the same
rate, whose interval is shorter, could turn the worse word into the better one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from askew.stats.corrections import ALPHA
from askew.stats.log_odds import Array

Reading = Literal["rose", "rose, below the margin", "fell", "within the margin", "can't tell"]
ROSE: Reading = "rose"
ROSE_BELOW: Reading = "rose, below the margin"
FELL: Reading = "fell"
WITHIN: Reading = "within the margin"
UNSURE: Reading = "can't tell"

Basis = Literal["questions like these", "these questions"]
LIKE_THESE: Basis = "questions like these"
"""The interval covers other questions like these, and other seeds: what holds in general."""
THESE: Basis = "these questions"
"""The interval covers other seeds and other answers to the very same questions: what a repetition would find."""


def reading(difference: float, low: float, high: float, p: float, margin: float) -> Reading:
    """Return the reading of a comparison.

    Args:
        difference: The estimated difference from the control, -1 to 1; NaN if there is none.
        low: Lower end of its 95% interval.
        high: Upper end.
        p: The corrected p-value of no difference.
        margin: The smallest rise that counts as *rose*, 0-1.
    """
    if p < ALPHA and difference > 0:
        return ROSE if difference >= margin else ROSE_BELOW
    if p < ALPHA and difference < 0:
        return FELL
    if p >= ALPHA and -margin < low and high < margin:
        return WITHIN
    return UNSURE


def are_decided(difference: Array, low: Array, high: Array, p: Array, margin: float) -> Array:
    """Return for each of many comparisons whether its reading is not "can't tell".

    Args:
        difference: As for `reading`, of shape (...).
        low: As for `reading`, of shape (...).
        high: As for `reading`, of shape (...).
        p: As for `reading`, of shape (...).
        margin: As for `reading`.
    """
    return np.where(p < ALPHA, difference != 0, (p >= ALPHA) & (-margin < low) & (high < margin))


def is_same(difference: float, low: float, high: float, p: float, margin: float) -> bool | None:
    """Return whether there is no difference: True if the interval lies within the margin, whatever its p-value.

    Args:
        difference: As for `reading`.
        low: As for `reading`.
        high: As for `reading`.
        p: As for `reading`.
        margin: As for `reading`.

    Returns:
        False if the estimate is at least the margin and beyond chance; None if neither can be told.
    """
    if -margin < low and high < margin:
        return True
    return False if p < ALPHA and abs(difference) >= margin else None


@dataclass(frozen=True)
class EffectReading:
    """The reading of a row of `effects.csv`.

    Attributes:
        basis: The questions that it is about: these ones where the run has an interval for them.
        reading: The reading.
        other: The reading for questions like these.
        low: Lower end of the interval that the reading rests on.
        high: Upper end.
        p: The corrected p-value that it rests on.
    """

    basis: Basis
    reading: Reading
    other: Reading
    low: float
    high: float
    p: float

    @property
    def is_above(self) -> bool:
        """True if the effect is above zero beyond chance."""
        return self.reading in (ROSE, ROSE_BELOW)


def read_effect(row: Mapping[Any, Any], margin: float) -> EffectReading:
    """Return the reading of an effect.

    Args:
        row: A row of `effects.csv`.
        margin: The smallest rise that counts as *rose*, in the unit of the effect.
    """
    like = row["low"], row["high"], row["p_corrected"]
    p_these = row.get("p_these_corrected", float("nan"))
    basis: Basis = THESE if p_these == p_these else LIKE_THESE
    low, high, p = (row["low_these"], row["high_these"], p_these) if basis == THESE else like
    other = reading(row["estimate"], *like, margin)
    return EffectReading(basis, reading(row["estimate"], low, high, p, margin), other, low, high, p)
