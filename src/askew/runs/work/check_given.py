"""Checking that servers return the log-probabilities of given texts, before anything else is done."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from askew.base.atomic import whole_file
from askew.base.messages import Tell
from askew.design.plan import Plan, Unit
from askew.models.names import resolve
from askew.probes.from_file import has_pairs
from askew.runs import cost
from askew.runs.pace import Pace
from askew.runs.pool import Resources
from askew.runs.store import GIVEN_CHECK
from askew.runs.work import WAITING, Kind, Requests, Session, Work, kinds

# About how long a server takes to reply to a few tokens.
_SECONDS = 2.0


@dataclass(frozen=True)
class CheckGivenWork(Work):
    """Ask the served models of a run for the log-probabilities of a short text. It is about no unit of its own."""

    unit: Unit
    models: tuple[str, ...]
    needs: tuple[str, ...] = ()

    kind: ClassVar[str] = "check given"
    comes_first: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """The work's name."""
        return "check the servers"

    @property
    def products(self) -> list[str]:
        """The form in which each server returns them."""
        return [GIVEN_CHECK]

    def seconds(self, plan: Plan, pace: Pace) -> float:
        """Return about how long the servers take."""
        return _SECONDS * len(self.models)

    def message(self, session: Session) -> dict[str, Any]:
        """Return the models and the terms on which they are asked."""
        return {
            "models": list(self.models),
            "model_args": session.plan.design.model_args,
            "product": str(session.folder.path.resolve() / GIVEN_CHECK),
            "terms": cost.terms(session),
        }

    def requests(self, plan: Plan) -> Iterable[Requests]:
        """Yield the requests to each model: a short question alone, and with an answer, in up to two forms."""
        for name in self.models:
            yield Requests(plan.spec(name).inspect_name, "is checked", 4, 40, 4)

    def resources(self, plan: Plan, memory: float) -> Resources:
        """Return little: the servers do the work."""
        return WAITING


class CheckGivenKind(Kind[CheckGivenWork]):
    """Checking servers for the log-probabilities of given texts."""

    name = CheckGivenWork.kind
    verb = "checking the servers"
    libraries = "askew.models.remote.given_text"

    def planned(self, plan: Plan) -> list[CheckGivenWork]:
        """Return the check, if a probe reads given answers and a model is served."""
        served = tuple(name for name in plan.named_models if not plan.spec(name).is_local)
        if not served or not any(map(has_pairs, plan.probes.values())):
            return []
        return [CheckGivenWork(plan.units[0], served)]

    def summary(self, plan: Plan, works: Sequence[CheckGivenWork]) -> str:
        """Return that the servers are checked."""
        return "a check that the server returns log-probabilities of given answers"

    def do(self, message: dict[str, Any], tell: Tell) -> None:
        """Find out the form in which each server returns them; a server that does not is refused."""
        from askew.models.model_args import model_with
        from askew.models.remote.given_text import form_of

        with cost.on_terms(message["terms"], tell):
            models = {name: model_with(resolve(name), message["model_args"]) for name in message["models"]}
            forms = {name: asyncio.run(form_of(model)) for name, model in models.items()}
        with whole_file(Path(message["product"])) as unfinished:
            unfinished.write_text(json.dumps(forms, indent=2) + "\n", encoding="utf-8")


kinds.add(CheckGivenKind.name, CheckGivenKind())
