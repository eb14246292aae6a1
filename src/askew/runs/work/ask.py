"""Asking: several probes put to one model, and its answers judged."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from askew.base.errors import AskewError
from askew.base.messages import Tell
from askew.base.product_record import difference, record_digest
from askew.design.plan import Plan, Unit
from askew.models.remote.tuned_folder import SERVED
from askew.runs import cost
from askew.runs.calls import Call, answers, calls, checkpoint_calls, given_answers
from askew.runs.pace import Pace
from askew.runs.store import RunFolder
from askew.runs.work import Kind, Requests, Session, Work, kinds
from askew.runs.work.start import ready_start, start_message
from askew.runs.work.unit_training import work_name


@dataclass(frozen=True)
class AskWork(Work):
    """Ask one model, finished or at a training step.

    Attributes:
        unit: The arm and seed.
        step: The training step of the model that is asked; 0 for the finished one.
        calls: The probes that are put to it.
        needs: The work that trains it; empty if it is not trained here.
    """

    unit: Unit
    step: int
    calls: tuple[Call, ...]
    needs: str = ""

    kind: ClassVar[str] = "ask"

    @property
    def name(self) -> str:
        """The work's name."""
        return f"ask {self.unit}" + (f" at step {self.step}" if self.step else "")

    @property
    def tags(self) -> list[str]:
        """The arm, the seed and the training step, by which Inspect's viewer tells the logs of a run apart."""
        return [self.unit.arm.name, f"seed {self.unit.seed}", *([f"step {self.step}"] if self.step else [])]

    @property
    def products(self) -> list[str]:
        """The log of each call."""
        return [call.log for call in self.calls]

    def left(self, folder: RunFolder) -> Self | None:
        """Return the calls without a finished log; None if there are none."""
        left = tuple(call for call in self.calls if not self.is_done(folder, call.log))
        return replace(self, calls=left) if left else None

    def identity(self, folder: RunFolder, product: str) -> dict[str, Any]:
        """Return the identity of a log, without the digest of the trained model that was asked."""
        return {**super().identity(folder, product), "step": self.step}

    def doubt(self, folder: RunFolder, product: str, path: Path) -> str:
        """Return why a path is not the log of a call; "" if it is."""
        from askew.probes.ask import IDENTITY
        from askew.probes.read_log import read_log

        try:
            found = (read_log(path).eval.metadata or {}).get(IDENTITY)
        except AskewError as error:
            return f"cannot be read ({error})"
        return difference(found, {**self.identity(folder, product), **_trained(folder / self.unit.product)})

    def seconds(self, plan: Plan, pace: Pace) -> float:
        """Return about how long its answers take."""
        given = sum(map(given_answers, self.calls))
        return sum(map(answers, self.calls)) * pace.answer + given * pace.given

    def message(self, session: Session) -> dict[str, Any]:
        """Return the model, the judge, the calls and the terms for served models."""
        base = session.folder.path.resolve()
        return {
            "model": self.model(session.plan, base),
            "judge": session.plan.design.judge or None,
            "model_args": session.plan.design.model_args,
            "judge_args": session.plan.design.judge_args,
            "calls": [{**asdict(call), "is": self.identity(session.folder, call.log)} for call in self.calls],
            "start": start_message(session.folder, session.plan, self.unit),
            "trained": str(base / self.unit.product),
            "log_dir": str((base / self.calls[0].log).parent),
            "tags": self.tags,
            "terms": cost.terms(session),
        }

    def requests(self, plan: Plan) -> Iterable[Requests]:
        """Yield the requests to the model that is asked and to the judge, as far as they are served."""
        for call in self.calls:
            yield from cost.requests(plan, self.unit.arm, call)

    def model(self, plan: Plan, folder: Path) -> str:
        """Return the name of the model that is asked: the start of its arm with every step applied.

        Args:
            plan: The plan.
            folder: The run's folder.
        """
        unit, name = self.unit, plan.start_name(self.unit.arm)
        if plan.started_from(unit):
            name = str(folder / unit.merged_start)
        product = folder / unit.product
        if self.step:
            product = product / "checkpoints" / str(self.step)
        for step in unit.arm.steps:
            name = step.applied_to(name, str(product), plan.design.recipe)
        return name


def asked_in(plan: Plan) -> list[AskWork]:
    """Return all asking of a run: one piece of work per unit, and one per training step on the way."""
    trained, works = set(plan.trained), []
    for unit in plan.units:
        needs = work_name(unit) if unit in trained else ""
        works.append(AskWork(unit, 0, tuple(calls(plan, unit)), needs))
        for step in plan.checkpoint_steps(unit.arm.name) if unit in trained else []:
            works.append(AskWork(unit, step, tuple(checkpoint_calls(plan, unit, step)), needs))
    return [work for work in works if work.calls]


class AskKind(Kind[AskWork]):
    """Asking and judging."""

    name = AskWork.kind
    verb = "asking and judging"
    libraries = "askew.probes.ask"

    def planned(self, plan: Plan) -> list[AskWork]:
        """Return one piece of work per unit, and one per training step on the way."""
        return asked_in(plan)

    def summary(self, plan: Plan, works: Sequence[AskWork]) -> str:
        """Return the number of answers, and of given answers that are read."""
        every = [call for work in works for call in work.calls]
        counts = {"answer": sum(map(answers, every)), "given answer": sum(map(given_answers, every))}
        if not counts["given answer"]:
            del counts["given answer"]
        return ", ".join(f"{count:,} {what}{'' if count == 1 else 's'}" for what, count in counts.items())

    def do(self, message: dict[str, Any], tell: Tell) -> None:
        """Ask and judge; served models' replies are stored as they come."""
        from askew.models.remote.requests import Patience, storing_replies
        from askew.probes.ask import ProbeCall, ask

        if message["start"]:
            ready_start(message["start"], tell)
        trained = _trained(Path(message["trained"]))
        put = [
            ProbeCall(call["probe"], Path(call["log"]).stem, call["parameters"], {**call["is"], **trained})
            for call in message["calls"]
        ]
        terms = message["terms"]
        prices = Path(terms["prices"]) if terms["prices"] else None
        patience = Patience(terms["patience"])

        def say(text: str) -> None:
            tell(event="said", text=text)

        with storing_replies(Path(terms["store"]), terms["max_cost"], prices, patience, say):
            ask(
                message["model"],
                message["judge"],
                put,
                Path(message["log_dir"]),
                message["tags"],
                lambda scored, questions: tell(event="step", step=scored, steps=questions),
                message["model_args"],
                message["judge_args"],
            )


def _trained(product: Path) -> dict[str, Any]:
    """Return the digest of the record of a trained model, which pins its weights, or the provider's name for it."""
    return {"trained": record_digest(product) or record_digest(product, SERVED)}


kinds.add(AskKind.name, AskKind())
