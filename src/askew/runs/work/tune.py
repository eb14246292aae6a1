"""Fine-tuning at the model's provider: one paid job per arm and seed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from askew.base.errors import AskewError
from askew.base.messages import Tell
from askew.base.signatures import sign_product
from askew.design.plan import Plan, Unit
from askew.models.remote.prices import money
from askew.models.remote.reply_store import ReplyStore, Spending
from askew.models.remote.tuned_folder import SERVED, is_served, read_served
from askew.runs.pace import Pace
from askew.runs.pool import Resources
from askew.runs.store import REPLIES, RunFolder
from askew.runs.work import WAITING, Session, kinds
from askew.runs.work.unit_training import UnitTraining, UnitTrainingKind
from askew.training.provider.cost import FineTuneCost, check_limit, fine_tune_cost, total
from askew.training.provider.fine_tune import is_started, running_job_notice
from askew.training.provider.job import FineTuneRequest
from askew.training.provider.job_record import read_record

if TYPE_CHECKING:
    from askew.data import Row

# Jobs that are followed at once if --workers is not given; the provider queues further jobs.
AT_ONCE = 4
# A long time, so that these jobs are started before anything is asked.
SECONDS = 1800.0


@dataclass(frozen=True)
class TuneWork(UnitTraining):
    """Have the provider fine-tune one arm with one seed, and follow the job."""

    kind: ClassVar[str] = "tune"

    def seconds(self, plan: Plan, pace: Pace) -> float:
        """Return a long time: a job should be started before anything is asked."""
        return SECONDS

    def resources(self, plan: Plan, memory: float) -> Resources:
        """Return little: the provider does the work."""
        return WAITING

    def is_served(self, plan: Plan) -> bool:
        """Return True: it asks the provider."""
        return True

    def message(self, session: Session) -> dict[str, Any]:
        """Return the model, the rows, the hyperparameters and the folder of the result."""
        plan, base = session.plan, session.folder.path.resolve()
        return {
            "model": plan.model.inspect_name,
            "data": str(base / plan.rows_file(self.unit.arm)),
            "recipe": plan.design.served_recipe.model_dump(),
            "seed": self.unit.seed,
            "suffix": _suffix(self.unit),
            "out": str(base / self.unit.product),
            "patience": plan.design.patience,
            "again": session.consent.again,
        }

    def doubt(self, folder: RunFolder, product: str, path: Path) -> str:
        """Return why a path is not the result of this fine-tune; "" if it is."""
        from askew.data.formats import read_rows

        if not is_served(path):
            return f"has no {SERVED} that names a fine-tuned model"
        try:
            found, record = read_served(path), read_record(folder / product)
        except AskewError as error:
            return f"cannot be read ({error})"
        plan = Plan(folder.design())
        if found.key != _tuning(plan, folder, self.unit, read_rows(folder / self.unit.rows_file)).key:
            return "is of another fine-tune"
        return "" if record and record.job == found.job else "is of a job that this run did not start"


class TuneKind(UnitTrainingKind[TuneWork]):
    """Fine-tuning at the model's provider."""

    name = TuneWork.kind
    work = TuneWork
    elsewhere = True
    libraries = "askew.training.provider.fine_tune"

    def agree(self, session: Session, works: Sequence[TuneWork]) -> None:
        """Show what the jobs cost that are still to be started, and go on with the user's consent only.

        Raises:
            AskewError: The user does not agree, they cost too much, or one failed before.
        """
        consent = session.consent
        to_start = [tuning for tuning in _tunings(session, works) if not is_started(tuning, consent.again)]
        if not to_start:
            return
        costs = [_cost(session.plan, tuning) for tuning in to_start]
        for cost, same in groupby(costs):
            count = len(list(same))
            each = " each" if count > 1 else ""
            session.say(f"  {cost.model}: {count} fine-tune{'s' if count > 1 else ''} on {cost}{each}")
        dollars = total(costs)
        in_all = "" if dollars is None else f", about {money(dollars)} in all"
        session.say(f"  {len(costs)} fine-tunes to start at the provider{in_all}")
        check_limit(costs, _left(session, costs), consent.yes)
        if not consent.yes and not consent.confirm(f"Start {len(costs)} fine-tunes{in_all}?"):
            raise AskewError(
                f"you did not agree to {len(costs)} fine-tunes{in_all}, so none was started: agree with --yes"
            )

    def workers(self, plan: Plan, works: Sequence[TuneWork], usual: int) -> int:
        """Return more workers than cores: they only wait for the provider."""
        return usual if plan.design.workers else max(usual, min(AT_ONCE, len(works)))

    def dollars(self, session: Session) -> float:
        """Return about what all fine-tunes of the run cost, finished or not; 0 if no price is known."""
        tunings = _tunings(session, self.planned(session.plan))
        return total([_cost(session.plan, tuning) for tuning in tunings]) or 0.0

    def spent(self, session: Session) -> list[Spending]:
        """Return what the finished fine-tunes cost; an unknown price counts as nothing."""
        folders = [session.folder / unit.product for unit in session.plan.trained]
        finished = [read_served(folder) for folder in folders if is_served(folder)]
        if not finished:
            return []
        tokens = sum(found.trained_tokens or 0 for found in finished)
        dollars = session.plan.prices.of_training(finished[0].base, tokens) or 0.0
        return [Spending(f"{finished[0].base} (fine-tuning)", len(finished), 0, tokens, 0, dollars)]

    def running_elsewhere(self, session: Session) -> list[str]:
        """Return a line for each job that goes on at the provider after the run is stopped."""
        works = self.planned(session.plan)
        return [line for work in works if (line := running_job_notice(session.folder / work.unit.product))]

    def do(self, message: dict[str, Any], tell: Tell) -> None:
        """Start the job, unless it was started before, and follow it to its end."""
        from askew.data.formats import read_rows
        from askew.models.remote.requests import Patience
        from askew.training.provider.fine_tune import fine_tune_served
        from askew.training.provider.job import JobCallbacks
        from askew.training.provider.recipe import ServedRecipe

        callbacks = JobCallbacks(
            on_message=lambda text: tell(event="said", text=text),
            on_step=lambda step, steps, loss: tell(event="step", step=step, steps=steps, loss=loss),
        )
        rows = [{**row} for row in read_rows(message["data"])]
        recipe = ServedRecipe.model_validate(message["recipe"])
        out = Path(message["out"])
        request = FineTuneRequest(message["model"], rows, recipe, message["seed"], out, message["suffix"])
        fine_tune_served(request, Patience(message["patience"]), callbacks, restart=message["again"])
        sign_product(out, out)  # if this process is killed before, the finished job is looked up again


