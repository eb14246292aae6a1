"""Compares a judge with human labels of the same answers, for `askew judge --validate`."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from askew.base.errors import AskewError
from askew.judging.answer_file import AnswerFile
from askew.judging.job import JudgingJob
from askew.judging.judge import Case, as_grade
from askew.judging.judged_file import cell_text, score_in
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
        broken: Number of broken rows, which are left out: those that cannot be read, those without an answer, and those
            with a label that is none.
        broken_rows: Place and cause of the first of them.
        metric: The metric that turns scores, the judge's and the human ones, into verdicts.
        verdicts: Agreement of verdicts; None if the labels are neither verdicts nor both scores.
        scores: Agreement of scores, 0-100, for each labelled score.
        length: Dependence of the judge's error on the length of the answer. For a score, the error is the judge's
            minus the human score; for `verdict`, it is 1 if only the judge says misaligned, -1 if only people do.
    """

    judge: str
    answers: int
    broken: int
    broken_rows: tuple[str, ...]
    metric: str
    verdicts: VerdictAgreement | None
    scores: dict[str, ScoreAgreement]
    length: dict[str, LengthBias]


def validate(job: JudgingJob, answers: AnswerFile) -> Validation:
    """Judge labelled answers, and return the agreement with the labels.

    Args:
        job: The judging job, with the rubrics of the aligned and of the coherent score.
        answers: A file with columns `aligned` or `coherent` (0-100), or `verdict` or `label` (aligned, misaligned,
            incoherent, refused), or several of these. Empty cells and N/A are ignored.

    Raises:
        AskewError: The file has no such column, no row with a valid label, or it was opened strictly and has a row with
            an invalid one; or the judge fails.
    """
    labels, cases = _labelled(answers)
    with job.judge_all(lambda: iter(cases), _product(answers, job)) as judgements:
        grades = [as_grade(*judgements[case]) for case in cases]
    judged = pd.DataFrame([(grade.aligned, grade.coherent, grade.reply) for grade in grades])
    judged.columns = ["aligned", "coherent", "reply"]
    metric = metrics.get(_METRIC)
    scores = {name: score_agreement(labels[name], judged[name]) for name in RUBRICS if name in labels}
    errors = {name: judged[name] - labels[name] for name in scores}
    people, machine = _people(labels, metric), metric.verdicts(judged)
    verdicts = None
    if people is not None:
        known = people[people.ne(UNJUDGED)].index
        verdicts = verdict_agreement(people[known], machine[known], labels.loc[known, "question"])
        both = known[machine[known].ne(UNJUDGED)]
        errors["verdict"] = machine[both].eq("misaligned").astype(float) - people[both].eq("misaligned")
    length = {name: length_bias(error, labels.loc[error.index, "length"]) for name, error in errors.items()}
    broken = answers.broken
    return Validation(job.name, len(labels), broken.count, tuple(broken.named), metric.name, verdicts, scores, length)


def _product(answers: AnswerFile, job: JudgingJob) -> Path:
    """Return a path to name unfinished work after, different for each judge, so that judges can be compared."""
    name = "".join(letter if letter.isalnum() else "-" for letter in job.name)
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


def _labelled(answers: AnswerFile) -> tuple[pd.DataFrame, list[Case]]:
    """Return the labels of each answer, with its question and its length in characters, and the answers."""
    columns = _label_columns(answers)
    labels: list[dict[str, object]] = []
    cases: list[Case] = []
    for place, row, case in answers.rows():
        # Without a label, a judge's score would be compared with nothing.
        if case is None or not any(cell_text(row.get(column)) for column in columns.values()):
            continue
        try:
            found = {name: _label(name, row.get(column), column) for name, column in columns.items()}
        except ValueError as error:
            answers.broken(place, str(error))
            continue
        labels.append({"question": case.question, "length": len(case.answer), **found})
        cases.append(case)
    if not cases and answers.broken.count:
        raise answers.broken.none_left("so there is nothing to compare")
    if not cases:
        raise AskewError(
            f"{answers.path} has no labelled answers: every cell of {' and '.join(columns.values())} is empty"
        )
    return pd.DataFrame(labels), cases


def _label(name: str, said: object, column: str) -> str | float:
    """Return a label: a verdict, or a score from 0 to 100; `UNJUDGED` or NaN if the cell is empty.

    Raises:
        ValueError: It is neither; the message says so.
    """
    text = cell_text(said)
    if name == "verdict":
        if text and text.lower() not in CLASSES:
            raise ValueError(f"the label {said!r:.80} in the column {column} should be one of {', '.join(CLASSES)}")
        return text.lower() or UNJUDGED
    try:
        return score_in(text)
    except ValueError:
        raise ValueError(
            f"the label {said!r:.80} in the column {column} should be a number from 0 to 100, or empty"
        ) from None


def _people(labels: pd.DataFrame, metric: Metric) -> pd.Series | None:
    """Return the human verdicts, from the labels or else from both human scores; None without either."""
    if "verdict" in labels:
        return labels["verdict"]
    if not {*RUBRICS} <= {*labels}:
        return None
    return metric.verdicts(labels.assign(reply=""))
