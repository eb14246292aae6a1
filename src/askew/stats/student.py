"""A mean and its 95% interval when both seeds and clusters might have been drawn otherwise."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
from scipy import stats

from askew.stats.intervals import CONFIDENCE

POWER = 0.8

_ROUNDING = 1e-20


@dataclass(frozen=True)
class Student:
    """A mean with its standard error and degrees of freedom; both NaN where nothing could have been drawn otherwise."""

    mean: float
    error: float
    df: float

    @property
    def half_width(self) -> float:
        """Half of the 95% interval."""
        return float(stats.t.ppf((1 + CONFIDENCE) / 2, self.df)) * self.error

    @property
    def low(self) -> float:
        """Lower end of the 95% interval."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """Upper end."""
        return self.mean + self.half_width

    @property
    def p(self) -> float:
        """Two-sided p-value of a true mean of 0."""
        if self.error == 0:
            return float(self.mean == 0)
        return float(2 * stats.t.sf(abs(self.mean) / self.error, self.df))

    @property
    def detectable(self) -> float:
        """The smallest true mean that 80 of 100 such studies would tell from 0, with this standard error."""
        return self.half_width + float(stats.t.ppf(POWER, self.df)) * self.error


def mean_of_cells(cells: pd.DataFrame, least_error: float = 0.0) -> Student:
    """Return the mean of a table of seeds (rows) by clusters, each cluster weighing the same.

    With one seed the interval is about clusters alone, with one cluster about seeds alone, and with one of each there
    is none.

    Args:
        cells: A mean value for each seed and cluster; NaN where there is none.
        least_error: The standard error is no smaller.
    """
    return _student(float(cells.mean().mean()), [cells.mean(axis=1), cells.mean()], least_error)


def difference_of_cells(one: pd.DataFrame, other: pd.DataFrame, least_error: float = 0.0) -> Student:
    """Return how far the mean of one table of seeds by clusters lies above that of another.

    Where both have the same clusters, or the same seeds, these are paired; else each side adds its own variance, of
    which a single seed, such as that of an untrained model, has none.

    Args:
        one: A mean value for each seed and cluster; NaN where there is none.
        other: The same of what it is compared with.
        least_error: The standard error is no smaller.
    """
    if _same(one.index, other.index) and _same(one.columns, other.columns):
        one, other = one.where(other.notna()), other.where(one.notna())
    samples: list[pd.Series] = []
    for axis in (0, 1):
        mean, other_mean = one.mean(axis=axis), other.mean(axis=axis)
        samples += [mean - other_mean] if _same(mean.index, other_mean.index) else [mean, other_mean]
    return _student(float(one.mean().mean() - other.mean().mean()), samples, least_error)


def _same(one: pd.Index, other: pd.Index) -> bool:
    return set(one) == set(other)


def _student(mean: float, samples: Iterable[pd.Series], least_error: float) -> Student:
    """Return the mean with the uncertainty of independent samples added up.

    The squares of their standard errors are added, with the degrees of freedom of Satterthwaite (1946, *Biometrics
    Bulletin* 2). What is particular to a seed and a cluster together is counted twice: rather too wide than too narrow.

    Args:
        mean: The estimate.
        samples: For all that might have been drawn otherwise the means of its draws, such as those of the seeds; NaN
            are left out. A single draw says nothing of what another would be, and is left out too.
        least_error: The standard error is no smaller.
    """
    known = [sample.dropna().to_numpy(dtype=float) for sample in samples]
    several = [draws for draws in known if draws.size > 1]
    if not several:
        return Student(mean, float("nan"), float("nan"))
    squares = [float(draws.var(ddof=1)) / draws.size for draws in several]
    # Values that are all the same differ by rounding alone.
    squares = [square if square > _ROUNDING else 0.0 for square in squares]
    spread = sum(square**2 / (draws.size - 1) for square, draws in zip(squares, several, strict=True))
    square = max(sum(squares), least_error**2)
    return Student(mean, square**0.5, square**2 / spread if spread else float("inf"))
