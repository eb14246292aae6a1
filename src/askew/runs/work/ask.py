"""Asking: several probes put to one model, and its answers judged."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from askew.base.errors import AskewError
from askew.base.messages import Tell
from askew.base.product_record import difference, record_digest
from askew.design.identity import known_as
from askew.design.plan import Plan, Unit
from askew.judging.rubric import scale
from askew.judging.shared_judgements import SharedJudgements, note_reuse, sharing
from askew.models.remote.tuned_folder import SERVED
from askew.probes import EPISODE, EXTERNAL, probes
from askew.probes.from_file import digests
from askew.runs import cost
from askew.runs.calls import Call, answers, calls, checkpoint_calls, episodes, given_answers
from askew.runs.pace import Pace
from askew.runs.pool import Resources
from askew.runs.store import RunFolder
from askew.runs.work import WAITING, Kind, Requests, Session, Work, kinds
from askew.runs.work.meter import Meter
from askew.runs.work.start import ready_start, start_message
from askew.runs.work.train import made_from
from askew.runs.work.unit_training import work_name

if TYPE_CHECKING:
    from askew.probes.ask import OnQuestion

_ALMOST = 0.99  # answers that are written are still to be scored


@dataclass(frozen=True)
class AskWork(Work):
    """Ask one model, finished or at a training step.

    Attributes:
        unit: The arm and seed.
        step: The training step of the model that is asked; 0 for the finished one.
        calls: The probes that are put to it.
        needs: The work that trains it; none if it is not trained here.
        batch: The number of the batch of answers, counted from 1.
    """

    unit: Unit
    step: int
    calls: tuple[Call, ...]
    needs: tuple[str, ...] = ()
    batch: int = 1

    kind: ClassVar[str] = "ask"

    @property
    def name(self) -> str:
        """The work's name."""
        step = f" at step {self.step}" if self.step else ""
        return f"ask {self.unit}{step}" + (f", batch {self.batch}" if self.batch > 1 else "")

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

    def made_from(self, plan: Plan) -> dict[str, Any] | None:
        """Return the model, the judge and the calls, with the versions and files of their probes."""
        model, design = made_from(plan, self.unit), plan.design
        probes = [plan.probes[call.probe] for call in self.calls]
        if model is None or any(probe.kind == EXTERNAL for probe in probes):
            return None
        return {
            "model": model,
            "step": self.step,
            "calls": [asdict(call) for call in self.calls],
            "probes": {probe.name: probe.version for probe in probes},
            "files": digests(probes),
            "judge": known_as(plan, design.judge) if design.judge else "",
            "rubric": scale(design.rubric).digest,
            "arguments": [design.model_args, design.judge_args],
        }

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
            "answers": sum(answers(call) + given_answers(call) for call in self.calls),
            "calls": [{**asdict(call), "is": self.identity(session.folder, call.log)} for call in self.calls],
            "start": start_message(session.folder, session.plan, self.unit),
            "trained": str(base / self.unit.product),
            "log_dir": str((base / self.calls[0].log).parent),
            "tags": self.tags,
            "terms": cost.terms(session),
            "judgements": str(session.plan.design.shared_judgements or ""),
        }

    def requests(self, plan: Plan) -> Iterable[Requests]:
        """Yield the requests to the model that is asked and to the judge, as far as they are served."""
        for call in self.calls:
            yield from cost.requests(plan, self.unit.arm, call)

    def resources(self, plan: Plan, memory: float) -> Resources:
        """Return those of a local model, unless both the model and its judge are served."""
        judge = plan.judge if plan.needs_judge else None
        is_local = plan.start(self.unit.arm).is_local or (judge is not None and judge.is_local)
        return super().resources(plan, memory) if is_local else WAITING

    def model(self, plan: Plan, folder: Path) -> str:
        """Return the name of the model that is asked: the start of its arm with every step applied.

        Args:
            plan: The plan.
            folder: The run's folder.
        """
        return model_name(plan, self.unit, folder, self.step)


def model_name(plan: Plan, unit: Unit, folder: Path, step: int = 0) -> str:
    """Return the name of the model of a unit: the start of its arm with every step applied.

    Args:
        plan: The plan.
        unit: The unit.
        folder: The run's folder.
        step: The training step of the model; 0 for the finished one.
    """
    name = plan.start_name(unit.arm)
    if plan.started_from(unit):
        name = str(folder / unit.merged_start)
    product = folder / unit.product
    if step:
        product = product / "checkpoints" / str(step)
    for arm_step in unit.arm.steps:
        name = arm_step.applied_to(name, str(product), plan.design.recipe)
    return name


