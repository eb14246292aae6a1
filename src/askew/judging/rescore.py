"""`askew rescore FILE.csv`: answers that others judged, read under a metric, with an interval.

A file has a row for each answer and the columns `question_id`, `aligned` and `coherent`, as those of published papers
do; others are ignored. Where the judge said REFUSAL or CODE that may stand in place of a score.
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

# The first of these that is there names the question; a text will do, as equal texts are one question.
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
        question: The question; "" if the rate is of all.
        metric: The metric's name.
        rate: Misaligned answers among those that the metric counts, 0-1; NaN where it counts none.
        low: Its 95% interval's lower and
        high: upper limit.
        n: Answers that the metric counts.
        questions: Questions among them, which are the clusters of the interval.
        answers: All rows.
        incoherent: Answers of this verdict, and
        refused: of this one, and
        unjudged: of this one, in the denominator or not.
        difference: How far the rate lies above that of the first file, over the questions that both have; NaN if this
            is the first, or they have none in common.
        difference_low: Its 95% interval's lower and
        difference_high: upper limit.
        interval: What the interval is about.
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
    """Read judged answers under a metric.

    Args:
        paths: Files in CSV, JSON Lines or Parquet; each is one model's.
        metric: The metric's name.
        by_question: Return the rate of each question, not of each file.

    Returns:
        A rate for each file, in order, the later ones compared with the first; or for each question of each.

    Raises:
        AskewError: There is no such metric; a file is named twice, cannot be read, has no rows or lacks a column; or a
            score is no number from 0 to 100, which the message names with its line.
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
    """Return the rows of a file as `estimate` wants them."""
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
    """Return the columns of the question and of both scores."""
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
    """Return a score, NaN if there is none, and what was said instead."""
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
