"""Accuracy and balanced accuracy of answers in a few classes, with intervals clustered by polity, area or the like.

Balanced accuracy is the mean over classes of the share of right answers. Its standard error comes from the influence of
each cluster on it (linearisation; Binder 1983, International Statistical Review 51), since facts about one polity or
one area are alike: intervals over items would be too narrow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from askew.stats.variance import CONFIDENCE

FOLDED: Mapping[str, str] = {
    "present": "present",
    "inferred present": "present",
    "inferred absent": "absent",
    "absent": "absent",
}
"""The fold of four values into two."""

PUBLISHED_FOLD: Mapping[str, str] = {
    "present": "present",
    "inferred present": "absent",
    "inferred absent": "present",
    "absent": "absent",
}
"""The fold of the published code, which merges opposites: C (inferred absent) with A (present), B with D."""


@dataclass(frozen=True)
class Share:
    """An accuracy with its 95% interval.

    Attributes:
        value: The accuracy, 0-1; NaN if nothing was answered.
        low: The lower end; NaN with a single cluster.
        high: The upper end.
        items: The number of answers.
        clusters: The number of clusters.
        missing: The classes of which no item was asked; balanced accuracy is over the others.
    """

    value: float
    low: float
    high: float
    items: int
    clusters: int
    missing: tuple[str, ...] = ()

    @property
    def half_width(self) -> float:
        """Half the width of the interval before it is cut at 0 and 1; NaN without one."""
        return max(self.high - self.value, self.value - self.low)


def balanced_accuracy(answers: pd.DataFrame, classes: Sequence[str], cluster: str) -> Share:
    """Return the mean over classes of the share of right answers.

    Args:
        answers: One row per answer, with the columns value (the right class), said (the answered one), the cluster's
            column and, for several models of one kind, seed.
        classes: The classes; those of which there is no item are left out and listed.
        cluster: The column of the cluster.
    """
    found = answers["value"].to_numpy(dtype=object)
    counts = {name: int((found == name).sum()) for name in classes}
    there = [name for name in classes if counts[name]]
    weights = np.zeros(len(found))
    level = np.zeros(len(found))
    right = _right(answers)
    for name in there:
        own = found == name
        weights[own] = 1.0 / (len(there) * counts[name])
        level[own] = right[own].mean()
    return _share(answers, right, level, weights, cluster, tuple(name for name in classes if not counts[name]))


def accuracy(answers: pd.DataFrame, cluster: str) -> Share:
    """Return the share of right answers.

    Args:
        answers: As in `balanced_accuracy`, with the same columns.
        cluster: The column of the cluster.
    """
    right = _right(answers)
    count = max(1, len(right))
    mean = np.full(len(right), right.mean() if len(right) else 0.0)
    return _share(answers, right, mean, np.full(len(right), 1.0 / count), cluster, ())


def folded(answers: pd.DataFrame, fold: Mapping[str, str] = FOLDED) -> pd.DataFrame:
    """Return answers with both value and said in two classes; other texts are kept, and are never right.

    Args:
        answers: One row per answer, with the columns value and said.
        fold: The two classes by value.
    """
    both = {column: [fold.get(one, one) for one in answers[column].tolist()] for column in ("value", "said")}
    return answers.assign(**both)


def _right(answers: pd.DataFrame) -> NDArray[np.float64]:
    said, value = (answers[column].to_numpy(dtype=object) for column in ("said", "value"))
    return (said == value).astype(float)


def _share(
    answers: pd.DataFrame,
    right: NDArray[np.float64],
    level: NDArray[np.float64],
    weights: NDArray[np.float64],
    cluster: str,
    missing: tuple[str, ...],
) -> Share:
    """Return the weighted share of right answers with its interval; `level` is the mean of an answer's class."""
    nan = float("nan")
    if not weights.any():
        return Share(nan, nan, nan, 0, 0, missing)
    value = min(1.0, float(weights @ right))
    # The influence of an answer: how far it is from the mean of its class, by its weight.
    codes, names = pd.factorize(answers[cluster])
    influence = np.bincount(codes, weights * (right - level), minlength=len(names)).astype(float)
    variance, degrees = _over_clusters(influence), len(influence) - 1
    seeds, distinct = pd.factorize(answers["seed"]) if "seed" in answers else (codes * 0, [0])
    if len(distinct) > 1:
        by_seed = np.bincount(seeds, weights * right) / np.bincount(seeds, weights)
        variance += float(by_seed.var(ddof=1) / len(by_seed))
        degrees = min(degrees, len(by_seed) - 1)
    if degrees < 1:
        return Share(value, nan, nan, len(answers), len(influence), missing)
    reach = float(special.stdtrit(degrees, (1 + CONFIDENCE) / 2)) * variance**0.5
    return Share(value, max(0.0, value - reach), min(1.0, value + reach), len(answers), len(influence), missing)


def _over_clusters(influence: NDArray[np.float64]) -> float:
    count = len(influence)
    return float(count / (count - 1) * (influence**2).sum()) if count > 1 else 0.0
