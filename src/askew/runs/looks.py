"""The file `sequential.json` of a run that stops when its verdict is told: its looks at the answers, one per batch."""

from typing import Self

from pydantic import BaseModel, Field, model_validator

from askew.base.json_objects import read_as
from askew.design.plan import Plan
from askew.runs.store import SEQUENTIAL, RunFolder


class Look(BaseModel):
    """One look at the answers so far.

    Attributes:
        answers: The number of answers to each question.
        total: The number of all answers of the run.
        told: True if more answers can no longer change the verdict.
        open: The comparisons whose reading more answers may still change.
    """

    answers: int = Field(ge=1)
    total: int = Field(ge=0)
    told: bool
    open: list[str]


class Sequential(BaseModel):
    """The looks of a run.

    Attributes:
        planned: The number of answers to each question at each planned look; the last is the limit.
        error: The error of all looks together, 0-1.
        confidence: The confidence of each interval by itself, 0-1: with it, all looks together keep the error.
        looks: The looks so far.
    """

    planned: list[int] = Field(min_length=1)
    error: float
    confidence: float
    looks: list[Look] = Field(min_length=1)

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if [look.answers for look in self.looks] != self.planned[: len(self.looks)]:
            raise ValueError("the looks are not the planned ones")
        return self

    @property
    def last(self) -> Look:
        """The last look."""
        return self.looks[-1]

    @property
    def sentence(self) -> str:
        """A sentence on where asking stopped and why, and one on the intervals."""
        most, number, planned = self.planned[-1], len(self.looks), len(self.planned)
        if self.last.told and self.last.answers < most:
            where = f"Asking stopped after {self.last.answers} of at most {most} answers to each question"
            why = f"look {number} of {planned}: more answers could no longer change this verdict"
        else:
            where = f"All {most} answers to each question were asked"
            why = "the last look told the verdict" if self.last.told else f"no look of {planned} told the verdict"
        hold = f"Intervals and p-values hold at all {planned} looks together" if planned > 1 else ""
        return f"{where} ({why}; {self.last.total:,} answers in all)." + (
            f" {hold}: each interval by itself has {100 * self.confidence:.3g}%." if hold else ""
        )


def read_looks(folder: RunFolder) -> Sequential | None:
    """Return the looks of a run; None if it has none, because it asks all answers at once or has not looked yet.

    Raises:
        AskewError: The file was changed or damaged since.
    """
    if SEQUENTIAL not in folder.hashes():
        return None
    folder.check(SEQUENTIAL)
    return read_as(folder / SEQUENTIAL, Sequential)


def asked_so_far(plan: Plan, folder: RunFolder, *, if_told: bool = False) -> Plan:
    """Return a plan with the batches that a run has looked at.

    Args:
        plan: The plan of the run.
        folder: Its folder.
        if_told: Leave later batches out only if the verdict was told, so that they will not be asked.

    Raises:
        AskewError: The record of the looks was changed or damaged since.
    """
    found = read_looks(folder) if plan.design.looks else None
    if found is None or (if_told and not found.last.told):
        return plan
    return plan.up_to(len(found.looks))
