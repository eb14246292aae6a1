"""Effects: the comparisons that answer a study's question, each with a 95% interval and its power.

A study passes tidy frames with one row per answer and the columns seed, cluster (what answers have in common: a
question, a task, a person asked about) and value (0-1; NaN where missing). Each comparison is one `Effect`; `as_table`
puts them in one table and corrects the p-values within a family. A null result is worth as much as its power, so every
effect names the smallest true effect that the study would have found.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from math import inf
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from askew.stats.corrections import holm
from askew.stats.means import POWER, difference_of_cells, mean_of_cells
from askew.stats.variance import CONFIDENCE

# The columns of effects.csv, in order.
EFFECT_COLUMNS = (
    "family",
    "label",
    "measure",
    "estimate",
    "low",
    "high",
    "p",
    "p_corrected",
    "detectable",
    "unit",
    "seeds",
    "clusters",
    "arm",
    "control",
    "lead",
    "low_these",
    "high_these",
    "p_these",
    "p_these_corrected",
)
Unit = Literal["points", "percent", "r", "nats"]
Values = Literal["share", "nats"]
"""The unit of the values of a frame: shares (0-1), or nats without limits."""

# After n equal answers, a share of up to 3 / n may still differ (the rule of three): two standard errors of 1.5 / n.
_RULE_OF_THREE = 1.5


@dataclass(frozen=True)
class Effect:
    """A comparison, level or correlation. Numbers that the answers do not determine are NaN.

    Attributes:
        family: Name of the family: its p-values are corrected together, and it is one panel of the figure.
        label: Name of the comparison in reports.
        measure: Name of the measured quantity.
        estimate: A difference (-1 to 1) if the unit is "points", a mean (0-1) if "percent", a correlation if "r", a
            mean or a difference of log-odds if "nats".
        low: Lower end of its 95% interval.
        high: Upper end.
        p: Two-sided p-value of no difference or no correlation; NaN for a level, which is compared with nothing.
        detectable: Smallest true effect that 80 of 100 such studies would find at p < 0.05; NaN for a level.
        unit: "points" (a difference), "percent" (a mean), "r" (a correlation) or "nats" (log-odds).
        seeds: Number of seeds; 0 for a correlation.
        clusters: Number of clusters; for a correlation, of pairs.
        arm: Arm that the effect is about; "" if it is not about one arm.
        control: Arm that it is compared with; "" if it is compared with none.
        lead: Whether this effect answers the study's main question.
        low_these: Lower end of the 95% interval for these clusters, over other seeds alone; NaN with one seed.
        high_these: Upper end.
        p_these: Two-sided p-value for these clusters; NaN for a level.
    """

    family: str
    label: str
    measure: str
    estimate: float
    low: float
    high: float
    p: float
    detectable: float
    unit: Unit
    seeds: int
    clusters: int
    arm: str = ""
    control: str = ""
    lead: bool = False
    low_these: float = float("nan")
    high_these: float = float("nan")
    p_these: float = float("nan")


def contrast(
    left: pd.DataFrame,
    right: pd.DataFrame | float,
    *,
    family: str,
    label: str,
    measure: str,
    arm: str = "",
    control: str = "",
    lead: bool = False,
    unit: Values = "share",
) -> Effect:
    """Return the mean of one frame minus the mean of another, with the same weight for every cluster.

    Clusters in both frames are paired and others dropped; if no cluster is in both, all are used, unpaired. Seeds are
    paired if both frames have the same ones. Otherwise each side adds its own variance between seeds; a side with one
    seed, such as an untrained model, adds none. With one seed on both sides, the interval covers the choice of clusters
    only; with one cluster, the choice of seeds only; with one of each, there is no interval.

    Args:
        left: One row per answer, with the columns seed, cluster and value (0-1, NaN if missing).
        right: A frame of the same form for the other side, or a known number (0-1) such as chance.
        family: See `Effect`.
        label: See `Effect`.
        measure: See `Effect`.
        arm: See `Effect`.
        control: See `Effect`.
        lead: See `Effect`.
        unit: The unit of the values.
    """
    one = _cells(left)
    if isinstance(right, pd.DataFrame):
        one, other = _on_shared_clusters(one, _cells(right))
        found = difference_of_cells(one, other, _least_error([left, right]))
    else:
        found = mean_of_cells(one, _least_error([left]))
        found = replace(found, mean=found.mean - right)
    least, most = (-1.0, 1.0) if unit == "share" else (-inf, inf)
    numbers = (found.mean, *_limits(found.mean, found.low, found.high, least, most), found.p, found.detectable)
    these = (*_limits(found.mean, found.low_these, found.high_these, least, most), found.p_these)
    of_effect: Unit = "points" if unit == "share" else "nats"
    return Effect(family, label, measure, *numbers, of_effect, *one.shape, arm, control, lead, *these)


def level(
    frame: pd.DataFrame,
    *,
    family: str,
    label: str,
    measure: str,
    arm: str = "",
    lead: bool = False,
    unit: Values = "share",
) -> Effect:
    """Return the mean of a frame, with the same weight for every cluster.

    Args:
        frame: One row per answer, with the columns seed, cluster and value (0-1, NaN if missing).
        family: See `Effect`.
        label: See `Effect`.
        measure: See `Effect`.
        arm: See `Effect`.
        lead: See `Effect`.
        unit: The unit of the values.
    """
    cells = _cells(frame)
    found = mean_of_cells(cells, _least_error([frame]))
    nan = float("nan")
    least, most = (0.0, 1.0) if unit == "share" else (-inf, inf)
    numbers = (found.mean, *_limits(found.mean, found.low, found.high, least, most), nan, nan)
    these = (*_limits(found.mean, found.low_these, found.high_these, least, most), nan)
    of_effect: Unit = "percent" if unit == "share" else "nats"
    return Effect(family, label, measure, *numbers, of_effect, *cells.shape, arm, "", lead, *these)


def correlation(
    x: Sequence[float] | pd.Series | np.ndarray,
    y: Sequence[float] | pd.Series | np.ndarray,
    *,
    family: str,
    label: str,
    measure: str,
    arm: str = "",
    control: str = "",
    lead: bool = False,
) -> Effect:
    """Return Pearson's correlation of pairs, with the interval and test of Fisher (1921, *Metron* 1).

    Args:
        x: First number of each pair. Pairs must be independent: average first over answers that belong together.
        y: Second number of each pair, in the same order. Pairs with a number that is not finite are dropped.
        family: See `Effect`.
        label: See `Effect`.
        measure: See `Effect`.
        arm: See `Effect`.
        control: See `Effect`.
        lead: See `Effect`.

    Returns:
        The effect in the unit "r". All its numbers are NaN where `x` or `y` is constant; with fewer than four pairs,
        all but the estimate are NaN.
    """
    pairs = np.stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)])
    pairs = pairs[:, np.isfinite(pairs).all(0)]
    count = pairs.shape[1]
    r = low = high = p = detectable = float("nan")
    if count > 1 and np.ptp(pairs, axis=1).all():
        r = float(np.clip(np.corrcoef(pairs)[0, 1], -1, 1))
    if count > 3 and np.isfinite(r):
        error, normal = (count - 3) ** -0.5, float(special.ndtri((1 + CONFIDENCE) / 2))
        with np.errstate(divide="ignore"):
            z = float(np.arctanh(r))
        low, high = (float(np.tanh(z + side * normal * error)) for side in (-1, 1))
        p = float(2 * special.ndtr(-abs(z) / error))
        detectable = float(np.tanh((normal + float(special.ndtri(POWER))) * error))
    return Effect(family, label, measure, r, low, high, p, detectable, "r", 0, count, arm, control, lead)


def as_table(effects: Iterable[Effect]) -> pd.DataFrame:
    """Return one row per effect, in order, with `EFFECT_COLUMNS`; p-values are corrected within a family."""
    table = pd.DataFrame([asdict(effect) for effect in effects], columns=list(EFFECT_COLUMNS))
    if len(table):
        for p in ("p", "p_these"):
            table[f"{p}_corrected"] = table.groupby("family")[p].transform(holm)
    return table


def _cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the mean value of each seed and cluster; NaN for an empty cell. Empty seeds and clusters are dropped."""
    finite = frame.assign(value=_values(frame)).dropna(subset=["value"])
    return finite.groupby(["seed", "cluster"])["value"].mean().unstack()


def _values(frame: pd.DataFrame) -> pd.Series:
    return pd.to_numeric(frame["value"], errors="coerce").astype(float).replace([np.inf, -np.inf], np.nan)


def _on_shared_clusters(one: pd.DataFrame, other: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both tables with their common clusters only; unchanged if they have none in common."""
    shared = one.columns.intersection(other.columns)
    if not len(shared):
        return one, other
    return one[shared].dropna(how="all"), other[shared].dropna(how="all")


def _least_error(frames: Sequence[pd.DataFrame]) -> float:
    """Return the least standard error of means of values that are all 0 or 1 (the rule of three); 0 for others."""
    values = [_values(frame).dropna() for frame in frames]
    if any(own.empty or not own.isin([0.0, 1.0]).all() for own in values):
        return 0.0
    return _RULE_OF_THREE / min(len(own) for own in values)


def _limits(mean: float, low: float, high: float, least: float, most: float) -> tuple[float, float]:
    """Return an interval, cut to the possible range and extended to include the estimate."""
    return float(np.minimum(max(low, least), mean)), float(np.maximum(min(high, most), mean))
