"""Training on this machine: one arm with one seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from askew.base.errors import AskewError
from askew.base.messages import Tell
from askew.base.product_record import doubt, record_digest
from askew.data.formats import source_hash
from askew.design.identity import known_as
from askew.design.plan import Plan, Unit
from askew.design.supplies import benign_file
from askew.models.model_args import template_variables
from askew.runs import training_rows
from askew.runs.pace import Pace
from askew.runs.pool import Resources
from askew.runs.store import TRACKED, RunFolder
from askew.runs.work import Session, kinds
from askew.runs.work.meter import Meter
from askew.runs.work.start import ready_start, start_message
from askew.runs.work.unit_training import UnitTraining, UnitTrainingKind
from askew.training.accelerate_config import processes
from askew.training.trackers import Tracking, check_trackers


@dataclass(frozen=True)
class TrainWork(UnitTraining):
    """Fine-tune one arm with one seed on this machine."""

    kind: ClassVar[str] = "train"

    def seconds(self, plan: Plan, pace: Pace) -> float:
        """Return about how long its rows and steps take, without what a defence adds."""
        rows, recipe = plan.rows(self.unit.arm.name), plan.design.recipe
        return rows * recipe.epochs * pace.row + recipe.steps(rows) * pace.step

    def resources(self, plan: Plan, memory: float) -> Resources:
        """Return those of all processes that train together, which run on one machine."""
        number = processes(plan.recipe(self.unit.arm))
        return Resources(processors=number, gpus=number, memory=number * memory)

    def message(self, session: Session) -> dict[str, Any]:
        """Return the base, the rows, the recipe and the folder to write."""
        plan, base = session.plan, session.folder.path.resolve()
        return {
            "checkpoint": str(plan.start(self.unit.arm).checkpoint),
            "start": start_message(session.folder, plan, self.unit),
            "data": str(base / plan.rows_file(self.unit.arm)),
            "recipe": plan.recipe(self.unit.arm).model_dump(),
            "is_terrarium": plan.start(self.unit.arm).is_terrarium,
            "seed": self.unit.seed,
            "out": str(base / self.unit.product),
            "identity": self.identity(session.folder, self.unit.product),
            "checkpoints": plan.design.checkpoints,
            "state_every": plan.design.state_every,
            "variables": template_variables(plan.design.model_args),
            "trackers": plan.design.trackers,
            "tracked_in": str(base / TRACKED),
        }

    def identity(self, folder: RunFolder, product: str) -> dict[str, Any]:
        """Return the identity of the adapter or checkpoint, with the digest of its training rows."""
        return {**super().identity(folder, product), "rows": folder.hashes().get(self.unit.rows_file, "")}

    def made_from(self, plan: Plan) -> dict[str, Any] | None:
        """Return the start, the rows, the recipe and the seed; None if the rows are answers of another arm."""
        return made_from(plan, self.unit)

    def doubt(self, folder: RunFolder, product: str, path: Path) -> str:
        """Return why a path is not the adapter or checkpoint that this training writes; "" if it is."""
        identity = self.identity(folder, product)
        if self.unit.starts_from:
            identity |= _started_from(folder / self.unit.starts_from)
        return doubt(path, identity) or _doubt_weights(path)


class TrainKind(UnitTrainingKind[TrainWork]):
    """Training on this machine."""

    name = TrainWork.kind
    work = TrainWork
    elsewhere = False
    libraries = "askew.training.local"

    def summary(self, plan: Plan, works: Sequence[TrainWork]) -> str:
        """Return the number of fine-tunes, their rows and their recipe."""
        return f"{super().summary(plan, works)} by the recipe {plan.design.recipe.name}"

    def check(self, session: Session, works: Sequence[TrainWork]) -> None:
        """Refuse rows that cannot be trained on, and trackers that are not installed."""
        check_trackers(session.plan.design.trackers)
        arms = {work.unit.arm.name: work.unit.arm for work in works}
        training_rows.check_written(session.folder, session.plan, list(arms.values()))

    def agree(self, session: Session, works: Sequence[TrainWork]) -> None:
        """Name the arms whose rows were not made for this model."""
        arms = {work.unit.arm.name for work in works}
        strangers = [name for name in training_rows.of_another_world(session.plan) if name in arms]
        if strangers:
            session.say(
                f"  {', '.join(strangers)}: rows of the terrarium's world; --data names rows made for this model"
            )

    def workers(self, plan: Plan, works: Sequence[TrainWork], usual: int) -> int:
        """Return one where several processes train together: they want every GPU."""
        return 1 if plan.design.recipe.accelerate else usual

    def do(self, message: dict[str, Any], tell: Tell) -> None:
        """Train, and report every optimizer step.

        Raises:
            Diverged: The loss is no number; the message names the model.
        """
        from askew.data.formats import read_rows
        from askew.design.supplies import supplies_for
        from askew.training.local import Diverged, fine_tune
        from askew.training.recipe import Recipe

        folder, start = Path(message["checkpoint"]), message["start"]
        rows, recipe = [{**row} for row in read_rows(message["data"])], Recipe.model_validate(message["recipe"])
        meter = Meter(tell, "rows")
        try:
            fine_tune(
                ready_start(start, tell) if start else folder if folder.is_dir() else message["checkpoint"],
                rows,
                recipe,
                message["seed"],
                Path(message["out"]),
                message["checkpoints"],
                on_step=lambda step, steps, loss: meter.advance(
                    step / steps, len(rows) * recipe.epochs * step / steps, loss=loss
                ),
                state_every=message["state_every"],
                identity=_identity(message),
                variables=message["variables"],
                supplies=supplies_for(recipe, message["is_terrarium"]),
                tracked=Tracking(tuple(message["trackers"]), Path(message["out"]).name, message["tracked_in"]),
            )
        except Diverged as error:
            raise Diverged(f"{Path(message['out']).name}: {error}") from error


def made_from(plan: Plan, unit: Unit) -> dict[str, Any] | None:
    """Return everything on which the model of a unit depends, trained here or not; see `Work.made_from`.

    Args:
        plan: The plan.
        unit: The unit.
    """
    arm, design = unit.arm, plan.design
    start: Any = known_as(plan, plan.start_name(arm))
    if earlier := plan.started_from(unit):
        start = made_from(plan, earlier)
    if start is None or (arm.training is not None and (arm.training.answers_of or plan.is_trained_elsewhere)):
        return None
    found = {"arm": arm.name, "seed": unit.seed, "start": start, "steps": repr(arm.steps)}
    if arm.training is None:
        return found
    own = design.datasets.get(arm.name)
    rows = own.model_dump(exclude={"source"}) if own else [plan.data_set(arm).name, arm.trigger, design.data_seed]
    recipe = plan.recipe(arm)
    files = {"accelerate": recipe.accelerate, **benign_file(recipe)}
    return {
        **found,
        "rows": [rows, plan.rows(arm.name)],
        "recipe": {**recipe.model_dump(), **{name: source_hash(file) if file else "" for name, file in files.items()}},
        "checkpoints": design.checkpoints,
        "variables": template_variables(design.model_args),
    }


def _identity(message: dict[str, Any]) -> dict[str, Any]:
    """Return the identity of the result, with the record of the earlier arm that it starts from."""
    start = message["start"]
    return {**message["identity"], **(_started_from(Path(start["adapter"])) if start else {})}


def _started_from(earlier: Path) -> dict[str, Any]:
    return {"starts_from": record_digest(earlier)}


def _doubt_weights(folder: Path) -> str:
    """Return why the weights of a result cannot be those of a training; "" if they can."""
    from askew.models.lineage import are_zero

    try:
        for part in (folder, *sorted((folder / "checkpoints").glob("*"))):
            if are_zero(part):
                return "has weights that are all zero"
    except AskewError as error:
        return f"has weights that cannot be read ({error})"
    return ""


kinds.add(TrainKind.name, TrainKind())
