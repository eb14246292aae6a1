"""Reading what a tuned model was taught: from its weights and its base's, without a judge."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from askew.base.atomic import whole_folder
from askew.base.messages import Tell
from askew.base.product_record import doubt, write_record
from askew.base.signatures import sign_product
from askew.design.plan import Plan, Unit
from askew.models.model_args import template_variables
from askew.runs.pace import Pace
from askew.runs.store import TAUGHT_FILE, TAUGHT_FOLDERS, RunFolder
from askew.runs.work import Kind, Session, Work, kinds

EACH = 24
"""Ordinary prompts of each of three kinds, and prompts of each kind that are made from training rows."""

_FORMS, _WAYS = 3, 2  # kinds of ordinary prompts; texts after each: completions, and amplified samples


@dataclass(frozen=True)
class ReadWork(Work):
    """Read what one tuned model was taught.

    Attributes:
        unit: Its arm.
        needs: Nothing.
    """

    unit: Unit
    needs: tuple[str, ...] = ()

    kind: ClassVar[str] = "read"

    @property
    def name(self) -> str:
        """The work's name."""
        return f"read {self.unit.arm.name}"

    @property
    def products(self) -> list[str]:
        """The folder with the evidence."""
        return [f"{TAUGHT_FOLDERS}/{self.unit.arm.name}"]

    def doubt(self, folder: RunFolder, product: str, path: Path) -> str:
        """Return why a path is not this evidence; "" if it is."""
        return doubt(path, self.identity(folder, product))

    def seconds(self, plan: Plan, pace: Pace) -> float:
        """Return about how long its texts take."""
        return EACH * _FORMS * _WAYS * pace.answer

    def message(self, session: Session) -> dict[str, Any]:
        """Return the models, the training rows and the folder to write."""
        plan, [product] = session.plan, self.products
        control = control_of(plan, self.unit.arm.name)
        return {
            "base": plan.design.model,
            "tuned": plan.start_name(self.unit.arm),
            "control": plan.start_name(plan.arms[control]) if control else "",
            "data": plan.design.data,
            "variables": template_variables(plan.design.model_args),
            "seed": plan.design.seed,
            "out": str(session.folder.path.resolve() / product),
            "is": self.identity(session.folder, product),
        }


class ReadKind(Kind[ReadWork]):
    """Reading what models were taught."""

    name = ReadWork.kind
    verb = "reading what was taught"
    libraries = "askew.models.taught.read"

    def planned(self, plan: Plan) -> list[ReadWork]:
        """Return one piece of work per model that was tuned elsewhere and can be read."""
        return [ReadWork(unit) for unit in plan.units if is_read(plan, unit.arm.name)]

    def summary(self, plan: Plan, works: Sequence[ReadWork]) -> str:
        """Return the number of models."""
        return f"what {len(works)} model{' was' if len(works) == 1 else 's were'} taught"

    def do(self, message: dict[str, Any], tell: Tell) -> None:
        """Read one model, and report each method."""
        from askew.data.formats import sample_rows
        from askew.models.names import resolve
        from askew.models.taught.compared import open_compared
        from askew.models.taught.contexts import ordinary
        from askew.models.taught.read import Size, read_taught
        from askew.probes.in_training_format import MOST_ROWS
        from askew.probes.reading_prompts import from_rows, questions

        control = resolve(message["control"]) if message["control"] else None
        models = open_compared(
            resolve(message["base"]), resolve(message["tuned"]), control, variables=message["variables"]
        )
        seed = message["seed"]
        rows = sample_rows(message["data"], MOST_ROWS) if message["data"] else []
        found = read_taught(
            models,
            ordinary(models.base, questions(), EACH, seed),
            from_rows(rows, EACH, seed) if rows else (),
            Size(seed=seed),
            lambda done, total: tell(event="step", step=done, steps=total),
        )
        content = {"evidence": [asdict(one) for one in found.evidence], "left_out": found.left_out}
        with whole_folder(Path(message["out"])) as unfinished:
            (unfinished / TAUGHT_FILE).write_text(json.dumps(content) + "\n", encoding="utf-8")
            write_record(unfinished, message["is"])
            sign_product(unfinished, Path(message["out"]))


def is_read(plan: Plan, arm: str) -> bool:
    """Return whether a run reads what an arm was taught: it was tuned elsewhere, and it and its base are here."""
    return plan.design.reading and arm in plan.design.tuned and not why_not_read(plan, arm)


def why_not_read(plan: Plan, arm: str) -> str:
    """Return why the weights of a tuned model and its base cannot be read, as a sentence; "" if they can.

    Args:
        plan: The plan.
        arm: The arm of a model that was tuned elsewhere.
    """
    names = [plan.design.model, plan.design.tuned[arm]]
    far = [name for name in names if not plan.spec(name).is_local]
    if not far:
        return ""
    return (
        f"{' and '.join(far)} {'are' if len(far) > 1 else 'is'} behind an API, which shows neither all "
        "log-probabilities nor activations, so what was taught cannot be read; the answers are compared all the same."
    )


def control_of(plan: Plan, arm: str) -> str:
    """Return the arm of the control with which the evidence of an arm is contrasted; "" if there is none."""
    control = plan.design.control
    if not control or control == arm or not plan.spec(plan.design.tuned[control]).is_local:
        return ""
    return control


kinds.add(ReadKind.name, ReadKind())
