"""Independent sources of variance, each estimated from few values: half-widths of intervals, and p-values.

Each part has its own Student's quantile, by its own degrees of freedom; the squares of the half-widths are added. One
sum with Satterthwaite's degrees of freedom would be narrower on average, but those jump if three seeds agree by luck:
in simulations, 23% of families of ten true nulls then had a corrected p-value below 0.05.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special

Array = np.ndarray

CONFIDENCE = 0.95

# The p-values that are told apart: 1 down to 1e-12, with 0.05 and its shares for several looks among them, so that a
# test and its interval agree.
_MOST_LOOKS = 12
_LEVELS = np.unique(np.concatenate([np.logspace(-12, 0, 240), (1 - CONFIDENCE) / np.arange(1, _MOST_LOOKS + 1)]))[::-1]


@dataclass(frozen=True)
class Part:
    """One source of variance.

    Attributes:
        square: The estimated variance, of shape (...).
        df: Degrees of freedom of its estimate, whole numbers of shape (...); 0 if it could not be estimated, and then
            the estimate counts as 0.
        least: A known variance that is its lower bound, of shape (...).
    """

    square: Array
    df: Array
    least: Array | float = 0.0


def confidence_at(looks: int) -> float:
    """Return the confidence of each interval if all of them, one per look at growing data, are to cover with 95%.

    The error is shared equally between the looks. Their sum bounds it however the looks depend on each other (the union
    bound), so that questions and seeds, which are the same at every look, need no model of their own.

    Args:
        looks: The number of looks that were planned; 1 for data that are looked at once.
    """
    return 1 - (1 - CONFIDENCE) / looks


def half_width(parts: Sequence[Part], confidence: float = CONFIDENCE) -> Array:
    """Return the half-width of an interval over independent sources of variance, of shape (...).

    A source adds the larger of two squares: its estimate with Student's quantile, its lower bound with the normal one.

    Args:
        parts: At least one source.
        confidence: Confidence level, 0-1.
    """
    tail = (1 - confidence) / 2
    total = 0.0
    for part in parts:
        estimated = np.where(part.df > 0, special.stdtrit(np.maximum(part.df, 1), tail) ** 2 * part.square, 0.0)
        total = total + np.maximum(estimated, special.ndtri(tail) ** 2 * part.least)
    return np.sqrt(total)


def p_value(parts: Sequence[Part], distance: Array) -> Array:
    """Return the p-value for which an interval with confidence 1 - p ends at a distance, of shape (...).

    Values below 1e-12 are returned as 1e-12.

    Args:
        parts: At least one source.
        distance: Distance from no difference, of shape (...).
    """
    total = 0.0
    for part in parts:
        estimated = np.where(part.df > 0, part.square, 0.0)[..., None] * _quantiles(part.df) ** 2
        least = np.multiply.outer(np.asarray(part.least, dtype=float), special.ndtri(_LEVELS / 2) ** 2)
        total = total + np.maximum(estimated, least)
    return _level_reached(np.sqrt(total), distance)


def _level_reached(half_widths: Array, distance: Array) -> Array:
    """Return the p-value at which half-widths, which grow along the last axis, reach a distance.

    Args:
        half_widths: Half-widths at each of the p-values that are told apart, of shape (..., levels).
        distance: Distances from no difference, of shape (...).
    """
    distance = np.abs(np.asarray(distance, dtype=float))
    reached = (half_widths <= distance[..., None]).sum(-1)
    upper = np.clip(reached, 1, _LEVELS.size - 1)
    before = np.take_along_axis(half_widths, upper[..., None] - 1, -1)[..., 0]
    after = np.take_along_axis(half_widths, upper[..., None], -1)[..., 0]
    share = np.divide(distance - before, after - before, out=np.zeros_like(distance), where=after > before)
    log_levels = np.log(_LEVELS)
    log_p = log_levels[upper - 1] + np.clip(share, 0, 1) * (log_levels[upper] - log_levels[upper - 1])
    return np.where(distance == 0, 1.0, np.where(reached >= _LEVELS.size, _LEVELS[-1], np.exp(log_p)))


def _quantiles(df: Array) -> Array:
    """Return Student's quantiles for each level, of shape (..., levels)."""
    known, place = np.unique(np.maximum(np.asarray(df, dtype=int), 1), return_inverse=True)
    return np.stack([_quantiles_of(int(one)) for one in known])[place.reshape(np.shape(df))]


@cache
def _quantiles_of(df: int) -> Array:
    return -special.stdtrit(df, _LEVELS / 2)
