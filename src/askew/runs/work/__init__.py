"""Kinds of work: training, asking and the like, one module per kind.

A kind is a `Kind` object, which plans its pieces of work and does them in a worker process. A piece is a `Work` object:
it knows what it needs and writes, how long it takes, what it costs, and how to describe itself to a worker. The runner
and the workers know no kind by its name.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from askew.base.messages import Tell
from askew.base.registry import Registry
from askew.design.plan import Plan, Unit
from askew.models.remote.reply_store import Spending
from askew.runs.pace import Pace
from askew.runs.pool import Resources
from askew.runs.store import RunFolder

W = TypeVar("W", bound="Work")

WAITING = Resources(processors=0.1, gpus=0.0, memory=1e9)
"""The resources of work that computes little itself, and mostly waits for served models."""

kinds: Registry["Kind[Any]"] = Registry("kind of work", "askew.runs.work")


@dataclass(frozen=True)
class Consent:
    """The user's consent to fine-tuning jobs that cost money.

    Attributes:
        yes: Start paid fine-tuning jobs without asking.
        again: Restart failed or cancelled jobs.
        confirm: Asks a question on the terminal and returns whether the answer was yes.
    """

    yes: bool = False
    again: bool = False
    confirm: Callable[[str], bool] = lambda question: False


@dataclass(frozen=True)
class Session:
    """One session of work on a run.

    Attributes:
        plan: What the run is to do.
        folder: The run's folder.
        consent: What the user agrees to.
        say: Shows the user a line.
        take: Takes over from other runs what they have made of some work, so that it is not done again.
    """

    plan: Plan
    folder: RunFolder
    consent: Consent
    say: Callable[[str], None]
    take: "Callable[[Session, Sequence[Work]], None]" = lambda session, works: None

    @cached_property
    def committed(self) -> float:
        """About how many dollars the run costs besides the requests to served models, spent or not."""
        return sum(kind.dollars(self) for kind in all_kinds())


@dataclass(frozen=True)
class Requests:
    """The requests that a piece of work makes to a served model, at most.

    Attributes:
        model: The name by which prices are known.
        does: "is asked", "is checked" or "grades".
        requests: How many requests.
        input_tokens: About how many tokens the model reads.
        output_tokens: The most that it writes.
    """

    model: str
    does: str
    requests: int
    input_tokens: int
    output_tokens: int


class Work(ABC):
    """One piece of work for one worker process.

    Attributes:
        kind: The name of its kind.
        unit: The arm and seed that it is about.
        needs: The names of the work that must be done before.
        comes_first: Whether all other work waits for it.
    """

    kind: ClassVar[str]
    comes_first: ClassVar[bool] = False
    unit: Unit
    needs: tuple[str, ...]

    @property
    @abstractmethod
    def name(self) -> str:
        """A name that no other work of the run has."""

    @property
    @abstractmethod
    def products(self) -> list[str]:
        """The files and folders that it writes, relative to the run's folder."""

    def left(self, folder: RunFolder) -> Self | None:
        """Return the part of this work that is not finished; None if all is."""
        return None if all(self.is_done(folder, product) for product in self.products) else self

    def is_done(self, folder: RunFolder, product: str) -> bool:
        """Return whether a product is finished; one that the manifest does not list is adopted or set aside.

        Raises:
            AskewError: It was changed or damaged since it was finished.
        """
        return folder.is_finished(product) or folder.adopt(product, lambda path: self.doubt(folder, product, path))

    def doubt(self, folder: RunFolder, product: str, path: Path) -> str:
        """Return why a path is not a product of this work, as the end of a sentence; "" if it is.

        Args:
            folder: The run's folder.
            product: The name of the product.
            path: The file or folder to judge, by what is inside.
        """
        return "says nothing about what it is"

    def identity(self, folder: RunFolder, product: str) -> dict[str, Any]:
        """Return what a product is, as plain data that the product holds: see `askew.base.product_record`."""
        return {"product": product, **folder.origin, "arm": self.unit.arm.name, "seed": self.unit.seed}

    def made_from(self, plan: Plan) -> dict[str, Any] | None:
        """Return everything on which its products depend, as plain data without places.

        Work of two runs that is made from the same writes the same, so that one may take it from the other. None is for
        work that is never taken from another run.
        """
        return None

    @abstractmethod
    def seconds(self, plan: Plan, pace: Pace) -> float:
        """Return about how many seconds it takes on one core, at a pace."""

    @abstractmethod
    def message(self, session: Session) -> dict[str, Any]:
        """Return the work as JSON data, for `Kind.do` in a worker process."""

    def requests(self, plan: Plan) -> Iterable[Requests]:
        """Yield the requests that it makes to served models."""
        return ()

    def resources(self, plan: Plan, memory: float) -> Resources:
        """Return the resources that it takes of a machine: those for training or asking a local model.

        Args:
            plan: The plan.
            memory: About how many bytes a worker takes that trains and asks the models of the plan; 0 if not known.
        """
        return Resources(memory=memory)

    def is_served(self, plan: Plan) -> bool:
        """Return whether it shares a file of the run with all work that asks served models."""
        return any(True for _ in self.requests(plan))


