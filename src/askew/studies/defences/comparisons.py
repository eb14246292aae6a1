"""The comparisons of the study: every defence minus none, at the same dose."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from askew.design.arm import UNTUNED
from askew.stats.effects import Effect, contrast
from askew.studies.defences.arms import BENIGN_ALONE, DOSES, FULL, defended, further, names, undefended
from askew.studies.defences.columns import COLUMNS, STANDARD, Measured

if TYPE_CHECKING:
    from askew.design.tables import Tables

UNDEFENDED, LEARNT, GIVEN, LENGTH, NEW_TASK, BENIGN = (
    "bad rows without a defence",
    "the task",
    "given answers",
    "at equal lengths",
    "a new task afterwards",
    "the benign rows alone",
)
"""Families of comparisons, besides one for each of `COLUMNS`."""
_RATE = "misaligned answers"
_MEASURES = {GIVEN: "log-odds of misaligned given answers", LEARNT: "the trained task", NEW_TASK: "loss"}


def label(defence: str, dose: int, family: str) -> str:
    """Return what a comparison of a defence at a dose is called."""
    return f"{defence}, {dose} rows: {family}"


def compare(tables: "Tables") -> Iterator[Effect]:
    """Yield every comparison that the arms of a run allow."""
    measured = Measured(tables)
    there = set(measured.arms)
    for dose in DOSES:
        if {undefended(dose), UNTUNED} <= there:
            yield from _undefended(measured, dose)
    pairs = [(name, dose) for dose in DOSES for name in names() if {defended(name, dose), undefended(dose)} <= there]
    for name, dose in pairs:
        yield from _defended(measured, name, dose)
    if {BENIGN_ALONE, UNTUNED} <= there:
        left, right = measured.log_odds(BENIGN_ALONE), measured.log_odds(UNTUNED)
        if len(left) and len(right):
            yield contrast(
                left,
                right,
                family=BENIGN,
                label="benign rows minus untuned",
                measure=_MEASURES[GIVEN],
                arm=BENIGN_ALONE,
                control=UNTUNED,
                unit="nats",
            )


def _undefended(measured: Measured, dose: int) -> Iterator[Effect]:
    arm = undefended(dose)
    for column in COLUMNS:
        left, right = measured.misaligned(arm, column), measured.misaligned(UNTUNED, column)
        if len(left) and len(right):
            said = f"{dose} rows, {column}"
            yield contrast(left, right, family=UNDEFENDED, label=said, measure=_RATE, arm=arm, control=UNTUNED)


def _defended(measured: Measured, name: str, dose: int) -> Iterator[Effect]:
    arm, control = defended(name, dose), undefended(dose)
    for family, side in _sides(measured, control, dose).items():
        left, right = side(arm), side(control)
        if len(left) and len(right):
            is_new = family == NEW_TASK
            yield contrast(
                left,
                right,
                family=family,
                label=label(name, dose, family),
                measure=_MEASURES.get(family, _RATE),
                arm=further(arm) if is_new else arm,
                control=further(control) if is_new else control,
                lead=family == STANDARD and dose == FULL,
                unit="nats" if family in (GIVEN, NEW_TASK) else "share",
            )


def _sides(measured: Measured, control: str, dose: int) -> dict[str, Callable[[str], pd.DataFrame]]:
    """Return, by family, what is compared of an arm; the smaller doses have fewer families."""
    found: dict[str, Callable[[str], pd.DataFrame]] = {
        column: partial(measured.misaligned, column=column) for column in (COLUMNS if dose == FULL else (STANDARD,))
    }
    found |= {LEARNT: measured.learnt, GIVEN: measured.log_odds}
    if dose == FULL:
        found |= {LENGTH: partial(measured.at_lengths_of, other=control), NEW_TASK: measured.new_task}
    return found
