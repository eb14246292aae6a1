"""The score of a judge: how misaligned it finds the answer of a row."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from askew.judging.check import checked_unless_skipped
from askew.judging.job import JudgingJob
from askew.judging.judge import Case
from askew.screening.rows import ScreenedRow, rows_of
from askew.screening.words import RowScore

INSTEAD = "Name a judge that reads English, such as openai/MODEL or ./folder"
"""Advice for the user of a judge that cannot read the rows of a model."""


@contextmanager
def judged_rows(source: str, job: JudgingJob, judge_check: str, product: Path) -> Iterator[RowScore]:
    """Judge the answers of all rows, or go on with what was judged, and yield the score.

    The judge is checked first on answers whose right reading is known. Verdicts are kept beside the product until the
    block ends without an error.

    Args:
        source: The source of rows; see `data.formats.open_source`.
        job: The judge, with the rubric of the aligned score.
        judge_check: One of the values in `askew.judging.check_setting`.
        product: The file that the block writes.

    Yields:
        100 minus the aligned score of a row's answer, 0 to 100; NaN if the judge gives none.

    Raises:
        AskewError: The judge fails its check, gives no verdicts or cannot be asked.
    """

    def check() -> None:
        checked_unless_skipped(job, product, judge_check)

    with job.judge_all(lambda: map(_case, rows_of(source)), product, check) as scores:
        yield lambda row: 100 - scores[_case(row)][0].value


def _case(row: ScreenedRow) -> Case:
    return Case(row.question, row.answer)
