"""The executor of this machine: a pool of worker processes."""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from askew.design.plan import Plan
from askew.runs import pool
from askew.runs.executors import Left, Means
from askew.runs.memory_needed import memory_of, workers_in_memory
from askew.runs.pace import pace_of
from askew.runs.store import RunFolder
from askew.runs.work import Kind, Work


class LocalExecutor:
    """Does the tasks of a run in processes of this machine.

    Args:
        plan: The plan.
        folder: The run's folder.
        say: Shows the user a line.
    """

    def __init__(self, plan: Plan, folder: RunFolder, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._rows = folder / "data"
        self._say = say

    def __enter__(self) -> Self:
        """Do nothing: the pool starts its workers for the tasks that it is given."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing: the pool ends its workers."""

    def ready(self) -> None:
        """Do nothing: this machine is there."""

    def means(self, works: Mapping[Kind[Any], Sequence[Work]]) -> Means:
        """Return the number of workers, their memory, and the pace of the model on this machine.

        Args:
            works: The work that is left, by its kind.
        """
        pieces = sum(map(len, works.values()))
        if not pieces:
            return Means(0)
        pace = pace_of(self._plan, self._rows, self._say)
        return Means(min(self._workers(works), pieces), "", memory_of(self._plan, self._rows), pace)

    def do(
        self, tasks: Sequence[pool.Task], means: Means, kinds: Sequence[str], on_event: pool.OnEvent, left: Left
    ) -> None:
        """Do all tasks by `askew.runs.pool.work_off`.

        Args:
            tasks: The tasks.
            means: The means, from `means`.
            kinds: The kinds of work among the tasks.
            on_event: Called with the events of workers.
            left: Not used: a worker of this machine that is killed ends the session.

        Raises:
            AskewError: A worker refused a task, or was killed.
            OSError: The disk is full or read-only.
        """
        pool.work_off(tasks, means.at_once, kinds, on_event)

    def _workers(self, works: Mapping[Kind[Any], Sequence[Work]]) -> int:
        """Return how many processes to use: as many as some kind of work needs, or one if a kind needs all."""
        wanted = self._plan.design.workers
        usual = pool.worker_count(wanted)
        if not wanted and not pool.gpus():
            usual = workers_in_memory(self._plan, self._rows, usual)
        asked_for = [kind.workers(self._plan, list(left), usual) for kind, left in works.items()]
        return min(asked_for) if min(asked_for) < usual else max(asked_for)
