"""A rise along a training: sudden or gradual?

A straight line is compared with a logistic step by how much better the step fits, and that with what permutations give:
the residuals of the line are permuted, so that the rise is straight and everything else the same. That is exact for
noise that is independent from point to point. A second permutation, of the points themselves, says whether there is a
rise at all. A step that fits better is only called sudden if most of the rise takes at most a quarter of the training.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log, nan
from typing import Literal

import numpy as np
import pandas as pd

from askew.stats.corrections import ALPHA
from askew.stats.log_odds import Array

Rise = Literal["sudden", "gradual", "no rise", "can't tell", "too few points"]
SUDDEN: Rise = "sudden"
GRADUAL: Rise = "gradual"
NO_RISE: Rise = "no rise"
UNSURE: Rise = "can't tell"
TOO_FEW: Rise = "too few points"

FEWEST = 8
"""The fewest points of a curve that can be read: a step has four numbers of its own."""

SHORT = 0.25
"""The largest share of the training that a sudden rise takes from 10% to 90% of its height."""

_MOST = 40  # points of one curve; more are thinned, since their noise is not independent anyway
_PERMUTATIONS = 999
_TO_90 = 2 * log(9)  # a logistic curve rises from 10% to 90% in so many of its widths
_WIDTHS = (0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.16, 0.25)
_PARAMETERS = 2  # that a step has more than a line
_TINY = 1e-12


@dataclass(frozen=True)
class RiseReading:
    """The reading of one or several curves.

    Attributes:
        reading: The reading in a word.
        place: Where the rise is half done, as a share of the training, 0-1; of several curves the median.
        width: The share of the training that the rise takes from 10% to 90% of its height; the median of several.
        height: How much higher the curve ends than it begins, by the step; the median of several.
        bic: By how much the step is better than the line in the Bayesian information criterion (Schwarz 1978); below 0
            the line is better.
        p_rise: How often points in a random order rise as much.
        p_step: How often a straight rise with the same noise is as much better fitted by a step.
        curves: The number of curves.
        points: The number of points of the shortest curve that were read.
    """

    reading: Rise
    place: float = nan
    width: float = nan
    height: float = nan
    bic: float = nan
    p_rise: float = nan
    p_step: float = nan
    curves: int = 0
    points: int = 0


def read_rise(curves: Sequence[tuple[Array, Array]], seed: int = 0) -> RiseReading:
    """Return whether curves rise suddenly or gradually.

    Args:
        curves: Curves of the same kind, such as those of several seeds: places along the training (0-1), in order, and
            values there.
        seed: The seed of the permutations.
    """
    thinned = [_thinned(np.asarray(x, dtype=float), np.asarray(y, dtype=float)) for x, y in curves]
    points = min((len(x) for x, _ in thinned), default=0)
    if points < FEWEST:
        return RiseReading(TOO_FEW, curves=len(thinned), points=points)
    chance = np.random.default_rng(seed)
    fits = [_fit(x, y[None, :]) for x, y in thinned]
    better = sum(float(fit.better[0]) for fit in fits)
    by_chance = sum((_straight(x, y, chance) for x, y in thinned), np.zeros(_PERMUTATIONS))
    p_step = _p(by_chance, better)
    rises = [_rise(y[None, :])[0] for _, y in thinned]
    shuffled = sum((_rise(_permuted(y, chance)) for _, y in thinned), np.zeros(_PERMUTATIONS))
    p_rise = _p(shuffled, sum(map(float, rises)))
    place, width, height = (float(np.median([getattr(fit, name)[0] for fit in fits])) for name in _NAMES)
    bic = better - _PARAMETERS * sum(log(len(x)) for x, _ in thinned)
    reading = _reading(p_rise, p_step, width, bic)
    return RiseReading(reading, place, width, height, bic, p_rise, p_step, len(thinned), points)


def rises(points: pd.DataFrame, by: Sequence[str], value: str) -> pd.DataFrame:
    """Return the reading of each group of curves.

    Args:
        points: One row per point, with the columns `by`, curve (which names the curve), place (0-1) and the value.
        by: The columns that name a group; its curves are read together.
        value: The column of the values.

    Returns:
        One row per group, in their order: the columns `by` and the fields of `RiseReading`.
    """
    rows = []
    for names, own in points.groupby(list(by), sort=False):
        in_order = (one.sort_values("place") for _, one in own.groupby("curve", sort=False))
        found = read_rise([(one["place"].to_numpy(float), one[value].to_numpy(float)) for one in in_order])
        rows.append({**dict(zip(by, names, strict=True)), **vars(found)})
    return pd.DataFrame(rows, columns=[*by, *RiseReading.__dataclass_fields__])


def _reading(p_rise: float, p_step: float, width: float, bic: float) -> Rise:
    if p_rise >= ALPHA:
        return NO_RISE
    if p_step < ALPHA:
        return SUDDEN if width <= SHORT else GRADUAL
    return UNSURE if bic > 0 else GRADUAL


@dataclass(frozen=True)
class _Fit:
    """The best steps of several curves over the same places, one number per curve.

    Attributes:
        better: Twice the gain in log-likelihood over the line.
        place: The middle of the step.
        width: From 10% to 90%.
        height: From the first point to the last.
    """

    better: Array
    place: Array
    width: Array
    height: Array


_NAMES = ("place", "width", "height")


def _fit(x: Array, values: Array) -> _Fit:
    """Return the best step of each curve, from a grid of places and widths.

    Args:
        x: Places, of shape (points,).
        values: Curves, of shape (curves, points).
    """
    shapes, places, widths = _steps(tuple(x))
    centred = values - values.mean(1, keepdims=True)
    total = (centred**2).sum(1)
    along = _unit(x)
    line = np.maximum(total - (centred @ along) ** 2, 0)
    explained = centred @ shapes.T
    best = np.argmax(explained**2, axis=1)
    gained = explained[np.arange(len(values)), best]
    step = np.maximum(total - gained**2, 0)
    floor = _TINY * np.maximum(total, _TINY)
    better = len(x) * (np.log(np.maximum(line, floor)) - np.log(np.maximum(step, floor)))
    height = gained * (shapes[best, -1] - shapes[best, 0])
    return _Fit(better, places[best], _TO_90 * widths[best], height)


@lru_cache(maxsize=16)
def _steps(x: tuple[float, ...]) -> tuple[Array, Array, Array]:
    """Return steps over places, each centred and of length 1, with their middles and widths."""
    at = np.array(x)
    middles = np.linspace(at[0], at[-1], 81)[1:-1]
    places, widths = (axis.ravel() for axis in np.meshgrid(middles, np.array(_WIDTHS) * (at[-1] - at[0])))
    shapes = 1 / (1 + np.exp(-np.clip((at[None, :] - places[:, None]) / widths[:, None], -500, 500)))
    shapes = shapes - shapes.mean(1, keepdims=True)
    lengths = np.linalg.norm(shapes, axis=1)
    kept = lengths > _TINY
    return shapes[kept] / lengths[kept, None], places[kept], widths[kept] / (at[-1] - at[0])


def _straight(x: Array, y: Array, chance: np.random.Generator) -> Array:
    """Return by how much a step is better for straight rises with the residuals of the line in a random order."""
    along, centred = _unit(x), y - y.mean()
    line = (centred @ along) * along
    return _fit(x, line + _permuted(centred - line, chance)).better


def _rise(values: Array) -> Array:
    """Return how much higher the last third of each curve is than the first, on average."""
    third = max(1, values.shape[1] // 3)
    return values[:, -third:].mean(1) - values[:, :third].mean(1)


def _permuted(values: Array, chance: np.random.Generator) -> Array:
    return chance.permuted(np.tile(values, (_PERMUTATIONS, 1)), axis=1)


def _unit(x: Array) -> Array:
    centred = x - x.mean()
    return centred / np.linalg.norm(centred)


def _thinned(x: Array, y: Array) -> tuple[Array, Array]:
    """Return the points with a number, at most `_MOST` of them, evenly taken."""
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), _MOST)).round().astype(int)) if len(x) else []
    return x[kept], y[kept]


def _p(by_chance: Array, found: float) -> float:
    """Return how often chance gives at least what was found, counting what was found (Phipson and Smyth 2010)."""
    return float((1 + np.sum(by_chance >= found - _TINY)) / (1 + len(by_chance)))
