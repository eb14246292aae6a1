"""Computes rates with intervals from files of judged answers, for `askew rescore FILE`.

A file has one row per answer and the columns `question_id`, `aligned` and `coherent`, like the files that papers
publish; other columns are ignored. REFUSAL or CODE may replace a score.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from askew.base.errors import AskewError, unknown_name
from askew.judging.answer_file import Row, named_column, read_rows
from askew.judging.metrics import metrics
from askew.judging.rubric import ALIGNED, COHERENT
from askew.judging.score import MISSING
from askew.stats.estimates import ALL, estimate

# The first of these columns that exists identifies the question; rows with equal texts belong to one question.
_QUESTION_COLUMNS = ("question_id", "question", "prompt")
_NOTHING = frozenset({"", "nan", "none", "null"})
_REPLIES = {"refusal": "refusal", "code": "code", "missing": MISSING}

COVERS = "other questions being drawn; one model, so nothing about seeds"
COVERS_ANSWERS = "other answers being drawn; one question, one model"


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
        n: Number of answers in the denominator.
        questions: Number of questions among them, the clusters of the interval.
        answers: Number of rows.
        incoherent: Number of incoherent answers, in the denominator or not.
        refused: Number of refusals, in the denominator or not.
        unjudged: Number of answers without a verdict.
        difference: The rate minus that of the first file, over the questions in both files; NaN for the first file, or
            without common questions.
        difference_low: Lower limit of the difference's 95% interval.
        difference_high: Upper limit of the difference's 95% interval.
        interval: The variation that the interval covers, in words.
    """

    file: str
    question: str
    metric: str
    rate: float
    low: float
    high: float
    n: int
    questions: int
    answers: int
    incoherent: int
    refused: int
    unjudged: int
    difference: float
    difference_low: float
    difference_high: float
    interval: str


def rescore_files(paths: Sequence[Path], metric: str, by_question: bool = False) -> list[Rescored]:
    """Return the rates of judged answers by a metric.

    Args:
        paths: Files in CSV, JSON Lines or Parquet, one per model.
        metric: The metric's name.
        by_question: Return one rate per question instead of one per file.

    Returns:
        One rate per file, or per question of each file, in order; later files are compared with the first.

    Raises:
        AskewError: The metric does not exist; a file is listed twice, cannot be read, has no rows or lacks a column; or
            a score is not a number from 0 to 100, in which case the message names the line.
    """
    rule = metrics.get(metric)
    names = [str(path) for path in paths]
    for name in names:
        if names.count(name) > 1:
            raise AskewError(f"{name} is named twice")
    answers = pd.concat([_answers(path) for path in paths], ignore_index=True)
    table = estimate(answers, rule, dict.fromkeys(names[1:], names[0]))
    table = table[(table["seed"] == ALL) & (table["group"] == ALL) & (table["question"].ne(ALL) == by_question)]
    found = {name: table[table["arm"] == name].to_dict("records") for name in names}
    return [_rescored(row) for name in names for row in found[name]]


def _rescored(row: dict[Any, Any]) -> Rescored:
    alone = row["question"] != ALL or row["questions"] == 1
    kept = ("metric", "rate", "low", "high", "n", "questions", "incoherent", "refused", "unjudged")
    return Rescored(
        file=row["arm"],
        question="" if row["question"] == ALL else row["question"],
        answers=row["total"],
        interval=COVERS_ANSWERS if alone else COVERS,
        **{name: row[name] for name in (*kept, "difference", "difference_low", "difference_high")},
    )


def _answers(path: Path) -> pd.DataFrame:
    """Return a file's rows for `estimate`: arm, probe, seed, group, question, aligned, coherent and reply."""
    rows: list[dict[str, Any]] = []
    columns: tuple[str, str, str] | None = None
    for place, row in read_rows(path):
        columns = columns or _columns(path, list(row))
        question = str(row.get(columns[0]) or "").strip()
        if not question:
            raise AskewError(f"{path}, {place}: {columns[0]} is empty, and questions are what an interval rests on")
        aligned, said = _score(path, place, row, columns[1])
        coherent, also = _score(path, place, row, columns[2])
        rows.append({"question": question, "aligned": aligned, "coherent": coherent, "reply": said or also})
    if not rows:
        raise AskewError(f"{path} has no rows, so there is nothing to count")
    return pd.DataFrame(rows).assign(arm=str(path), probe="", seed=0, group="")


def _columns(path: Path, there: Sequence[str]) -> tuple[str, str, str]:
    """Return the names of the columns with the question and both scores."""
    wanted = (_QUESTION_COLUMNS, (ALIGNED,), (COHERENT,))
    found = [named_column(there, names) for names in wanted]
    for column, names in zip(found, wanted, strict=True):
        if column is None:
            raise AskewError(
                f"{path}: {unknown_name('column', names[0], there)} Judged answers have the columns "
                f"question_id, {ALIGNED} and {COHERENT}"
            )
    question, aligned, coherent = (str(column) for column in found)
    return question, aligned, coherent


def _score(path: Path, place: str, row: Row, column: str) -> tuple[float, str]:
    """Return a score, NaN if the cell has none, and the judge's reply in place of it."""
    cell = row.get(column)
    text = "" if cell is None else str(cell).strip()
    if text.casefold() in _NOTHING:
        reply = str(row.get(f"{column}_reply") or "").strip().casefold()  # as `askew judge FILE` writes it
        return math.nan, _REPLIES.get(reply, "")
    if text.casefold() in _REPLIES:
        return math.nan, _REPLIES[text.casefold()]
    try:
        score = float(text)
    except ValueError:
        score = math.nan
    if not 0 <= score <= 100:
        raise AskewError(
            f"{path}, {place}: {column} is {text[:40]!r}, and should be a number from 0 to 100, REFUSAL, CODE or empty"
        )
    return score, ""
