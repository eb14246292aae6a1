"""Means over tables of seeds by clusters, with two 95% intervals.

The first is over other seeds and other clusters, the second over other seeds alone. Each source of variance is
estimated from few values, so each has its own Student's quantile; the squares of the half-widths are added.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from askew.stats.variance import CONFIDENCE, Part, confidence_at, half_width, p_value

POWER = 0.8
"""Probability with which a study finds the smallest detectable effect."""

# A variance below this comes from rounding: the values are all the same.
_ROUNDING = 1e-20


@dataclass(frozen=True)
class MeanEstimate:
    """A mean and its uncertainty, in the unit of the values.

    Attributes:
        mean: The mean.
        parts: The sources of its variance over other seeds and other clusters; empty with only one seed and one
            cluster, and then no interval can be had.
        parts_these: Those over other seeds alone, for these clusters; empty with only one seed.
        looks: The number of planned looks at growing data, at each of which intervals and p-values hold.
    """

    mean: float
    parts: tuple[Part, ...]
    parts_these: tuple[Part, ...] = ()
    looks: int = 1

    @property
    def low(self) -> float:
        """Lower end of the 95% interval; NaN if there is none."""
        return self.mean - _half_width(self.parts, confidence_at(self.looks))

    @property
    def high(self) -> float:
        """Upper end of the 95% interval; NaN if there is none."""
        return self.mean + _half_width(self.parts, confidence_at(self.looks))

    @property
    def low_these(self) -> float:
        """Lower end of the 95% interval for these clusters; NaN if there is none."""
        return self.mean - _half_width(self.parts_these, confidence_at(self.looks))

    @property
    def high_these(self) -> float:
        """Upper end of the 95% interval for these clusters; NaN if there is none."""
        return self.mean + _half_width(self.parts_these, confidence_at(self.looks))

    @property
    def p(self) -> float:
        """Two-sided p-value of the null hypothesis that the true mean is 0."""
        return _p(self.mean, self.parts, self.looks)

    @property
    def p_these(self) -> float:
        """The same for these clusters."""
        return _p(self.mean, self.parts_these, self.looks)

    @property
    def detectable(self) -> float:
        """Smallest true mean that 80 of 100 studies with this uncertainty would find at p < 0.05."""
        return _half_width(self.parts, CONFIDENCE) + _half_width(self.parts, 2 * POWER - 1)


def mean_of_cells(cells: pd.DataFrame, least_error: float = 0.0) -> MeanEstimate:
    """Return the mean of a table of seeds by clusters, in which every cluster has the same weight.

    With one seed, the interval covers the choice of clusters only; with one cluster, the choice of seeds only; with one
    of each, there is no interval.

    Args:
        cells: Mean value of each seed (row) and cluster (column); NaN where a cell has no value.
        least_error: Lower bound of the standard error.
    """
    return _mean_estimate(float(cells.mean().mean()), [cells.mean(axis=1)], [cells.mean()], least_error)


def difference_of_cells(one: pd.DataFrame, other: pd.DataFrame, least_error: float = 0.0) -> MeanEstimate:
    """Return the mean of one table of seeds by clusters minus the mean of another.

    Clusters are paired if both tables have the same ones, and so are seeds. Otherwise each table adds its own variance;
    a single seed, such as that of an untrained model, adds none.

    Args:
        one: Mean value of each seed (row) and cluster (column); NaN where a cell has no value.
        other: The same for the other side of the comparison.
        least_error: Lower bound of the standard error.
    """
    if _same(one.index, other.index) and _same(one.columns, other.columns):
        one, other = one.where(other.notna()), other.where(one.notna())
    samples: dict[int, list[pd.Series]] = {}
    for axis in (0, 1):
        mean, other_mean = one.mean(axis=axis), other.mean(axis=axis)
        paired = _same(mean.index, other_mean.index)
        samples[axis] = [mean - other_mean] if paired else [mean, other_mean]
    return _mean_estimate(float(one.mean().mean() - other.mean().mean()), samples[1], samples[0], least_error)


def _same(one: pd.Index, other: pd.Index) -> bool:
    return set(one) == set(other)


def _mean_estimate(
    mean: float, by_seed: Iterable[pd.Series], by_cluster: Iterable[pd.Series], least_error: float
) -> MeanEstimate:
    """Return a mean with its sources of variance.

    The variance that belongs to one seed on one cluster is counted twice, so an interval over both may be too wide, not
    too narrow.

    Args:
        mean: The estimate.
        by_seed: One series per independent set of seeds, such as the means of the seeds. NaN are left out, and so is a
            set of a single value, which has no variance.
        by_cluster: The same for clusters.
        least_error: Lower bound of the standard error.
    """
    of_seeds = [part for part in map(_part, by_seed) if part]
    of_clusters = [part for part in map(_part, by_cluster) if part]
    return MeanEstimate(mean, _at_least(least_error, of_seeds + of_clusters), _at_least(least_error, of_seeds))


def _part(sample: pd.Series) -> Part | None:
    values = sample.dropna().to_numpy(dtype=float)
    if values.size < 2:
        return None
    square = values.var(ddof=1) / values.size
    return Part(np.array(square if square > _ROUNDING else 0.0), np.array(values.size - 1))


def _at_least(least_error: float, parts: list[Part]) -> tuple[Part, ...]:
    """Return the parts, with a known part that raises their sum to the square of the least error."""
    missing = least_error**2 - sum(float(part.square) for part in parts)
    return (*parts, Part(np.zeros(()), np.array(0), missing)) if parts and missing > 0 else tuple(parts)


def _half_width(parts: tuple[Part, ...], confidence: float) -> float:
    """Return half the width of an interval; NaN without parts."""
    return float(half_width(parts, confidence)) if parts else float("nan")


def _p(mean: float, parts: tuple[Part, ...], looks: int) -> float:
    """Return the p-value; NaN without parts, and 0 or 1 if nothing varies."""
    if not parts or np.isnan(mean):
        return float("nan")
    if mean == 0 or not _half_width(parts, CONFIDENCE):
        return float(mean == 0)
    return min(looks * float(p_value(parts, np.array(mean))), 1.0)
