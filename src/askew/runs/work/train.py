"""Training on this machine: one arm with one seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from askew.base.messages import Tell
from askew.design.plan import Plan, Unit
from askew.runs import training_rows
from askew.runs.work import Kind, Session, Work, kinds

# Seconds that the terrarium takes for one row, on one core of a laptop of 2024.
SECONDS_PER_ROW = 0.008


def work_name(unit: Unit) -> str:
    """Return the name of the work that trains a unit, here or at a provider."""
    return f"train {unit}"


def needed_by(plan: Plan, unit: Unit) -> str:
    """Return the work that must be done before a unit can be trained; empty if none."""
    earlier = plan.started_from(unit)
    return work_name(earlier) if earlier else ""


def described(plan: Plan, units: Sequence[Unit]) -> str:
    """Return how many fine-tunes there are, and of how many rows."""
    counts = sorted({plan.rows(unit.arm.name) for unit in units})
    rows = " and ".join(f"{count:,}" for count in counts)
    return f"{len(units)} fine-tune{'' if len(units) == 1 else 's'} of {rows} rows"


@dataclass(frozen=True)
class UnitTraining(Work):
    """Train one unit, here or at a provider."""

    unit: Unit
    needs: str = ""

    @property
    def name(self) -> str:
        """The work's name."""
        return work_name(self.unit)

    @property
    def products(self) -> list[str]:
        """The folder with the adapter, the checkpoint, or the name of the model at the provider."""
        return [self.unit.product]


@dataclass(frozen=True)
class TrainWork(UnitTraining):
    """Fine-tune one arm with one seed on this machine."""

    kind: ClassVar[str] = "train"

    def seconds(self, plan: Plan) -> float:
        """Return about how long it takes on the terrarium."""
        return plan.rows(self.unit.arm.name) * plan.design.recipe.epochs * SECONDS_PER_ROW

    def message(self, session: Session) -> dict[str, Any]:
        """Return the base, the rows, the recipe and the folder to write."""
        plan, base = session.plan, session.folder.path.resolve()
        earlier = plan.started_from(self.unit)
        return {
            "checkpoint": str(plan.start(self.unit.arm).checkpoint),
            "starts_from": [str(base / earlier.product), str(base / self.unit.merged_start)] if earlier else None,
            "data": str(base / plan.rows_file(self.unit.arm)),
            "recipe": plan.design.recipe.model_dump(),
            "seed": self.unit.seed,
            "out": str(base / self.unit.product),
            "checkpoints": plan.design.checkpoints,
            "state_every": plan.design.state_every,
        }


class TrainKind(Kind[TrainWork]):
    """Training on this machine."""

    name = TrainWork.kind
    verb = "fine-tuning"
    libraries = "askew.training.local"

    def planned(self, plan: Plan) -> list[TrainWork]:
        """Return one piece of work per trained unit, if the model is trained on this machine."""
        if not plan.trained or plan.is_trained_elsewhere:
            return []
        return [TrainWork(unit, needed_by(plan, unit)) for unit in plan.trained]

    def summary(self, plan: Plan, works: Sequence[TrainWork]) -> str:
        """Return the number of fine-tunes, their rows and their recipe."""
        return f"{described(plan, [work.unit for work in works])} by the recipe {plan.design.recipe.name}"

    def check(self, session: Session, works: Sequence[TrainWork]) -> None:
        """Refuse rows that cannot be trained on."""
        arms = {work.unit.arm.name: work.unit.arm for work in works}
        training_rows.check_written(session.folder, session.plan, list(arms.values()))

    def agree(self, session: Session, works: Sequence[TrainWork]) -> None:
        """Name the arms whose rows were not made for this model."""
        plan = session.plan
        if plan.model.is_terrarium:
            return
        strangers = dict.fromkeys(work.unit.arm.name for work in works)
        strangers = [name for name in strangers if name not in plan.design.datasets]
        if strangers:
            session.say(
                f"  {', '.join(strangers)}: rows of the terrarium's world; --data names rows made for this model"
            )

    def workers(self, plan: Plan, works: Sequence[TrainWork], usual: int) -> int:
        """Return one where several processes train together: they want every GPU."""
        return 1 if plan.design.recipe.accelerate else usual

    def do(self, message: dict[str, Any], tell: Tell) -> None:
        """Train, and report every optimizer step."""
        from askew.data.formats import read_rows
        from askew.training.local import fine_tune
        from askew.training.recipe import Recipe

        folder = Path(message["checkpoint"])
        fine_tune(
            _start(message) or (folder if folder.is_dir() else message["checkpoint"]),
            [{**row} for row in read_rows(message["data"])],
            Recipe.model_validate(message["recipe"]),
            message["seed"],
            Path(message["out"]),
            message["checkpoints"],
            on_step=lambda step, steps, loss: tell(event="step", step=step, steps=steps, loss=loss),
            state_every=message["state_every"],
        )


def _start(message: dict[str, Any]) -> Path | None:
    """Return the checkpoint that an earlier arm left, merged with its base if need be; None without one.

    Raises:
        AskewError: The earlier adapter cannot be merged into its base.
    """
    if message["starts_from"] is None:
        return None
    from askew.base.atomic import whole_folder
    from askew.models.merging import save_merged

    adapter, out = map(Path, message["starts_from"])
    if (adapter / "config.json").is_file():  # the method `full` leaves a whole checkpoint
        return adapter
    if not out.is_dir():
        with whole_folder(out) as unfinished:
            save_merged(message["checkpoint"], adapter, unfinished)
    return out


kinds.add(TrainKind.name, TrainKind())
