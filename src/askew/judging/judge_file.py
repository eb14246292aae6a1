"""`askew judge FILE`: answers from anywhere are graded, and written back with what the judge thinks of them."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.judging.answer_file import AnswerFile, Row, check_can_be_written, write_rows
from askew.judging.job import JudgingJob
from askew.judging.judgement_store import JudgementStore
from askew.judging.rubric import Rubric
from askew.judging.score import Score


@dataclass
class RubricSummary:
    """What a judge thinks of all answers, by one rubric.

    Attributes:
        rubric: The rubric's name.
        judged: Answers with a score, or with a word.
        mean: Mean of the scores, 0-100; None under a rubric of words, or without any.
        words: Under a rubric of words, how many answers are of each.
        replies: What was said instead, and how often: refusal, code, missing.
        scored_by: How many answers were judged in which way: logprobs, samples.
    """

    rubric: str
    judged: int = 0
    mean: float | None = None
    words: Counter[str] = field(default_factory=Counter)
    replies: Counter[str] = field(default_factory=Counter)
    scored_by: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class FileSummary:
    """What became of a file.

    Attributes:
        out: The judged file.
        judge: The judge's name.
        answers: Rows.
        different: Different answers, each of which was judged once.
        rubrics: What the judge thinks.
    """

    out: Path
    judge: str
    answers: int
    different: int
    rubrics: list[RubricSummary]


def judge_file(job: JudgingJob, answers: AnswerFile, out: Path | None = None) -> FileSummary:
    """Have the answers in a file graded, and write the file with columns added.

    For each rubric there is a column of its name with the score or word, one of its name and `_probability` with that
    of the word, one of its name and `_reply` with what the judge said instead of a number, and one of its name and
    `_scored_by`.

    Args:
        job: The judge.
        answers: The file.
        out: Where to; None is beside the file, as NAME.judged.csv.

    Raises:
        AskewError: `out` exists, a column that would be added does, a row lacks something, or the judge cannot judge.
    """
    out = out or answers.path.with_name(f"{answers.path.stem}.judged.csv")
    check_can_be_written(out)
    added = [column for rubric in job.rubrics for column in _columns(rubric)]
    columns = _columns_of(answers, added)
    sums = [RubricSummary(rubric.name) for rubric in job.rubrics]
    totals = [0.0 for _ in sums]
    with job.judge_all(lambda: (case for _, case in answers.rows()), out) as judgements:
        write_rows(out, [*columns, *added], _judged(answers, job, judgements, sums, totals))
    for summary, total in zip(sums, totals, strict=True):
        if summary.judged and not summary.words:
            summary.mean = total / summary.judged
    rows = sum(sums[0].scored_by.values())
    return FileSummary(out, job.judge.name, rows, len(judgements), sums)


def _columns_of(answers: AnswerFile, added: list[str]) -> list[str]:
    """Return all columns of a file, having read all of it."""
    columns = dict.fromkeys(answers.columns)
    for row, _ in answers.rows():
        columns.update(dict.fromkeys(row))
    for name in added:
        if name in columns:
            raise AskewError(
                f"{answers.path} has a column {name!r} already, and the judge's would take its place: rename it, or "
                "say --validate if it holds labels of people"
            )
    return list(columns)


def _judged(
    answers: AnswerFile, job: JudgingJob, judgements: JudgementStore, sums: list[RubricSummary], totals: list[float]
) -> Iterator[Row]:
    """Give each row with its judgement, and count."""
    for row, case in answers.rows():
        judged = dict(row)
        for i, (rubric, score) in enumerate(zip(job.rubrics, judgements[case], strict=True)):
            judged.update(zip(_columns(rubric), _cells(rubric, score), strict=True))
            sums[i].scored_by[score.scored_by] += 1
            if score.reply:
                sums[i].replies[score.reply] += 1
                continue
            sums[i].judged += 1
            totals[i] += score.value
            if rubric.words:
                sums[i].words[score.word] += 1
        yield judged


def _columns(rubric: Rubric) -> list[str]:
    extra = "probability" if rubric.words else "reply"
    return [rubric.name, f"{rubric.name}_{extra}", f"{rubric.name}_scored_by"]


def _cells(rubric: Rubric, score: Score) -> list[Any]:
    value = None if math.isnan(score.value) else round(score.value, 4)
    if rubric.words:
        return [score.word or score.reply, value, score.scored_by]
    return [value, score.reply, score.scored_by]
