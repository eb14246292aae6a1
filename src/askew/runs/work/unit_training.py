"""The training of one unit, which is one arm with one seed: what training here and at a provider have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from askew.design.plan import Plan, Unit
from askew.report import wording
from askew.runs.work import Kind, Work


def work_name(unit: Unit) -> str:
    """Return the name of the work that trains a unit, here or at a provider."""
    return f"train {unit}"


@dataclass(frozen=True)
class UnitTraining(Work):
    """Train one unit, here or at a provider."""

    unit: Unit
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The work's name."""
        return work_name(self.unit)

    @property
    def products(self) -> list[str]:
        """The folder with the adapter, the checkpoint, or the name of the model at the provider."""
        return [self.unit.product]


W = TypeVar("W", bound=UnitTraining)


class UnitTrainingKind(Kind[W]):
    """A kind of training.

    Attributes:
        work: The class of its work.
        elsewhere: Whether it trains at the model's provider.
    """

    verb = "fine-tuning"
    work: type[W]
    elsewhere: ClassVar[bool]

    def planned(self, plan: Plan) -> list[W]:
        """Return one piece of work per trained unit, if this kind trains the model of the plan."""
        if not plan.trained or plan.is_trained_elsewhere != self.elsewhere:
            return []
        return [self.work(unit, _needed_by(plan, unit)) for unit in plan.trained]

    def summary(self, plan: Plan, works: Sequence[W]) -> str:
        """Return the number of fine-tunes and their rows."""
        counts = sorted({plan.rows(work.unit.arm.name) for work in works})
        rows = wording.listed([f"{count:,}" for count in counts])
        return f"{len(works)} fine-tune{'' if len(works) == 1 else 's'} of {rows} rows"


def _needed_by(plan: Plan, unit: Unit) -> tuple[str, ...]:
    """Return the work that must be done before a unit can be trained."""
    earlier = plan.started_from(unit)
    return (work_name(earlier),) if earlier else ()
