"""The outlook of a run: its work and about how long it takes, said before it starts or instead of starting it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from askew.design.executors import LOCAL
from askew.design.plan import Plan
from askew.runs import pool
from askew.runs.looks import asked_so_far
from askew.runs.pace import TERRARIUM_PACE, Pace
from askew.runs.store import folder_of
from askew.runs.work import Kind, Work, by_kind, planned

# Seconds until a worker has loaded its libraries, on a laptop of 2024.
SECONDS_TO_START = 8.0
# Seconds for the tables and the report, on the same laptop.
SECONDS_TO_REPORT = 4.0


@dataclass(frozen=True)
class Outlook:
    """The work that is left of a run.

    Attributes:
        folder: The run's folder, which need not exist.
        work: The work that is left, in words, one text per kind.
        pieces: The names of its pieces.
        seconds: About how long it takes; None where the model's speed is only measured when the run begins.
        workers: The number of worker processes; 0 on a cluster, which is not asked before the run begins.
        place: The place where the work is done, in words; "" on this machine.
    """

    folder: Path
    work: list[str]
    pieces: list[str]
    seconds: float | None
    workers: int
    place: str = ""


def outlook(plan: Plan, out: Path | None = None) -> Outlook:
    """Return what is left to do of a run; nothing is computed or written.

    Args:
        plan: The plan of the run.
        out: The run's folder; by default the one that the run would have.

    Raises:
        AskewError: The folder is another run's, or a finished product was changed since.
    """
    folder = folder_of(plan, out)
    if folder.path.exists():
        folder.check_takes(plan.design)
        plan = asked_so_far(plan, folder, if_told=True)
    left = [work for work in planned(plan) if not all(map(folder.is_finished, work.products))]
    kinds = by_kind(left)
    workers = min(pool.worker_count(plan.design.workers), max(1, len(left)))
    is_here = plan.design.executor == LOCAL
    known = is_here and (plan.model.is_terrarium or not plan.study.has_model)
    seconds = seconds_by_kind(plan, kinds, workers, TERRARIUM_PACE if known else None)
    total = max(seconds.values(), default=0.0) + SECONDS_TO_REPORT if known else None
    return Outlook(
        folder.path,
        [kind.summary(plan, works) for kind, works in kinds.items()],
        [work.name for work in left],
        total,
        workers if is_here else 0,
        "" if is_here else f"on the Ray cluster of --executor {plan.design.executor}",
    )


def summary(plan: Plan, works: Mapping[Kind[Any], Sequence[Work]]) -> str:
    """Return the work of each kind in words."""
    return ", ".join(kind.summary(plan, left) for kind, left in works.items())


def seconds_by_kind(
    plan: Plan, works: Mapping[Kind[Any], Sequence[Work]], at_once: int, pace: Pace | None
) -> dict[Kind[Any], float]:
    """Return about when each kind of work is finished, in seconds from now; empty if the model's pace is not known.

    Args:
        plan: The plan.
        works: The work by its kind, in order.
        at_once: The number of workers.
        pace: The pace of the model.
    """
    if pace is None:
        return {}
    seconds, so_far = {}, SECONDS_TO_START
    for kind, left in works.items():
        so_far += sum(work.seconds(plan, pace) for work in left) / at_once
        seconds[kind] = so_far
    return seconds