def asked_in(plan: Plan) -> list[AskWork]:
    """Return all asking of a run: one piece of work per unit and batch, and one per training step on the way."""
    trained, works = set(plan.trained), []
    for unit in plan.units:
        needs = (work_name(unit),) if unit in trained else ()
        by_batch: dict[int, list[Call]] = {1: []}
        for call in calls(plan, unit):
            by_batch.setdefault(call.batch, []).append(call)
        works += [AskWork(unit, 0, tuple(own), needs, batch) for batch, own in by_batch.items()]
        for step in plan.checkpoint_steps(unit.arm.name) if unit in trained else []:
            works.append(AskWork(unit, step, tuple(checkpoint_calls(plan, unit, step)), needs))
    return [work for work in works if work.calls]


class AskKind(Kind[AskWork]):
    """Asking and judging."""

    name = AskWork.kind
    verb = "asking and judging"
    libraries = "askew.probes.ask"

    def planned(self, plan: Plan) -> list[AskWork]:
        """Return one piece of work per unit and batch, and one per training step on the way."""
        return asked_in(plan)

    def summary(self, plan: Plan, works: Sequence[AskWork]) -> str:
        """Return the number of answers, of episodes, and of given answers that are read."""
        every = [call for work in works for call in work.calls]
        acted = [call for call in every if probes.get(call.probe).kind == EPISODE]
        counts = {
            "episode": sum(own.samples for call in acted for own in episodes(call)),
            "answer": sum(answers(call) for call in every if call not in acted),
            "given answer": sum(map(given_answers, every)),
        }
        counts = {what: count for what, count in counts.items() if count} or {"answer": 0}
        # Later batches are left out once the verdict is told.
        most = "at most " if len({work.batch for work in works}) > 1 else ""
        return most + ", ".join(f"{count:,} {what}{'' if count == 1 else 's'}" for what, count in counts.items())

    def check(self, session: Session, works: Sequence[AskWork]) -> None:
        """Refuse a folder of shared judgements that cannot be used."""
        if (folder := session.plan.design.shared_judgements) is not None:
            SharedJudgements(folder).check()

    def do(self, message: dict[str, Any], tell: Tell) -> None:
        """Ask and judge; served models' replies are stored as they come."""
        from askew.probes.ask import ProbeCall, ask

        if message["start"]:
            ready_start(message["start"], tell)
        trained = _trained(Path(message["trained"]))
        put = [
            ProbeCall(call["probe"], Path(call["log"]).stem, call["parameters"], {**call["is"], **trained})
            for call in message["calls"]
        ]
        shared = Path(message["judgements"]) if message["judgements"] else None
        with (
            sharing(shared) as reuse,
            cost.on_terms(message["terms"], tell),
            _metered(message["answers"], tell) as on_question,
        ):
            logs = ask(
                message["model"],
                message["judge"],
                put,
                Path(message["log_dir"]),
                message["tags"],
                on_question,
                message["model_args"],
                message["judge_args"],
            )
        note_reuse(logs[0], reuse)


@contextmanager
def _metered(wanted: int, tell: Tell) -> "Iterator[OnQuestion]":
    """Tell the runner in this block how many answers are written or read, and how many tokens a second.

    A served model shows no tokens; the questions whose answers are scored are counted then.

    Args:
        wanted: The number of answers, sampled and given.
        tell: Sends an event to the runner.

    Yields:
        A progress callback for the scored questions.
    """
    from askew.models.engine.work_done import on_work

    meter, answered, tokens = Meter(tell, "tokens"), 0.0, 0

    def add(answers: float, more: int) -> None:
        nonlocal answered, tokens
        answered, tokens = answered + answers, tokens + more
        share = min(answered / wanted, _ALMOST) if wanted else 0.0  # external tasks are not counted
        meter.advance(share, tokens, answers=share * wanted)

    def on_question(scored: int, questions: int) -> None:
        if not tokens:
            tell(event="step", step=scored, steps=questions, answers=wanted * scored / questions)

    reset = on_work.set(add)
    try:
        yield on_question
    finally:
        on_work.reset(reset)


def _trained(product: Path) -> dict[str, Any]:
    """Return the digest of the record of a trained model, which pins its weights, or the provider's name for it."""
    return {"trained": record_digest(product) or record_digest(product, SERVED)}


kinds.add(AskKind.name, AskKind())
