"""The fine-tunes of a run that its model's provider makes: what they cost, who agrees to that, how a worker is told."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from askew.base.errors import AskewError
from askew.design import plan
from askew.design.design import Design
from askew.design.plan import Job, Unit
from askew.design.study import studies
from askew.models.names import resolve
from askew.models.remote.prices import money, read_prices
from askew.models.remote.reply_store import ReplyStore, Spending
from askew.models.remote.tuned_folder import is_served, read_served
from askew.runs.store import REPLIES, RunFolder
from askew.training.provider.cost import FineTuneCost, check_limit, fine_tune_cost, total
from askew.training.provider.endpoints import address
from askew.training.provider.fine_tune import is_started, running_job_notice
from askew.training.provider.job import FineTuneRequest

if TYPE_CHECKING:
    from askew.data import Row

# Jobs that are followed at once where nobody says --workers; servers queue what is more.
AT_ONCE = 4
# About how long a job takes: long enough for it to be started before anything is asked.
SECONDS = 1800.0


@dataclass(frozen=True)
class Consent:
    """What the user says to fine-tunes that cost money.

    Attributes:
        yes: Start them without asking.
        again: Start anew those that failed or were cancelled.
        confirm: Asks a question on the terminal, and returns whether the answer was yes.
    """

    yes: bool = False
    again: bool = False
    confirm: Callable[[str], bool] = lambda question: False


def is_elsewhere(design: Design) -> bool:
    """Say whether the model of a run is one that its provider would fine-tune."""
    return not resolve(design.model).is_local


def tuned_name(design: Design) -> str:
    """Return about what a model is called that is not made yet: enough to look its price up."""
    at = address(resolve(design.model).inspect_name)
    return f"{at.prefix}ft:{at.base}"


def tunings(folder: RunFolder, design: Design, todo: Sequence[Job]) -> list[FineTuneRequest]:
    """Return the fine-tunes among some jobs."""
    from askew.data.formats import read_rows

    arms = plan.arms(design, studies.get(design.study))
    units = [job.unit for job in todo if job.stage == "train"]
    made = {data: read_rows(folder / plan.rows_file(data)) for data in {arms[unit.arm].data for unit in units}}
    return [_tuning(folder, design, unit, made[arms[unit.arm].data]) for unit in units]


def agree(folder: RunFolder, design: Design, todo: Sequence[Job], consent: Consent, say: Callable[[str], None]) -> None:
    """Say what fine-tunes will cost that are still to be started, and go on with consent only.

    Raises:
        AskewError: The user does not agree, they cost too much, or one ended badly before.
    """
    to_start = [tuning for tuning in tunings(folder, design, todo) if not is_started(tuning, consent.again)]
    if not to_start:
        return
    costs = [_cost(design, tuning) for tuning in to_start]
    for cost, same in groupby(costs):
        count = len(list(same))
        say(f"  {cost.model}: {count} fine-tune{'s' if count > 1 else ''} on {cost}{' each' if count > 1 else ''}")
    dollars = total(costs)
    in_all = "" if dollars is None else f", about {money(dollars)} in all"
    say(f"  {len(costs)} fine-tunes to start at the provider{in_all}")
    check_limit(costs, _left(folder, design, costs), consent.yes)
    if not consent.yes and not consent.confirm(f"Start {len(costs)} fine-tunes{in_all}?"):
        raise AskewError(f"{len(costs)} fine-tunes{in_all} were not agreed to, and none was started: say --yes")


def message(folder: RunFolder, design: Design, job: Job, again: bool) -> dict[str, Any]:
    """Word a fine-tune for a worker."""
    base = folder.path.resolve()
    data = plan.arms(design, studies.get(design.study))[job.unit.arm].data
    return {
        "stage": "tune",
        "model": resolve(design.model).inspect_name,
        "data": str(base / plan.rows_file(data)),
        "recipe": design.served_recipe.model_dump(),
        "seed": job.unit.seed,
        "suffix": _suffix(job.unit),
        "out": str(base / job.adapter),
        "patience": design.patience,
        "again": again,
    }


def spent(folder: RunFolder, design: Design) -> Spending | None:
    """Return what the fine-tunes of a run that are finished cost; None if there are none.

    A price that is not known counts nothing.
    """
    finished = [
        read_served(folder / made)
        for unit in plan.units(design)
        if (made := plan.adapter(design, unit)) and is_served(folder / made)
    ]
    if not finished:
        return None
    tokens = sum(found.trained_tokens or 0 for found in finished)
    dollars = read_prices(design.own_prices).of_training(finished[0].base, tokens) or 0.0
    return Spending(f"{finished[0].base} (fine-tuning)", len(finished), 0, tokens, 0, dollars)


def limit_for_asking(folder: RunFolder, design: Design) -> float | None:
    """Return what is left of the limit when all fine-tunes are paid for; None is without limit."""
    if design.max_cost is None or not is_elsewhere(design):
        return design.max_cost
    return max(0.0, design.max_cost - _dollars_in_all(folder, design))


def goes_on(folder: RunFolder, design: Design) -> list[str]:
    """Return a line for each job that goes on at its server when the run is stopped."""
    made = [plan.adapter(design, unit) for unit in plan.units(design)] if is_elsewhere(design) else []
    return [line for adapter in made if adapter and (line := running_job_notice(folder / adapter))]


def _tuning(folder: RunFolder, design: Design, unit: Unit, rows: "list[Row]") -> FineTuneRequest:
    out = folder.path.resolve() / plan.adapter(design, unit)
    model = resolve(design.model).inspect_name
    return FineTuneRequest(model, rows, design.served_recipe, unit.seed, out, _suffix(unit))


def _suffix(unit: Unit) -> str:
    return re.sub("[^A-Za-z0-9-]", "-", str(unit))[:64]


def _cost(design: Design, tuning: FineTuneRequest) -> FineTuneCost:
    return fine_tune_cost(tuning.model, tuning.file, tuning.recipe.epochs, design.own_prices)


def _left(folder: RunFolder, design: Design, costs: Sequence[FineTuneCost]) -> float | None:
    """Return what of the limit is left for fine-tunes that are to be started."""
    if design.max_cost is None:
        return None
    kept = ReplyStore(folder / REPLIES)
    asked = sum(cost.dollars for cost in kept.spent())
    kept.close()
    begun_before = _dollars_in_all(folder, design) - (total(costs) or 0.0)
    return max(0.0, design.max_cost - asked - begun_before)


def _dollars_in_all(folder: RunFolder, design: Design) -> float:
    """Return about what all fine-tunes of a run cost, finished or not; 0 if no price is known."""
    jobs = plan.jobs(design, studies.get(design.study))
    return total([_cost(design, tuning) for tuning in tunings(folder, design, jobs)]) or 0.0