class Kind(ABC, Generic[W]):
    """A kind of work.

    Attributes:
        name: Its name in the registry, in messages to workers and in `timings.json`.
        verb: What the progress display calls it.
        libraries: The module that a worker imports before it does such work.
    """

    name: ClassVar[str]
    verb: ClassVar[str]
    libraries: ClassVar[str]

    @abstractmethod
    def planned(self, plan: Plan) -> list[W]:
        """Return all work of this kind that a plan needs, in the order of its units."""

    @abstractmethod
    def summary(self, plan: Plan, works: Sequence[W]) -> str:
        """Return the work that will be done, in a few words, for the line that announces it."""

    @abstractmethod
    def do(self, message: dict[str, Any], tell: Tell) -> None:
        """Do one piece of work, in a worker process.

        Args:
            message: The work, from `Work.message`.
            tell: Sends an event to the runner.
        """

    def check(self, session: Session, works: Sequence[W]) -> None:
        """Refuse work that cannot be done, before any is started.

        Raises:
            AskewError: Some of it cannot be done.
        """
        return

    def agree(self, session: Session, works: Sequence[W]) -> None:
        """Show what the user must know, and get the user's consent where work costs money besides its requests.

        Raises:
            AskewError: The user does not agree, or it costs too much.
        """
        return

    def workers(self, plan: Plan, works: Sequence[W], usual: int) -> int:
        """Return how many worker processes suit this work.

        Args:
            plan: The plan.
            works: The work to be done.
            usual: One per core or per GPU, or the number that the user set.
        """
        return usual

    def dollars(self, session: Session) -> float:
        """Return about how many dollars all such work of the run costs besides its requests, done or not."""
        return 0.0

    def spent(self, session: Session) -> list[Spending]:
        """Return what the finished work has cost besides its requests."""
        return []

    def running_elsewhere(self, session: Session) -> list[str]:
        """Return a line for each job that goes on at a provider after the run is stopped."""
        return []


def all_kinds() -> list[Kind[Any]]:
    """Return every kind of work."""
    return [kinds.get(name) for name in kinds.names()]


def planned(plan: Plan) -> list[Work]:
    """Return all work of a run, each kind after the kinds that it builds on."""
    planned_by_kind = [kind.planned(plan) for kind in all_kinds()]
    needs = {work.name: work.needs for works in planned_by_kind for work in works}
    planned_by_kind.sort(key=lambda works: max((_depth(work.name, needs) for work in works), default=0))
    return [work for works in planned_by_kind for work in works]


def by_kind(works: Iterable[Work]) -> dict[Kind[Any], list[Work]]:
    """Return work by its kind, the kinds in the order of the work."""
    found: dict[Kind[Any], list[Work]] = {}
    for work in works:
        found.setdefault(kinds.get(work.kind), []).append(work)
    return found


def _depth(name: str, needs: dict[str, tuple[str, ...]]) -> int:
    """Return how many pieces of work must be done before one."""
    return max((1 + _depth(earlier, needs) for earlier in needs.get(name, ())), default=0)
