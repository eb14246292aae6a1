"""Numeric scores of question files and external Inspect tasks: from numbers and words to means with 95% intervals.

Questions (of a task: samples) are clusters: scores of one question from several seeds or answers are not independent.
A mean has Student's interval over questions and, where there are several, seeds; with a single question, over its
answers. Where every score is 0 or 1, the intervals are those of rates, which stay honest where few or no answers score.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from askew.stats.corrections import holm
from askew.stats.estimates import ALL, COLUMNS, JUDGED, ONCE
from askew.stats.intervals import (
    difference_interval,
    difference_interval_these,
    rate_interval,
    rate_interval_these,
)
from askew.stats.means import difference_of_cells, mean_of_cells

MOST_WORDS = 8
"""Number of words of one score that get a score of their own; rarer words are counted together as `OTHERS`."""

OTHERS = "(others)"

_ANSWER = ["arm", "seed", "probe", "question", "epoch"]
# The probabilities of an answer's tokens may fall short of 1 by this much through rounding alone.
_ROUNDING = 1e-6

_RATE = ("rate", "low", "high", "low_these", "high_these")
_DIFFERENCE = (
    *("difference", "difference_low", "difference_high", "p"),
    *("difference_low_these", "difference_high_these", "p_these"),
)
Cells = tuple[pd.DataFrame, pd.DataFrame]
"""Sums and counts of scores, each a frame of seeds (rows) by clusters (columns)."""


def are_scores(estimates: pd.DataFrame) -> pd.Series:
    """Return for each row of estimates whether it is a score instead of a rate of misaligned answers.

    Askew doesn't know whether a higher score is better.

    Args:
        estimates: Rows of `estimates.csv`, with the column kind.
    """
    return estimates["kind"].ne(JUDGED)


def as_scores(found: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers and words of answers as scores between 0 and 1.

    A number becomes a fraction. A word becomes one score per distinct word: 1 in an answer with that word and 0 in an
    answer with another one, or the word's probability where it is known. The words are chosen over all arms of a probe,
    so that every arm has the same scores.

    Args:
        found: One row per answer and score, with the columns arm, seed, probe, question, epoch, score (its name),
            number (0-100, NaN if missing) and word (None if the score is a number, "" if the answer has no word). An
            answer with probabilities of words has one row per word, with the probability in percent as its number.

    Returns:
        The columns arm, seed, probe, question, epoch, metric (the score's name, followed by the word if there is one:
        `company: openai`) and value (0-1, NaN if missing). Other columns of `found`, such as kind, are kept.
    """
    is_number = found["word"].isna()
    numbers = found[is_number]
    parts = [numbers.assign(metric=numbers["score"], value=numbers["number"] / 100)]
    for _, of_score in found[~is_number].groupby(["probe", "score"], sort=True):
        parts += _word_shares(of_score)
    return pd.concat(parts, ignore_index=True).drop(columns=["score", "number", "word"])


def estimate_scores(
    scores: pd.DataFrame,
    controls: Mapping[str, str],
    by_question: Collection[str] = (),
    looks: Mapping[str, int] = ONCE,
) -> pd.DataFrame:
    """Return the mean of each score, and its difference from the control's, paired by question.

    Args:
        scores: One row per score of an answer, with the columns arm, seed, probe, kind (of the probe), question (of a
            task: the sample), epoch (number of the answer), metric (the score's name), value (NaN where missing) and,
            where it is known, no_answer: is there no answer that could have a score?
        controls: Arm to its control.
        by_question: Probes that also get a row per question, if they have several questions.
        looks: Probe to the number of planned looks at its answers, at each of which the intervals and p-values hold;
            1 for a probe that is not there.

    Returns:
        A data frame with the columns of `estimates.csv`: a pooled row per arm, probe and metric, then the rows per
        question. p-values are corrected over the arms and metrics of a probe; the pooled rows and the rows per question
        are separate families.
    """
    rows: list[dict[str, Any]] = []
    for (probe, metric), of_metric in scores.groupby(["probe", "metric"], sort=True):
        named = {"probe": str(probe), "metric": str(metric), "kind": str(of_metric["kind"].iloc[0])}
        often = looks.get(str(probe), 1)
        rows += _rows(of_metric, controls, {**named, "question": ALL}, often)
        if probe in by_question and of_metric["question"].nunique() > 1:
            for question, of_question in of_metric.groupby("question", sort=True):
                rows += _rows(of_question, controls, {**named, "question": str(question)}, often)
    table = pd.DataFrame(rows)
    for p in ("p", "p_these"):
        table[f"{p}_corrected"] = table.groupby(["probe", table["question"].eq(ALL)])[p].transform(holm)
    return table[list(COLUMNS)]


