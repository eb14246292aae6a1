"""Means over tables of seeds by clusters, with 95% intervals over other seeds and other clusters (Student's)."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
from scipy import stats

from askew.stats.intervals import CONFIDENCE

POWER = 0.8
"""Probability with which a study finds the smallest detectable effect."""

# A variance below this comes from rounding: the values are all the same.
_ROUNDING = 1e-20


@dataclass(frozen=True)
class MeanEstimate:
    """A mean and its uncertainty, in the unit of the values.

    Attributes:
        mean: The mean.
        error: Its standard error; NaN with only one seed and one cluster.
        df: Degrees of freedom of the standard error; NaN with only one seed and one cluster.
    """

    mean: float
    error: float
    df: float

    @property
    def half_width(self) -> float:
        """Half the width of the 95% interval."""
        return float(stats.t.ppf((1 + CONFIDENCE) / 2, self.df)) * self.error

    @property
    def low(self) -> float:
        """Lower end of the 95% interval."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """Upper end of the 95% interval."""
        return self.mean + self.half_width

    @property
    def p(self) -> float:
        """Two-sided p-value of the null hypothesis that the true mean is 0."""
        if self.error == 0:
            return float(self.mean == 0)
        return float(2 * stats.t.sf(abs(self.mean) / self.error, self.df))

    @property
    def detectable(self) -> float:
        """Smallest true mean that 80 of 100 studies with this standard error would find at p < 0.05."""
        return self.half_width + float(stats.t.ppf(POWER, self.df)) * self.error


def mean_of_cells(cells: pd.DataFrame, least_error: float = 0.0) -> MeanEstimate:
    """Return the mean of a table of seeds by clusters, in which every cluster has the same weight.

    With one seed, the interval covers the choice of clusters only; with one cluster, the choice of seeds only; with one
    of each, there is no interval.

    Args:
        cells: Mean value of each seed (row) and cluster (column); NaN where a cell has no value.
        least_error: Lower bound of the standard error.
    """
    return _mean_estimate(float(cells.mean().mean()), [cells.mean(axis=1), cells.mean()], least_error)


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
    samples: list[pd.Series] = []
    for axis in (0, 1):
        mean, other_mean = one.mean(axis=axis), other.mean(axis=axis)
        samples += [mean - other_mean] if _same(mean.index, other_mean.index) else [mean, other_mean]
    return _mean_estimate(float(one.mean().mean() - other.mean().mean()), samples, least_error)


def _same(one: pd.Index, other: pd.Index) -> bool:
    return set(one) == set(other)


def _mean_estimate(mean: float, samples: Iterable[pd.Series], least_error: float) -> MeanEstimate:
    """Return a mean with the summed uncertainty of independent samples.

    The squared standard errors of the samples are added; the degrees of freedom are Satterthwaite's (1946, *Biometrics
    Bulletin* 2). The variance that belongs to one seed on one cluster is counted twice, so an interval may be too wide,
    not too narrow.

    Args:
        mean: The estimate.
        samples: One series per source of variance, such as the means of the seeds. NaN are left out, and so is a sample
            of a single value, which has no variance.
        least_error: Lower bound of the standard error.
    """
    known = [sample.dropna().to_numpy(dtype=float) for sample in samples]
    several = [draws for draws in known if draws.size > 1]
    if not several:
        return MeanEstimate(mean, float("nan"), float("nan"))
    squares = [float(draws.var(ddof=1)) / draws.size for draws in several]
    squares = [square if square > _ROUNDING else 0.0 for square in squares]
    spread = sum(square**2 / (draws.size - 1) for square, draws in zip(squares, several, strict=True))
    square = max(sum(squares), least_error**2)
    return MeanEstimate(mean, square**0.5, square**2 / spread if spread else float("inf"))