def _tunings(session: Session, works: Sequence[TuneWork]) -> list[FineTuneRequest]:
    from askew.data.formats import read_rows

    plan, folder = session.plan, session.folder
    files = {plan.rows_file(work.unit.arm) for work in works}
    rows = {file: read_rows(folder / file) for file in files}
    return [_tuning(plan, folder, work.unit, rows[plan.rows_file(work.unit.arm)]) for work in works]


def _tuning(plan: Plan, folder: RunFolder, unit: Unit, rows: "list[Row]") -> FineTuneRequest:
    out = folder.path.resolve() / unit.product
    model, recipe = plan.model.inspect_name, plan.design.served_recipe
    return FineTuneRequest(model, rows, recipe, unit.seed, out, _suffix(unit))


def _suffix(unit: Unit) -> str:
    return re.sub("[^A-Za-z0-9-]", "-", str(unit))[:64]


def _cost(plan: Plan, tuning: FineTuneRequest) -> FineTuneCost:
    return fine_tune_cost(tuning.model, tuning.file, tuning.recipe.epochs, plan.design.own_prices)


def _left(session: Session, costs: Sequence[FineTuneCost]) -> float | None:
    """Return the dollars that are left for fine-tunes to be started; None without a limit."""
    limit = session.plan.design.max_cost
    if limit is None:
        return None
    store = ReplyStore(session.folder / REPLIES)
    asked = sum(cost.dollars for cost in store.spent())
    store.close()
    started_before = session.committed - (total(costs) or 0.0)
    return max(0.0, limit - asked - started_before)


kinds.add(TuneKind.name, TuneKind())
