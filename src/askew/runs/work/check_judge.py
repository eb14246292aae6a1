"""Checking the judge: it reads answers whose right reading is known, before anything else is done."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from askew.base.atomic import whole_file
from askew.base.messages import Tell
from askew.design.plan import Plan, Unit
from askew.judging.check_setting import SKIP, STOP
from askew.judging.rubric import rubric, scale
from askew.runs import cost
from askew.runs.pace import Pace
from askew.runs.pool import Resources
from askew.runs.store import JUDGE_CHECK
from askew.runs.work import WAITING, Kind, Requests, Session, Work, kinds

# About how long a judge on this machine takes, on one core.
_SECONDS = 60.0


@dataclass(frozen=True)
class CheckJudgeWork(Work):
    """Check the judge of a run. It is about no unit of its own."""

    unit: Unit
    needs: tuple[str, ...] = ()

    kind: ClassVar[str] = "check judge"
    comes_first: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """The work's name."""
        return "check the judge"

    @property
    def products(self) -> list[str]:
        """The result of the check."""
        return [JUDGE_CHECK]

    def seconds(self, plan: Plan, pace: Pace) -> float:
        """Return about how long a judge on this machine takes."""
        return _SECONDS

    def message(self, session: Session) -> dict[str, Any]:
        """Return the judge, its rubric, and the terms for served models."""
        design = session.plan.design
        return {
            "judge": design.judge,
            "judge_args": design.judge_args,
            "rubric": design.rubric,
            "judge_check": design.judge_check,
            "product": str(session.folder.path.resolve() / JUDGE_CHECK),
            "terms": cost.terms(session),
        }

    def requests(self, plan: Plan) -> Iterable[Requests]:
        """Yield the requests to a served judge, unless it was checked before."""
        from askew.judging.check import kept, requests

        alignment = scale(plan.design.rubric)
        if (
            plan.judge is not None
            and not plan.judge.is_local
            and kept(plan.judge, alignment, plan.design.judge_args) is None
        ):
            yield Requests(plan.judge.inspect_name, "is checked", *requests(plan.judge, alignment))

    def resources(self, plan: Plan, memory: float) -> Resources:
        """Return those of a local model, unless the judge is served."""
        return super().resources(plan, memory) if plan.judge is not None and plan.judge.is_local else WAITING


class CheckJudgeKind(Kind[CheckJudgeWork]):
    """Checking judges."""

    name = CheckJudgeWork.kind
    verb = "checking the judge"
    libraries = "askew.judging.check"

    def planned(self, plan: Plan) -> list[CheckJudgeWork]:
        """Return the check, unless the judge is the terrarium's, which the oracle checks, or nothing is judged."""
        judge = plan.judge
        if judge is None or judge.is_terrarium_judge or not plan.needs_judge or plan.design.judge_check == SKIP:
            return []
        return [CheckJudgeWork(plan.units[0])]

    def summary(self, plan: Plan, works: Sequence[CheckJudgeWork]) -> str:
        """Return that the judge is checked."""
        return "a check of the judge"

    def do(self, message: dict[str, Any], tell: Tell) -> None:
        """Check the judge, or take the result of an earlier check; a judge below the floor is refused."""
        from askew.judging.check import check, kept, refuse_failed
        from askew.models.model_args import model_with
        from askew.models.names import resolve

        spec, alignment = resolve(message["judge"]), rubric(message["rubric"])
        args = message["judge_args"]
        found = kept(spec, alignment, args)
        if found is None:
            with cost.on_terms(message["terms"], tell):
                read = check(
                    model_with(spec, args, is_judge=True),
                    spec,
                    alignment,
                    lambda done, total: tell(event="step", step=done, steps=total),
                    args,
                )
                found = asyncio.run(read)
        if message["judge_check"] == STOP:
            refuse_failed(found)
        with whole_file(Path(message["product"])) as unfinished:
            unfinished.write_text(found.model_dump_json(indent=2) + "\n", encoding="utf-8")


kinds.add(CheckJudgeKind.name, CheckJudgeKind())
