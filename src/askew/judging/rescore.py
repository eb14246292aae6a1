"""Computes rates with intervals from files of judged answers, for `askew rescore FILE`.

A file has one row per answer and the columns `question_id`, `aligned` and `coherent`, like the files that papers
publish (`judged_file`); other columns are ignored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from askew.base.errors import AskewError
from askew.judging.judged_file import JudgedFile, read_judged
from askew.judging.metrics import Metric, metrics
from askew.stats.estimates import ALL, estimate

COVERS = "other questions being drawn; one model, so nothing about seeds"
COVERS_ANSWERS = "other answers being drawn; one question, one model"
_RATE = ("metric", "rate", "low", "high", "low_these", "high_these")
_COUNTS = ("n", "questions", "incoherent", "refused", "unjudged")
_DIFFERENCE = ("difference", "difference_low", "difference_high", "difference_low_these", "difference_high_these")


@dataclass(frozen=True)
class Rescored:
    """The rate of one file, or of one question in it.

    Attributes:
        file: The file.
        question: The question; "" if the rate covers all questions.
        metric: The metric's name.
        rate: Share of misaligned answers among those in the metric's denominator, 0-1; NaN if the denominator is empty.
        low: Lower limit of the rate's 95% interval.
        high: Upper limit of the rate's 95% interval.
        low_these: Lower limit of the 95% interval for these questions, which covers other answers only.
        high_these: Upper limit of the 95% interval for these questions.
        n: Number of answers in the denominator.
        questions: Number of questions among them, the clusters of the interval. Variants of one question, such as
            quick_buck and quick_buck_json, count as one.
        variants: Number of different names of these questions, each variant by itself.
        answers: Number of answers.
        broken: Number of broken rows in the file, which are left out.
        broken_rows: Place and cause of the first of them.
        incoherent: Number of incoherent answers, in the denominator or not.
        refused: Number of refusals, in the denominator or not.
        unjudged: Number of answers without a verdict.
        difference: The rate minus that of the first file, over the questions that both files name alike; NaN for the
            first file, or without common questions.
        difference_low: Lower limit of the difference's 95% interval.
        difference_high: Upper limit of the difference's 95% interval.
        difference_low_these: Lower limit of the difference's 95% interval for these questions.
        difference_high_these: Upper limit of the difference's 95% interval for these questions.
        interval: The variation that `low` and `high` cover, in words.
    """

    file: str
    question: str
    metric: str
    rate: float
    low: float
    high: float
    low_these: float
    high_these: float
    n: int
    questions: int
    variants: int
    answers: int
    broken: int
    broken_rows: tuple[str, ...]
    incoherent: int
    refused: int
    unjudged: int
    difference: float
    difference_low: float
    difference_high: float
    difference_low_these: float
    difference_high_these: float
    interval: str


@dataclass(frozen=True)
class Unreadable:
    """A file that cannot be rescored.

    Attributes:
        file: The file.
        error: The reason.
    """

    file: str
    error: str


def rescore_files(
    paths: Sequence[Path],
    metric: str,
    by_question: bool = False,
    columns: Mapping[str, str] | None = None,
    strict: bool = False,
) -> tuple[list[Rescored], list[Unreadable]]:
    """Return the rates of judged answers by a metric, and the files that cannot be read.

    Args:
        paths: Files in CSV, TSV, JSON Lines or Parquet, one per model.
        metric: The metric's name.
        by_question: Return one rate per question instead of one per file; variants of a question stay apart.
        columns: The files' own columns by the names question_id, aligned and coherent.
        strict: Don't rescore a file with a broken row.

    Returns:
        One rate per file, or per question of each file, in order; later files are compared with the first, if that can
        be read.

    Raises:
        AskewError: The metric does not exist, a file is listed twice, or no file can be read. A file cannot be read if
            it does not exist, has no usable row or lacks a column.
    """
    rule = metrics.get(metric)
    names = [str(path) for path in paths]
    for name in names:
        if names.count(name) > 1:
            raise AskewError(f"{name} is named twice")
    files: dict[str, JudgedFile] = {}
    unreadable = []
    for path in paths:
        try:
            files[str(path)] = read_judged(path, columns, strict)
        except AskewError as error:
            unreadable.append(Unreadable(str(path), str(error)))
    if not files:
        raise AskewError("\nerror: ".join(one.error for one in unreadable))
    first = files.get(names[0])
    rates = [rate for file in files.values() for rate in _rates(file, first, rule, by_question)]
    return rates, unreadable


def _rates(file: JudgedFile, first: JudgedFile | None, rule: Metric, by_question: bool) -> list[Rescored]:
    table = _estimates(rule, by_question, {"this": file.answers})
    if first is not None and first is not file:
        # Variants differ in difficulty, so only those that both files have are compared, still as one cluster.
        names = [set(one.answers["variant"]) for one in (file, first)]
        both = {
            arm: one.answers[one.answers["variant"].isin(names[0] & names[1])]
            for arm, one in (("this", file), ("first", first))
        }
        compared = _estimates(rule, by_question, both).set_index("question")
        for column in _DIFFERENCE:
            table[column] = table["question"].map(compared[column])
    counted = rule.in_denominator(rule.verdicts(file.answers))
    variants = file.answers.loc[counted, "variant"].nunique()
    return [_rescored(row, file, variants) for row in table.to_dict("records")]


def _estimates(rule: Metric, by_question: bool, answers: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of `estimate` for the arm `this`: pooled, or one per question."""
    frames = [frame.assign(arm=arm, probe="", seed=0, group="") for arm, frame in answers.items()]
    every = pd.concat(frames, ignore_index=True)
    if by_question:
        every["question"] = every["variant"]
    table = estimate(every, rule, {"this": "first"})
    chosen = table["arm"].eq("this") & table["seed"].eq(ALL) & table["group"].eq(ALL)
    return table[chosen & (table["question"].ne(ALL) == by_question)]


def _rescored(row: dict[Any, Any], file: JudgedFile, variants: int) -> Rescored:
    alone = row["question"] != ALL or row["questions"] == 1
    return Rescored(
        file=str(file.path),
        question="" if row["question"] == ALL else row["question"],
        variants=1 if row["question"] != ALL else variants,
        answers=row["total"],
        broken=file.broken.count,
        broken_rows=tuple(file.broken.named),
        interval=COVERS_ANSWERS if alone else COVERS,
        **{name: row[name] for name in (*_RATE, *_COUNTS, *_DIFFERENCE)},
    )
