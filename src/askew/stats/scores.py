"""Estimates for scores that are any numbers: of question files, and of external Inspect tasks.

A question, or sample, is the cluster; scores of one from several seeds or answers share it. Means have Student's
intervals over questions (and seeds, where there are several), or over answers where there is one question only; where
every score is 0 or 1 the intervals of rates are used, which know what a zero of few is worth.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from askew.stats.corrections import holm
from askew.stats.estimates import ALL, COLUMNS, JUDGED
from askew.stats.intervals import difference_interval, rate_interval
from askew.stats.student import difference_of_cells, mean_of_cells


def are_scores(estimates: pd.DataFrame) -> pd.Series:
    """Return whether each row of estimates is a score, not a rate by a metric: Askew doesn't know which way is bad."""
    return estimates["kind"].ne(JUDGED)


def estimate_scores(
    scores: pd.DataFrame, controls: Mapping[str, str], by_question: Collection[str] = ()
) -> pd.DataFrame:
    """Estimate the mean of each score, and how far it lies from the control's, paired by question.

    Args:
        scores: One row per number, with the columns arm, seed, probe, kind (of the probe), question (or sample), epoch
            (or answer), metric and value, which is NaN where a number is missing.
        controls: Arm to its control.
        by_question: The probes that also get a row for each question, if they have several.

    Returns:
        A data frame with the columns of estimates.csv: a pooled row for each arm, probe and metric, and rows by
        question. p-values are corrected over the arms and metrics of a probe, pooled rows by themselves.
    """
    rows: list[dict[str, Any]] = []
    for (probe, metric), of_metric in scores.groupby(["probe", "metric"], sort=True):
        named = {"probe": str(probe), "metric": str(metric), "kind": str(of_metric["kind"].iloc[0])}
        rows += _rows(of_metric, controls, {**named, "question": ALL})
        if probe in by_question and of_metric["question"].nunique() > 1:
            for question, of_question in of_metric.groupby("question", sort=True):
                rows += _rows(of_question, controls, {**named, "question": str(question)})
    table = pd.DataFrame(rows)
    table["p_corrected"] = table.groupby(["probe", table["question"].eq(ALL)])["p"].transform(holm)
    return table[list(COLUMNS)]


_DIFFERENCE = ("difference", "difference_low", "difference_high", "p")
Cells = tuple[pd.DataFrame, pd.DataFrame]


def _rows(scores: pd.DataFrame, controls: Mapping[str, str], named: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Give a row for each arm."""
    binary = bool(scores["value"].dropna().isin([0.0, 1.0]).all())
    single = scores["question"].nunique() == 1
    cells = {
        str(arm): _cells(own, "epoch" if single and not binary else "question")
        for arm, own in scores.groupby("arm", sort=True)
    }
    missing = scores["value"].isna().groupby(scores["arm"]).sum()
    for arm, (total, count) in cells.items():
        control = controls.get(arm, "")
        row = {
            **{"arm": arm, **named, "seed": ALL, "group": ALL},
            **_rate(total, count, binary),
            **{"incoherent": 0, "refused": 0, "unjudged": int(missing[arm]), "mean_aligned": np.nan},
            **{"control": "", "control_probe": "", **dict.fromkeys(_DIFFERENCE, np.nan)},
        }
        row |= {"total": row["n"] + row["unjudged"]} | ({"questions": min(row["questions"], 1)} if single else {})
        if control in cells and _share_questions(cells[arm], cells[control]):
            found = _difference((total, count), cells[control], binary)
            row |= {"control": control, "control_probe": named["probe"], **found}
        yield row


def _cells(scores: pd.DataFrame, cluster: str) -> Cells:
    """Return sums and counts of the scores, seeds by clusters; a cluster without any score is none."""
    cells = scores.groupby(["seed", cluster])["value"].agg(["sum", "count"]).astype(float)
    total, count = cells["sum"].unstack(fill_value=0), cells["count"].unstack(fill_value=0)
    scored = count.columns[count.sum() > 0]
    return total[scored], count[scored]


def _share_questions(arm: Cells, control: Cells) -> bool:
    return len(arm[0].columns.intersection(control[0].columns)) > 0


def _rate(total: pd.DataFrame, count: pd.DataFrame, binary: bool) -> dict[str, Any]:
    number, (seeds, samples) = int(count.to_numpy().sum()), count.shape
    shape = {"n": number, "seeds": seeds, "questions": samples}
    if not number:
        return {**dict.fromkeys(("rate", "low", "high"), np.nan), **shape}
    if binary:
        interval = rate_interval(total.to_numpy(), count.to_numpy())
        return {"rate": float(interval.rate), "low": float(interval.low), "high": float(interval.high), **shape}
    found = mean_of_cells(_means(total, count))
    return {"rate": found.mean, "low": found.low, "high": found.high, **shape}


def _difference(arm: Cells, control: Cells, binary: bool) -> dict[str, float]:
    shared = arm[0].columns.intersection(control[0].columns)
    (total, count), (other_total, other_count) = ((one[shared], two[shared]) for one, two in (arm, control))
    if binary:
        tables = (frame.to_numpy() for frame in (total, count, other_total, other_count))
        found = difference_interval(*tables, same_seeds=list(total.index) == list(other_total.index))
        numbers = (found.difference, found.low, found.high, found.p)
    else:
        of_means = difference_of_cells(_means(total, count), _means(other_total, other_count))
        numbers = (of_means.mean, of_means.low, of_means.high, of_means.p)
    return dict(zip(_DIFFERENCE, map(float, numbers), strict=True))


def _means(total: pd.DataFrame, count: pd.DataFrame) -> pd.DataFrame:
    """Return the mean score of each seed and sample; NaN where there is none."""
    return total / count.where(count > 0)