def _word_shares(found: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the rows of each word of one score; a single score without values if no answer has a word."""
    answers = found.drop_duplicates(_ANSWER)
    if answers["word"].eq("").all():
        return [answers.assign(metric=found["score"], value=float("nan"))]
    weights = found.assign(weight=found["number"].div(100).fillna(1.0))[found["word"].ne("")]
    total = weights.groupby("word")["weight"].sum().rename("weight").reset_index()
    kept = list(total.sort_values(["weight", "word"], ascending=[False, True])["word"].head(MOST_WORDS))
    shares = weights.pivot_table(index=_ANSWER, columns="word", values="weight", aggfunc="sum", fill_value=0.0)[kept]
    rest = 1 - shares.sum(axis=1)
    if (rest > _ROUNDING).any():
        shares[OTHERS] = rest.clip(lower=0.0)
    shares = shares.reindex(pd.MultiIndex.from_frame(answers[_ANSWER]))
    return [
        answers.assign(metric=f"{found['score'].iloc[0]}: {name}", value=shares[name].to_numpy()) for name in shares
    ]


def _rows(
    scores: pd.DataFrame, controls: Mapping[str, str], named: Mapping[str, str], looks: int
) -> Iterator[dict[str, Any]]:
    """Yield one row of estimates per arm."""
    binary = bool(scores["value"].dropna().isin([0.0, 1.0]).all())
    single = scores["question"].nunique() == 1
    cells = {
        str(arm): _cells(own, "epoch" if single and not binary else "question")
        for arm, own in scores.groupby("arm", sort=True)
    }
    missing = scores["value"].isna().groupby(scores["arm"]).sum()
    is_none = scores["no_answer"] if "no_answer" in scores else scores["value"].isna() & False
    no_answers = is_none.groupby(scores["arm"]).sum()
    for arm, (total, count) in cells.items():
        control = controls.get(arm, "")
        row = {
            **{"arm": arm, **named, "seed": ALL, "group": ALL},
            **_rate(total, count, binary, looks),
            **{"incoherent": 0, "refused": 0, "unjudged": int(missing[arm]), "mean_aligned": np.nan},
            "no_answer": int(no_answers[arm]),
            **{"control": "", "control_probe": "", **dict.fromkeys(_DIFFERENCE, np.nan)},
        }
        row |= {"total": row["n"] + row["unjudged"]} | ({"questions": min(row["questions"], 1)} if single else {})
        if control in cells and _share_questions(cells[arm], cells[control]):
            found = _difference((total, count), cells[control], binary, looks)
            row |= {"control": control, "control_probe": named["probe"], **found}
        yield row


def _cells(scores: pd.DataFrame, cluster: str) -> Cells:
    """Return the sums and counts of scores; clusters without a score are left out."""
    cells = scores.groupby(["seed", cluster])["value"].agg(["sum", "count"]).astype(float)
    total, count = cells["sum"].unstack(fill_value=0), cells["count"].unstack(fill_value=0)
    scored = count.columns[count.sum() > 0]
    return total[scored], count[scored]


def _share_questions(arm: Cells, control: Cells) -> bool:
    return len(arm[0].columns.intersection(control[0].columns)) > 0


def _rate(total: pd.DataFrame, count: pd.DataFrame, binary: bool, looks: int) -> dict[str, Any]:
    number, (seeds, samples) = int(count.to_numpy().sum()), count.shape
    shape = {"n": number, "seeds": seeds, "questions": samples}
    if not number:
        return {**dict.fromkeys(_RATE, np.nan), **shape}
    if binary:
        counts = total.to_numpy(), count.to_numpy()
        interval, these = rate_interval(*counts, looks=looks), rate_interval_these(*counts, looks=looks)
        numbers = (interval.rate, interval.low, interval.high, these.low, these.high)
    else:
        found = replace(mean_of_cells(_means(total, count)), looks=looks)
        numbers = (found.mean, found.low, found.high, found.low_these, found.high_these)
    return {**dict(zip(_RATE, map(float, numbers), strict=True)), **shape}


def _difference(arm: Cells, control: Cells, binary: bool, looks: int) -> dict[str, float]:
    shared = arm[0].columns.intersection(control[0].columns)
    (total, count), (other_total, other_count) = ((one[shared], two[shared]) for one, two in (arm, control))
    if binary:
        tables = [frame.to_numpy() for frame in (total, count, other_total, other_count)]
        found = difference_interval(*tables, same_seeds=list(total.index) == list(other_total.index), looks=looks)
        these = difference_interval_these(*tables, looks=looks)
        numbers = (found.difference, found.low, found.high, found.p, these.low, these.high, these.p)
    else:
        of_means = replace(difference_of_cells(_means(total, count), _means(other_total, other_count)), looks=looks)
        numbers = (of_means.mean, of_means.low, of_means.high, of_means.p)
        numbers += (of_means.low_these, of_means.high_these, of_means.p_these)
    return dict(zip(_DIFFERENCE, map(float, numbers), strict=True))


def _means(total: pd.DataFrame, count: pd.DataFrame) -> pd.DataFrame:
    """Return the mean score of each seed and cluster; NaN where a cell has no score."""
    return total / count.where(count > 0)
