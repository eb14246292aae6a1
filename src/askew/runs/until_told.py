"""Asks in batches, and stops as soon as more answers can no longer change the verdict; see `askew.stats.sequential`.

After each batch the tables are made from all answers so far, and the study reads them. What it decides depends on the
tables alone, so a run that was killed between two batches decides the same when it goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import pyarrow.parquet as pq

from askew.runs.finished_run import FinishedRun
from askew.runs.looks import Look, Sequential, read_looks
from askew.runs.store import ANSWERS, SEQUENTIAL
from askew.runs.work import Session, Work, planned
from askew.stats.corrections import ALPHA
from askew.stats.sequential import is_told
from askew.stats.variance import confidence_at


def work_until_told(session: Session, do: Callable[[Session, Sequence[Work], Sequence[Work], bool], None]) -> Session:
    """Do the work of a run batch by batch, and return the session with the batches that were asked.

    Args:
        session: The session, with all batches in its plan.
        do: Does work; it takes the session, the work, the work of the batches that may follow, and whether the session
            did other work before.

    Raises:
        AskewError: Some work cannot be done.
    """
    from askew.runs.collect import collect

    folder, looks = session.folder, session.plan.design.looks
    before = read_looks(folder)
    every = planned(session.plan)
    past = [] if before is None else before.looks[:-1]  # the last look is repeated: the margin may be another
    first = len(past) + 1
    for number in range(first, len(looks) + 1):
        part = replace(session, plan=session.plan.up_to(number))
        works = planned(part.plan)
        names = {work.name for work in works}
        perhaps = [work for work in every if work.name not in names and work.left(folder)]
        do(part, works, perhaps, number > first)
        collect(folder, part.plan)
        past.append(_look(part, looks[number - 1]))
        found = Sequential(planned=list(looks), error=ALPHA, confidence=confidence_at(len(looks)), looks=past)
        folder.write_json(SEQUENTIAL, found.model_dump())
        folder.finish(SEQUENTIAL)
        if past[-1].told:
            break
        session.say(f"  after {past[-1].answers} answers to each question, open: {_shown(past[-1].open)}")
    return replace(session, plan=session.plan.up_to(len(past)))


def _look(session: Session, answers: int) -> Look:
    """Return the look at the tables of a run: what is open, and whether its verdict is told."""
    plan, folder = session.plan, session.folder
    findings = FinishedRun(folder.path).findings
    told = partial(is_told, margin=plan.design.margin, looks=plan.looks)
    settled = plan.study.told is not None and plan.study.told(findings, told)
    return Look(
        answers=answers,
        total=pq.read_metadata(folder / ANSWERS).num_rows,
        told=settled,
        open=[f"{one.arm}: {one.subject}" for one in findings if not told(one)],
    )


def _shown(names: Sequence[str], most: int = 3) -> str:
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
