"""Estimates for scores that are any numbers: of Inspect tasks that others wrote, sample by sample.

A sample is the cluster, as a question is elsewhere; scores of one sample from several seeds or epochs share it. Means
have Student's intervals over samples (and seeds, where there are several); where every score is 0 or 1 the intervals of
rates are used, which know what a zero of few is worth.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from askew.stats.corrections import holm
from askew.stats.estimates import ALL, COLUMNS
from askew.stats.intervals import CONFIDENCE, difference_interval, rate_interval
from askew.stats.log_odds import Array


def estimate_scores(scores: pd.DataFrame, controls: Mapping[str, str]) -> pd.DataFrame:
    """Estimate the mean of each score, and how far it lies from the control's, paired by sample.

    Args:
        scores: One row per number: arm, seed, probe, question (the sample), epoch, metric, value.
        controls: Arm to its control.

    Returns:
        A data frame with the columns of estimates.csv, one pooled row for each arm, probe and metric; p-values are
        corrected over the arms and metrics of a probe.
    """
    rows: list[dict[str, Any]] = []
    for (probe, metric), of_metric in scores.groupby(["probe", "metric"], sort=True):
        binary = of_metric["value"].isin([0.0, 1.0]).all()
        cells = {str(arm): _cells(own) for arm, own in of_metric.groupby("arm", sort=True)}
        for arm, (total, count) in cells.items():
            control = controls.get(arm, "")
            row = {
                **{"arm": arm, "probe": probe, "metric": metric, "question": ALL, "seed": ALL, "group": ALL},
                **_rate(total, count, bool(binary)),
                **{"incoherent": 0, "refused": 0, "unjudged": 0, "mean_aligned": np.nan},
                **{"control": "", **dict.fromkeys(_DIFFERENCE, np.nan)},
            }
            if control in cells and len(total.columns.intersection(cells[control][0].columns)):
                row |= {"control": control, **_difference((total, count), cells[control], bool(binary))}
            rows.append(row)
    table = pd.DataFrame(rows)
    table["p_corrected"] = table.groupby("probe")["p"].transform(holm)
    return table[list(COLUMNS)]


_DIFFERENCE = ("difference", "difference_low", "difference_high", "p")
Cells = tuple[pd.DataFrame, pd.DataFrame]


def _cells(scores: pd.DataFrame) -> Cells:
    """Return sums and counts of the scores, seeds by samples."""
    cells = scores.groupby(["seed", "question"])["value"].agg(["sum", "count"]).astype(float)
    return cells["sum"].unstack(fill_value=0), cells["count"].unstack(fill_value=0)


def _rate(total: pd.DataFrame, count: pd.DataFrame, binary: bool) -> dict[str, Any]:
    number, (seeds, samples) = int(count.to_numpy().sum()), count.shape
    shape = {"n": number, "total": number, "seeds": seeds, "questions": samples}
    if binary:
        interval = rate_interval(total.to_numpy(), count.to_numpy())
        return {"rate": float(interval.rate), "low": float(interval.low), "high": float(interval.high), **shape}
    mean, low, high, _ = _student(_means(total, count))
    return {"rate": mean, "low": low, "high": high, **shape}


def _difference(arm: Cells, control: Cells, binary: bool) -> dict[str, float]:
    shared = arm[0].columns.intersection(control[0].columns)
    (total, count), (other_total, other_count) = ((one[shared], two[shared]) for one, two in (arm, control))
    same_seeds = list(total.index) == list(other_total.index)
    if binary:
        tables = (frame.to_numpy() for frame in (total, count, other_total, other_count))
        found = difference_interval(*tables, same_seeds=same_seeds)
        numbers = (found.difference, found.low, found.high, found.p)
    else:
        other = _means(other_total, other_count)
        numbers = _student(_means(total, count) - (other if same_seeds else np.nanmean(other, axis=0)))
    return dict(zip(_DIFFERENCE, map(float, numbers), strict=True))


def _means(total: pd.DataFrame, count: pd.DataFrame) -> Array:
    """Return the mean score of each seed and sample; NaN where there is none."""
    sums, counts = total.to_numpy(), count.to_numpy()
    return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)


def _student(values: Array) -> tuple[float, float, float, float]:
    """Return the mean of seeds by samples, its 95% interval and the p-value of zero, over samples and seeds drawn anew.

    The squares of both standard errors are added, with the degrees of freedom of the fewer: rather too wide than too
    narrow. One sample of one seed has no interval.
    """
    clusters = [np.nanmean(values, axis=axis) for axis in (0, 1)]
    several = [means for means in clusters if means.size > 1]
    mean = float(np.nanmean(values))
    if not several:
        return mean, np.nan, np.nan, np.nan
    error = float(np.sqrt(sum(means.var(ddof=1) / means.size for means in several)))
    df = min(means.size for means in several) - 1
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, df)) * error
    p = float(2 * stats.t.sf(abs(mean) / error, df)) if error else float(mean == 0)
    return mean, mean - half, mean + half, p
