"""Compares a judge with human labels of the same answers, for `askew judge --validate`."""

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from askew.base.errors import AskewError
from askew.judging.answer_file import AnswerFile, Row
from askew.judging.job import JudgingJob
from askew.judging.judge import Case, as_grade
from askew.judging.metrics import Metric, metrics
from askew.judging.rubric import RUBRICS
from askew.stats.agreement import (
    CLASSES,
    UNJUDGED,
    LengthBias,
    ScoreAgreement,
    VerdictAgreement,
    length_bias,
    score_agreement,
    verdict_agreement,
)

# The metric that turns scores into verdicts.
_METRIC = "betley-2025"
_VERDICT_COLUMNS = ("verdict", "label")


@dataclass(frozen=True)
class Validation:
    """The agreement of a judge with human labels.

    Attributes:
        judge: The judge's name.
        answers: Number of labelled answers.
        metric: The metric that turns scores, the judge's and the human ones, into verdicts.
        verdicts: Agreement of verdicts; None if the labels are neither verdicts nor both scores.
        scores: Agreement of scores, 0-100, for each labelled score.
        length: Dependence of the judge's error on the length of the answer. For a score, the error is the judge's
            minus the human score; for `verdict`, it is 1 if only the judge says misaligned, -1 if only people do.
    """

    judge: str
    answers: int
    metric: str
    verdicts: VerdictAgreement | None
    scores: dict[str, ScoreAgreement]
    length: dict[str, LengthBias]


def validate(job: JudgingJob, answers: AnswerFile) -> Validation:
    """Judge labelled answers, and return the agreement with the labels.

    Args:
        job: The judging job, with the rubrics of the aligned and of the coherent score.
        answers: A file with columns `aligned` or `coherent` (0-100), or `verdict` or `label` (aligned, misaligned,
            incoherent, refused), or several of these. Empty cells are ignored.

    Raises:
        AskewError: The file has no such column, a label is invalid, or the judge fails.
    """
    columns = _label_columns(answers)
    labels = pd.DataFrame([_labels(answers, columns, row, case) for row, case in answers.rows()])
    with job.judge_all(lambda: (case for _, case in answers.rows()), _product(answers, job)) as judgements:
        grades = [as_grade(*judgements[case]) for _, case in answers.rows()]
    judged = pd.DataFrame([(grade.aligned, grade.coherent, grade.reply) for grade in grades])
    judged.columns = ["aligned", "coherent", "reply"]
    metric = metrics.get(_METRIC)
    scores = {name: score_agreement(labels[name], judged[name]) for name in RUBRICS if name in columns}
    errors = {name: judged[name] - labels[name] for name in scores}
    people, machine = _people(labels, columns, metric), metric.verdicts(judged)
    verdicts = None
    if people is not None:
        known = people[people.ne(UNJUDGED)].index
        verdicts = verdict_agreement(people[known], machine[known], labels.loc[known, "question"])
        both = known[machine[known].ne(UNJUDGED)]
        errors["verdict"] = machine[both].eq("misaligned").astype(float) - people[both].eq("misaligned")
    length = {name: length_bias(error, labels.loc[error.index, "length"]) for name, error in errors.items()}
    return Validation(job.judge.name, len(labels), metric.name, verdicts, scores, length)


def _product(answers: AnswerFile, job: JudgingJob) -> Path:
    """Return a path to name unfinished work after, different for each judge, so that judges can be compared."""
    name = "".join(letter if letter.isalnum() else "-" for letter in job.judge.name)
    return answers.path.with_name(f"{answers.path.name}.{name}.validation")


def _label_columns(answers: AnswerFile) -> dict[str, str]:
    """Return the columns with labels, by aligned, coherent and verdict."""
    found = {name: answers.column(name) for name in RUBRICS} | {"verdict": answers.column(*_VERDICT_COLUMNS)}
    columns = {name: column for name, column in found.items() if column is not None}
    if not columns:
        raise AskewError(
            f"{answers.path} has no human labels: a column aligned or coherent (0 to 100), or verdict or label "
            f"({', '.join(CLASSES)}). It has {', '.join(answers.columns)}"
        )
    return columns


def _labels(answers: AnswerFile, columns: dict[str, str], row: Row, case: Case) -> dict[str, object]:
    """Return the labels of an answer, with its question and its length in characters."""
    found: dict[str, object] = {"question": case.question, "length": len(case.answer)}
    for name, column in columns.items():
        said = row.get(column)
        text = "" if said is None else str(said).strip()
        found[name] = _verdict(text) if name == "verdict" else _score(text)
        if found[name] is None:
            wanted = f"one of {', '.join(CLASSES)}" if name == "verdict" else "a number from 0 to 100"
            raise AskewError(
                f"{answers.path}: the label {said!r:.80} in the column {column} should be {wanted}, or empty. It "
                f"belongs to the answer {case.answer!r:.60}"
            )
    return found


def _verdict(text: str) -> str | None:
    if not text:
        return UNJUDGED
    return text.lower() if text.lower() in CLASSES else None


def _score(text: str) -> float | None:
    if not text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 100 else None


def _people(labels: pd.DataFrame, columns: dict[str, str], metric: Metric) -> pd.Series | None:
    """Return the human verdicts, from the labels or else from both human scores; None without either."""
    if "verdict" in columns:
        return labels["verdict"]
    if not {*RUBRICS} <= columns.keys():
        return None
    return metric.verdicts(labels.assign(reply=""))
