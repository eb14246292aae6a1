"""Judges a file of answers for `askew judge FILE`, and writes it back with the judge's scores in added columns."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.judging.answer_file import AnswerFile, check_can_be_written, write_rows
from askew.judging.answer_rows import Row
from askew.judging.check import checked_unless_skipped
from askew.judging.check_result import JudgeCheck
from askew.judging.check_setting import STOP
from askew.judging.job import JudgingJob
from askew.judging.judgement_store import JudgementStore
from askew.judging.rubric import ALIGNED, Rubric, rubric
from askew.judging.score import MISSING, Score


@dataclass
class RubricSummary:
    """Counts and mean of a judge's scores by one rubric.

    Attributes:
        rubric: The rubric's name.
        judged: Number of answers with a score or a word.
        mean: Mean score, 0-100; None if the rubric lists words or no answer has a score.
        words: Number of answers per word, if the rubric lists words.
        replies: Number of answers per reply in place of a verdict: refusal, code, missing.
        scored_by: Number of answers per way of scoring: logprobs, samples.
    """

    rubric: str
    judged: int = 0
    mean: float | None = None
    words: Counter[str] = field(default_factory=Counter)
    replies: Counter[str] = field(default_factory=Counter)
    scored_by: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class FileSummary:
    """The result of judging a file.

    Attributes:
        out: The judged file.
        judge: The judge's name.
        answers: Number of judged rows.
        broken: Number of broken rows. Those without an answer are in the judged file, with the reply `missing`; those
            that cannot be read are not.
        broken_rows: Place and cause of the first of them.
        different: Number of different answers, each of which was judged once.
        rubrics: A summary per rubric.
        check: How well the judge reads answers whose right reading is known; None if it was not checked now.
        reused: Number of judgements, one per different answer and rubric, taken from those that runs share.
    """

    out: Path
    judge: str
    answers: int
    broken: int
    broken_rows: tuple[str, ...]
    different: int
    rubrics: list[RubricSummary]
    check: JudgeCheck | None = None
    reused: int = 0


def judge_file(job: JudgingJob, answers: AnswerFile, out: Path | None = None, judge_check: str = STOP) -> FileSummary:
    """Judge the answers in a file, and write the file with added columns.

    For a rubric NAME that asks for a number the columns are NAME (0-100, empty without a score), NAME_reply (the reply
    in place of a number) and NAME_scored_by; for one that lists words they are NAME (the word), NAME_probability (0-1)
    and NAME_scored_by.

    Args:
        job: The judging job.
        answers: The file.
        out: The new file; None writes NAME.judged.csv beside the file.
        judge_check: One of the values in `askew.judging.check_setting`; the check is by the rubric `aligned`.

    Raises:
        AskewError: `out` or an added column exists already, or the judge fails, or fails its check.
    """
    out = out or answers.path.with_name(f"{answers.path.stem}.judged.csv")
    check_can_be_written(out)
    added = [column for one in job.rubrics for column in _columns(one)]
    _check_new(answers, added)
    sums = [RubricSummary(one.name) for one in job.rubrics]
    totals = [0.0 for _ in sums]
    checks: list[JudgeCheck | None] = [None]

    def check() -> None:
        checks.append(checked_unless_skipped(job, out, judge_check, rubric(ALIGNED)))

    with job.judge_all(answers.cases, out, check) as judgements:
        write_rows(out, [*answers.columns, *added], _judged(answers, job, judgements, sums, totals))
    for summary, total in zip(sums, totals, strict=True):
        if summary.judged and not summary.words:
            summary.mean = total / summary.judged
    rows, broken = sum(sums[0].scored_by.values()), answers.broken
    return FileSummary(
        *(out, job.name, rows, broken.count, tuple(broken.named), len(judgements), sums, checks[-1]),
        reused=judgements.reuse.reused,
    )


def _check_new(answers: AnswerFile, added: list[str]) -> None:
    """Check that a file has none of the columns that are added to it."""
    for name in added:
        if name in answers.columns:
            raise AskewError(
                f"{answers.path} already has a column {name!r}, which the judge's scores would replace: rename it, or "
                "add --validate if it holds human labels"
            )


def _judged(
    answers: AnswerFile, job: JudgingJob, judgements: JudgementStore, sums: list[RubricSummary], totals: list[float]
) -> Iterator[Row]:
    """Yield each row with its scores added, and count them in `sums` and `totals`."""
    for _, row, case in answers.rows():
        judged = dict(row)
        if case is None:
            for rubric, summary in zip(job.rubrics, sums, strict=True):
                cells = [MISSING, None, ""] if rubric.words else [None, MISSING, ""]
                judged.update(zip(_columns(rubric), cells, strict=True))
                summary.replies[MISSING] += 1
            yield judged
            continue
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
