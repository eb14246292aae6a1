"""Executors: where the work of a run is done, on this machine or on a Ray cluster, behind one protocol.

The runner hands over tasks and takes events; which process does a task, and on which machine, is the executor's
business. Results go through the run's folder on every executor, so a cluster needs a folder that all its nodes share.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from askew.runs.pace import Pace
from askew.runs.pool import OnEvent, Task
from askew.runs.work import Kind, Work

Left = Callable[[Task], Task | None]
"""Returns what is left of a task that was begun and lost; None if all of it is done."""


@dataclass(frozen=True)
class Means:
    """The means by which work is done, for the lines that announce it.

    Attributes:
        at_once: How many pieces are done at the same time; 0 if there are none.
        place: Where, in words that follow a number of workers; "" on this machine.
        memory: About how many bytes each worker takes; 0 if that is not known.
        pace: The pace of the model; None if it is not known.
    """

    at_once: int
    place: str = ""
    memory: float = 0.0
    pace: Pace | None = None


class Executor(Protocol):
    """Does the tasks of a run. It is entered for one session, and everything that it started ends with it."""

    def __enter__(self) -> Self:
        """Begin the session; nothing is started yet."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything that was started."""
        ...

    def ready(self) -> None:
        """Check that work can be done, before any is begun.

        Raises:
            AskewError: It cannot; the error says what to do.
        """
        ...

    def means(self, works: Mapping[Kind[Any], Sequence[Work]]) -> Means:
        """Return the means by which work will be done.

        Args:
            works: The work that is left, by its kind.
        """
        ...

    def do(self, tasks: Sequence[Task], means: Means, kinds: Sequence[str], on_event: OnEvent, left: Left) -> None:
        """Do all tasks, each when the tasks that it needs are done.

        Args:
            tasks: The tasks.
            means: The means, from `means`.
            kinds: The kinds of work among the tasks, so that workers import what these need.
            on_event: Called with the events of workers; see `askew.runs.pool.work_off`.
            left: Returns what is left of a task that was lost with the machine that did it.

        Raises:
            AskewError: A worker refused a task or was killed, or a disk could not be written.
            OSError: The disk of this machine is full or read-only.
        """
        ...
