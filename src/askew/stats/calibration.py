"""Calibration: how far probabilities that a model gives to a few classes agree with how often they are right."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from askew.stats.variance import CONFIDENCE

BINS = 10


def brier(shares: pd.DataFrame, value: pd.Series) -> pd.Series:
    """Return the Brier score of each answer: the squared distance of the probabilities from the truth, 0 to 2.

    Always saying that each of four classes is as likely gives 0.75. Brier 1950 (Monthly Weather Review 78).

    Args:
        shares: The columns are the classes, with their probabilities (0-1).
        value: The right class of each row.
    """
    truth = pd.DataFrame({name: value.eq(name).astype(float) for name in shares.columns}, index=shares.index)
    return ((shares - truth) ** 2).sum(axis=1, skipna=False)


def reliability(confidence: pd.Series, right: pd.Series, bins: int = BINS) -> pd.DataFrame:
    """Return how often answers of a certain confidence are right.

    Args:
        confidence: The probability of the answered class (0-1); rows without one are left out.
        right: Whether the answer is right.
        bins: The number of bins of equal width.

    Returns:
        One row per bin that holds answers, with the columns confidence (its mean), right (the share), low, high (95%,
        Wilson) and n.
    """
    known = confidence.notna()
    place = np.minimum((confidence[known] * bins).astype(int), bins - 1)
    rows = []
    for _, own in pd.DataFrame({"c": confidence[known], "r": right[known].astype(float)}).groupby(place):
        interval = stats.binomtest(int(own["r"].sum()), len(own)).proportion_ci(CONFIDENCE, method="wilson")
        rows.append((own["c"].mean(), own["r"].mean(), interval.low, interval.high, len(own)))
    return pd.DataFrame(rows, columns=["confidence", "right", "low", "high", "n"])


def calibration_error(table: pd.DataFrame) -> float:
    """Return the mean gap between confidence and the share of right answers, weighted by answers (0-1).

    Args:
        table: The columns of `reliability`.
    """
    if table.empty:
        return float("nan")
    return float(np.average((table["confidence"] - table["right"]).abs(), weights=table["n"]))


def selective(confidence: pd.Series, right: pd.Series, coverages: Sequence[float]) -> pd.DataFrame:
    """Return the accuracy among the most confident answers.

    Ties in confidence are broken by the order of the rows. El-Yaniv and Wiener 2010 (JMLR 11).

    Args:
        confidence: The probability of the answered class (0-1); rows without one come last.
        right: Whether the answer is right.
        coverages: The shares of answers to keep (0-1).

    Returns:
        The columns coverage, right (a share) and n (the answers kept).
    """
    order = confidence.fillna(-1.0).sort_values(ascending=False, kind="stable").index
    hits = right.loc[order].astype(float).to_numpy()
    kept = [max(1, round(share * len(hits))) for share in coverages] if len(hits) else []
    rows = [(share, hits[:n].mean(), n) for share, n in zip(coverages, kept, strict=False)]
    return pd.DataFrame(rows, columns=["coverage", "right", "n"])
