"""Reads what a finished run holds: its tables as data frames, its judge and its verdict."""

import shlex
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from askew.base.errors import AskewError
from askew.base.json_objects import read_as
from askew.base.untrusted import shown_command, visible
from askew.design.plan import Unit
from askew.design.tables import Tables
from askew.runs.calls import asked_of
from askew.runs.finished_tables import FinishedTables
from askew.runs.judged_later import later_judge
from askew.runs.looks import Sequential, read_looks
from askew.runs.provenance import command
from askew.runs.store import (
    ANSWERS,
    JUDGE_CHECK,
    REPORT,
    RESCORED,
    RESCORED_RUNS,
    SCORES,
)
from askew.runs.table_files import read_table

if TYPE_CHECKING:
    from askew.judging.check_result import JudgeCheck
    from askew.stats.findings import Finding
    from askew.stats.forecasts import ScoredForecasts


class RowCounts(BaseModel):
    """The file rows.json of a trained model: the rows that were left after those that were too long, and a note."""

    trained: int
    note: str


class FinishedRun(FinishedTables):
    """A finished run as data; `askew.runs.run.Run` shows it to people.

    Attributes:
        folder: Its folder.
        store: The same folder, with what is finished in it.
        plan: What its design names.
        design: Its frozen design.
        tables: Its tables, as a study's reading takes them.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.tables = Tables(
            self.design,
            self.plan.arms,
            answers=lambda: self.answers,
            counted=lambda: self.counted,
            scores=lambda: self._optional(SCORES),
            estimates=lambda: self.estimates,
            effects=lambda: self.effects,
            pairs=lambda: self.pair_effects,
            read_pairs=lambda: self.pairs,
            losses=lambda: self.losses,
            training_seconds=lambda: self.training_seconds,
            conduct=lambda: self.conduct,
            funnel=lambda: self.funnel,
            events=lambda: self.events,
            agents=lambda: self.agents,
            societies=lambda: self.societies,
            predicted=lambda: self.foretold,
            networks=lambda: self.networks,
            network_curves=lambda: self.network_curves,
            network_spectra=lambda: self.network_spectra,
            controls=self.plan.controls,
            expected=self._expected,
            rests_on=self.plan.study.rests_on,
            looks=lambda: self.plan.looks,
        )

    @cached_property
    def predicted(self) -> "ScoredForecasts | None":
        """The predictions made before there were numbers, with their outcomes; None if there are none."""
        from askew.runs.predictions import read_seals, scored

        seals = read_seals(self.store)
        if not seals:
            return None
        return scored(self.plan, seals, self.tables, self.provenance.get("digest", ""))

    @property
    def metric(self) -> str:
        """The metric of its verdicts and rates: the design's, unless this is a rescored copy."""
        return self.tables.metric

    @cached_property
    def judge(self) -> str:
        """The name of the judge of its answers, which may have read them after the run; "" if none has."""
        later = later_judge(self.store)
        return self.design.judge or ("" if later is None else later.judge)

    @cached_property
    def judge_check(self) -> "JudgeCheck | None":
        """The result of the check of the judge; None if it was not checked."""
        if JUDGE_CHECK not in self.store.hashes():
            return None
        from askew.judging.check_result import JudgeCheck

        self.store.check(JUDGE_CHECK)
        return read_as(self.folder / JUDGE_CHECK, JudgeCheck)

    @cached_property
    def waits(self) -> bool:
        """True if its answers wait for a judge: they need one, and none has read them."""
        from askew.probes import JUDGE

        return not self.judge and bool(read_table(self.folder / ANSWERS, ["graded_by"])["graded_by"].eq(JUDGE).any())

    @cached_property
    def verdict(self) -> str:
        """The study's reading of the numbers, in plain English, and how asking stopped where it could."""
        if not self.waits:
            said = [self.study.verdict(self.tables), *([self.sequential.sentence] if self.sequential else [])]
            return visible(" ".join(said))
        has_numbers = len(self.estimates) or len(self.effects)
        how = f"`askew judge {shlex.quote(str(self.folder))} --judge MODEL`"
        waiting = f"No judge has read the answers yet, so they have no rates; {how} fills them in."
        return visible(" ".join([*([self.study.verdict(self.tables)] if has_numbers else []), waiting]))

    @cached_property
    def sequential(self) -> Sequential | None:
        """Its looks at growing answers, and where it stopped; None if all answers were asked at once."""
        return read_looks(self.store)

    @cached_property
    def findings(self) -> "list[Finding]":
        """The reading of each arm against its control, in each probe and outcome."""
        return self.tables.findings

    @property
    def logs(self) -> Path:
        """The folder of its logs; those of the run, if this is a rescored copy in the run's folder.

        Raises:
            AskewError: It is a rescored copy elsewhere, which has no logs.
        """
        origin = self.provenance.get(RESCORED)
        if not origin:
            return self.folder / "logs"
        if self.folder.resolve().parent.name != RESCORED_RUNS:
            raise AskewError(f"{self.folder} is a copy by `askew rescore` and has no logs: open {origin['run']}")
        return self.folder.resolve().parent.parent / "logs"

    @property
    def command(self) -> str:
        """The command line that reproduces it; made from the design alone if somebody else made the run."""
        origin, ownership = self.provenance.get(RESCORED), self.store.ownership
        if ownership.is_ours:
            return shown_command(self.provenance["command"])
        if origin:
            return shown_command(shlex.join(["askew", "rescore", origin["run"], "--metric", origin["metric"]]))
        return shown_command(command(self.plan, brief=False))

    @property
    def report(self) -> Path:
        """The path of its report."""
        return self.folder / REPORT

    @property
    def arms(self) -> dict[str, str]:
        """A description of each arm, in the order of display: the study's order, with the controls of others last."""
        controls = set(self.plan.controls.values())
        order = sorted(self.plan.arms, key=lambda name: name in controls)
        return {name: self.plan.arms[name].description for name in order}

    @cached_property
    def rows(self) -> dict[str, int]:
        """The number of rows that each arm was trained on."""
        counts = {unit.arm.name: self.row_counts(unit) for unit in self.plan.trained}
        return {arm: counted.trained if counted else self.plan.rows(arm) for arm, counted in counts.items()}

    def row_counts(self, unit: Unit) -> "RowCounts | None":
        """Return the counts of the rows that a model was trained on; None if there are none."""
        file = self.folder / unit.product / "rows.json"
        return read_as(file, RowCounts) if file.is_file() else None

    def _expected(self) -> dict[tuple[str, str], str]:
        """Return the arms and probes that must have verdicts or scores, with the reason to give if they have none."""
        from askew.probes import JUDGED
        from askew.stats.findings import NOT_JUDGED

        try:
            probes = self.plan.probes
            return {
                (name, probe): NOT_JUDGED if self.waits and probes[probe].kind == JUDGED else f"{name} has no answers"
                for name, arm in self.plan.arms.items()
                for probe in asked_of(self.plan, arm)
                if probes[probe].is_compared
            }
        except AskewError:  # the probes of a plug-in or task that is no longer installed
            return {}

    @property
    def provenance(self) -> dict[str, Any]:
        """Its versions, hashes, command and note; see `askew.runs.provenance`."""
        return self.store.study()["provenance"]
