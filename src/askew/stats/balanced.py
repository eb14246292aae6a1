"""Accuracy and balanced accuracy of answers in a few classes, with intervals clustered by polity, area or the like.

Balanced accuracy is the mean over classes of the share of right answers. Its standard error comes from the influence of
each cluster on it (linearisation; Binder 1983, International Statistical Review 51), since facts about one polity or
one area are alike: intervals over items would be too narrow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
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
    there = [name for name in classes if answers["value"].eq(name).any()]
    missing = tuple(name for name in classes if name not in there)
    weights = answers["value"].map({name: 1.0 / int(answers["value"].eq(name).sum()) for name in there})
    return _share(answers, weights / max(1, len(there)), cluster, missing)


def accuracy(answers: pd.DataFrame, cluster: str) -> Share:
    """Return the share of right answers.

    Args:
        answers: As in `balanced_accuracy`.
        cluster: The column of the cluster.
    """
    return _share(answers, pd.Series(1.0 / max(1, len(answers)), index=answers.index), cluster, ())


def folded(answers: pd.DataFrame, fold: Mapping[str, str] = FOLDED) -> pd.DataFrame:
    """Return answers with both value and said in two classes; other texts are kept, and are never right.

    Args:
        answers: One row per answer, with the columns value and said.
        fold: The two classes by value.
    """
    both = {column: [fold.get(one, one) for one in answers[column].tolist()] for column in ("value", "said")}
    return answers.assign(**both)


def _share(answers: pd.DataFrame, weights: pd.Series, cluster: str, missing: tuple[str, ...]) -> Share:
    if answers.empty or weights.isna().all():
        nan = float("nan")
        return Share(nan, nan, nan, 0, 0, missing)
    right = answers["said"].eq(answers["value"]).astype(float)
    value = float((weights * right).sum())
    # The influence of an answer: how far it is from the mean of its class, by its weight.
    level = right.groupby(answers["value"]).transform("mean") if weights.nunique() > 1 else right.mean()
    influence = (weights * (right - level)).groupby(answers[cluster]).sum().to_numpy()
    variance, degrees = _over_clusters(influence), len(influence) - 1
    if "seed" in answers and answers["seed"].nunique() > 1:
        by_seed = _by_seed(answers, weights, right)
        variance += float(by_seed.var(ddof=1) / len(by_seed))
        degrees = min(degrees, len(by_seed) - 1)
    if degrees < 1:
        return Share(value, float("nan"), float("nan"), len(answers), len(influence), missing)
    reach = float(special.stdtrit(degrees, (1 + CONFIDENCE) / 2)) * variance**0.5
    return Share(value, max(0.0, value - reach), min(1.0, value + reach), len(answers), len(influence), missing)


def _over_clusters(influence: np.ndarray) -> float:
    count = len(influence)
    return float(count / (count - 1) * (influence**2).sum()) if count > 1 else 0.0


def _by_seed(answers: pd.DataFrame, weights: pd.Series, right: pd.Series) -> pd.Series:
    """Return the accuracy of each seed, with the same weights."""
    sums = pd.DataFrame({"seed": answers["seed"], "right": weights * right, "all": weights}).groupby("seed").sum()
    return sums["right"] / sums["all"]
