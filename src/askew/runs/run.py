"""A finished run: its tables as data frames, its figures, its report."""

import shlex
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from askew.base.errors import AskewError, unknown_name
from askew.base.json_objects import read_as
from askew.base.untrusted import shown_command, visible
from askew.design.arm import UNTUNED
from askew.design.design import Design
from askew.design.plan import Plan, Unit
from askew.design.study import Study
from askew.design.tables import Tables
from askew.runs.calls import asked_of
from askew.runs.judged_later import later_judge, rates_by_judge, scores_of, second_judges
from askew.runs.provenance import command
from askew.runs.store import (
    ANSWERS,
    CURVE,
    EFFECTS,
    ESTIMATES,
    JUDGE_CHECK,
    PAIR_EFFECTS,
    PAIRS,
    REPORT,
    RESCORED,
    RESCORED_RUNS,
    SCORES,
    RunFolder,
)
from askew.runs.table_files import added_since, read_table

if TYPE_CHECKING:
    import pandas as pd

    from askew.judging.check import JudgeCheck
    from askew.report.arms_at_a_glance import ReadableTable
    from askew.report.chart_files import Chart
    from askew.report.content import ReportContent
    from askew.stats.findings import Finding
    from askew.stats.forecasts import ScoredForecasts


class _RowCounts(BaseModel):
    """The file rows.json of a trained model: the rows that were left after those that were too long, and a note."""

    trained: int
    note: str


class Run:
    """A finished run.

    Attributes:
        folder: Its folder.
        design: Its frozen design.

    Example:
        ```python
        run = askew.run("emergent-misalignment", arms=["insecure", "secure"], seeds=3)
        run.estimates
        run.figure("rates")
        ```
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._store = RunFolder(folder)
        self.plan = Plan(self._store.design())
        self.design: Design = self.plan.design
        self.tables = Tables(
            self.design,
            self.plan.arms,
            answers=lambda: self.answers,
            scores=lambda: self._optional(SCORES),
            estimates=lambda: self.estimates,
            effects=lambda: self.effects,
            controls=self.plan.controls,
            expected=self._expected,
            rests_on=self.plan.study.rests_on,
        )

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @property
    def study(self) -> Study:
        """The study of the run."""
        return self.plan.study

    @cached_property
    def answers(self) -> "pd.DataFrame":
        """Every answer: the rows of `answers.parquet`."""
        return self._table(ANSWERS)

    @cached_property
    def estimates(self) -> "pd.DataFrame":
        """Every rate with its interval: the rows of `estimates.csv`.

        Raises:
            AskewError: An older version of Askew wrote the table, or it was changed or damaged since.
        """
        table = self._newest(ESTIMATES)
        if strange := sorted({*table["arm"], *table["control"]} - {"", *self.plan.arms}):
            raise AskewError(
                f"{self.folder / ESTIMATES} does not belong to the design beside it, which has no arm "
                f"{visible(strange[0])!r}: one of the two was changed"
            )
        return table

    @cached_property
    def effects(self) -> "pd.DataFrame":
        """The comparisons that answer the study's question: the rows of `effects.csv`; none if it has no effects."""
        import pandas as pd

        return pd.DataFrame() if self.study.effects is None else self._newest(EFFECTS)

    @cached_property
    def pairs(self) -> "pd.DataFrame":
        """Every pair of given answers: the rows of `pairs.parquet`; none if no probe reads pairs."""
        return self._optional(PAIRS)

    @cached_property
    def pair_effects(self) -> "pd.DataFrame":
        """Shares and log-odds of pairs by arm, and their differences: the rows of `pairs.csv`; none without pairs."""
        return self._optional(PAIR_EFFECTS)

    @cached_property
    def predicted(self) -> "ScoredForecasts | None":
        """The predictions made before there were numbers, with their outcomes; None if there are none."""
        from askew.runs.predictions import read_seals, scored

        seals = read_seals(self._store)
        if not seals:
            return None
        return scored(self.plan, seals, self.tables)

    @cached_property
    def curve(self) -> "pd.DataFrame | None":
        """Rates during training: the rows of `curve.csv`; None if the design has no checkpoints."""
        return self._table(CURVE) if self.design.checkpoints else None

    @cached_property
    def losses(self) -> "pd.DataFrame":
        """The training loss: columns arm, seed, step, loss."""
        import pandas as pd

        frames = [
            read_table(self.folder / unit.product / "loss.csv", ["step", "loss"]).assign(
                arm=unit.arm.name, seed=unit.seed
            )
            for unit in self.plan.trained
        ]
        columns = ["arm", "seed", "step", "loss"]
        return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)

    @property
    def metric(self) -> str:
        """The metric of its verdicts and rates: the design's, unless this is a rescored copy."""
        return self.tables.metric

    @cached_property
    def judge(self) -> str:
        """The name of the judge of its answers, which may have read them after the run; "" if none has."""
        later = later_judge(self._store)
        return self.design.judge or ("" if later is None else later.judge)

    @cached_property
    def judge_check(self) -> "JudgeCheck | None":
        """The result of the check of the judge; None if it was not checked."""
        if JUDGE_CHECK not in self._store.hashes():
            return None
        from askew.judging.check import JudgeCheck

        self._store.check(JUDGE_CHECK)
        return read_as(self.folder / JUDGE_CHECK, JudgeCheck)

    @cached_property
    def waits(self) -> bool:
        """True if its answers wait for a judge: they need one, and none has read them."""
        from askew.probes import JUDGE

        return not self.judge and bool(read_table(self.folder / ANSWERS, ["graded_by"])["graded_by"].eq(JUDGE).any())

    @cached_property
    def verdict(self) -> str:
        """The study's reading of the numbers, in plain English."""
        if not self.waits:
            return visible(self.study.verdict(self.tables))
        has_numbers = len(self.estimates) or len(self.effects)
        how = f"`askew judge {shlex.quote(str(self.folder))} --judge MODEL`"
        waiting = f"No judge has read the answers yet, so they have no rates; {how} fills them in."
        return visible(" ".join([waiting, *([self.study.verdict(self.tables)] if has_numbers else [])]))

    @cached_property
    def findings(self) -> "list[Finding]":
        """The reading of each arm against its control, in each probe and outcome."""
        return self.tables.findings

    @property
    def note(self) -> str:
        """Warnings about the model and the rows, in sentences; "" if there are none.

        They name what a synthetic organism is no evidence for, what cannot be paired, rows that were left out of
        training, and probes of another version.
        """
        said = [
            str(self._provenance["note"]),
            *self._failed_check(),
            *self._left_out(),
            *self._no_answers(),
            *self._other_versions(),
        ]
        return visible(" ".join(filter(None, said)))

    def _other_versions(self) -> list[str]:
        """Return a sentence for each probe that was asked in another version than the installed one."""
        from askew.probes import other_versions

        found = other_versions(self._provenance.get("probes", {}))
        return [
            f"{name} was asked in version {asked}, and version {installed} is installed: don't pool the two."
            for name, (asked, installed) in found.items()
        ]

    def _failed_check(self) -> list[str]:
        """Return a warning if the judge failed its check."""
        found = self.judge_check
        return [] if found is None or found.passes else [f"Don't rely on the rates: {visible(found.failure)}."]

    def _no_answers(self) -> list[str]:
        """Return a note for each arm whose model sometimes gave no answer, with the cause and what to do."""
        from askew.models.said import said_of_no_answers

        if not (self.folder / ANSWERS).is_file():
            return []
        replies = read_table(self.folder / ANSWERS, ["arm", "reply"])
        counts = {
            str(arm): {str(reply): count for reply, count in part["reply"].value_counts().items()}
            for arm, part in replies.groupby("arm", sort=False)
        }
        notes = {arm: said_of_no_answers(found, self.design.max_tokens) for arm, found in counts.items()}
        return [f"{arm}: {note}" for arm, note in notes.items() if note]

    def _left_out(self) -> list[str]:
        """Return a note for each arm with rows that were too long; it is the same for all seeds."""
        counts = {unit.arm.name: self._row_counts(unit) for unit in self.plan.trained}
        return [f"{arm}: {counted.note}" for arm, counted in counts.items() if counted and counted.note]

    @property
    def logs(self) -> Path:
        """The folder of its logs; those of the run, if this is a rescored copy in the run's folder.

        Raises:
            AskewError: It is a rescored copy elsewhere, which has no logs.
        """
        origin = self._provenance.get(RESCORED)
        if not origin:
            return self.folder / "logs"
        if self.folder.resolve().parent.name != RESCORED_RUNS:
            raise AskewError(f"{self.folder} is a copy by `askew rescore` and has no logs: open {origin['run']}")
        return self.folder.resolve().parent.parent / "logs"

    @property
    def command(self) -> str:
        """The command line that reproduces it; made from the design alone if somebody else made the run."""
        origin, ownership = self._provenance.get(RESCORED), self._store.ownership
        if ownership.is_ours:
            return shown_command(self._provenance["command"])
        if origin:
            return shown_command(shlex.join(["askew", "rescore", origin["run"], "--metric", origin["metric"]]))
        return shown_command(command(self.plan, brief=False))

    @property
    def report(self) -> Path:
        """The path of its report."""
        return self.folder / REPORT

    @property
    def table(self) -> "ReadableTable":
        """One row per arm for people: percentages with one decimal; `to_markdown()` returns it as text.

        The columns are those of `askew.report.arms_at_a_glance.arms_at_a_glance`.
        """
        from askew.report.arms_at_a_glance import arms_at_a_glance

        return arms_at_a_glance(self.arm_rates)

    @property
    def arm_rates(self) -> "pd.DataFrame":
        """One row per arm, with the columns of `report.tables.arms_table`.

        They are the rate (0-1), its intervals, its difference from the control, the counts of incoherent, refused and
        unjudged answers and of replies that are none, and the rate in the arm's own domain.
        """
        from askew.report.tables import arms_table

        return arms_table(self.estimates, self.arms)

    @property
    def arms(self) -> dict[str, str]:
        """A description of each arm, in the order of display: the study's order, with the controls of others last."""
        controls = set(self.plan.controls.values())
        order = sorted(self.plan.arms, key=lambda name: name in controls)
        return {name: self.plan.arms[name].description for name in order}

    @cached_property
    def rows(self) -> dict[str, int]:
        """The number of rows that each arm was trained on."""
        counts = {unit.arm.name: self._row_counts(unit) for unit in self.plan.trained}
        return {arm: counted.trained if counted else self.plan.rows(arm) for arm, counted in counts.items()}

    def _row_counts(self, unit: Unit) -> "_RowCounts | None":
        file = self.folder / unit.product / "rows.json"
        return read_as(file, _RowCounts) if file.is_file() else None

    def figure(self, name: str) -> "Chart":
        """Draw one of the report's figures, as an Altair chart.

        Args:
            name: `rates`, `per_question`, `loss`, …

        Raises:
            AskewError: The report has no figure of this name; the error lists its figures.
        """
        from askew.report.sections import all_figures

        drawn = all_figures(self.content())
        if name not in drawn:
            raise unknown_name("figure", name, drawn)
        return drawn[name].draw(False)

    def content(self) -> "ReportContent":
        """Return the content of its report."""
        from askew.judging.metrics import metrics
        from askew.probes import JUDGE, title
        from askew.report.content import ReportContent
        from askew.stats.agreement import agreement

        provenance = self._provenance
        # Answers graded by a rule say nothing about the judge.
        judged = self.answers[(self.answers["graded_by"] == JUDGE) & (self.answers["oracle"] != "")]
        hashes = {name: sha256 for name, sha256 in self._store.hashes().items() if name.startswith(("data/", ANSWERS))}
        return ReportContent(
            title=self.study.title,
            question=self.study.question,
            verdict=self.verdict,
            organism_note=self.note,
            command=self.command,
            design={**self.design.settings(), **self._judged_by()},
            versions={
                **provenance["versions"],
                **{f"probe {name}": str(version) for name, version in provenance.get("probes", {}).items()},
            },
            hashes={**provenance["hashes"], **hashes},
            answers=self.answers,
            estimates=self.estimates,
            losses=self.losses,
            curve=self.curve,
            agreement=None if judged.empty else agreement(judged),
            judge_check=self.judge_check,
            by_judge=self._by_judge(),
            metric=metrics.get(self.metric),
            arms=self.arms,
            findings=[found for found in self.findings if found.arm in self.design.tuned],
            margin=self.design.margin,
            effects=self.effects,
            pairs=self.pair_effects,
            pair_curve=self._pair_curve(),
            predicted=self.predicted,
            titles={probe: title(probe) for probe in self.design.probes},
            comparisons=self.findings,
            rests_on=self.study.rests_on,
            sentence=self.study.sentence(self.tables, self.rows),
            rows=self.rows,
        )

    def _pair_curve(self) -> "pd.DataFrame":
        """Return the share and the log-odds of the given pairs along the training; no rows without checkpoints."""
        import pandas as pd

        from askew.probes.given_pairs import FAR, NEAR, NEUTRAL
        from askew.stats.answer_pairs import along_training

        if self.pairs.empty or not self.design.checkpoints:
            return pd.DataFrame()
        steps = self.design.recipe.steps
        totals = {unit.arm.name: steps(self.plan.rows(unit.arm.name)) for unit in self.plan.trained}
        return along_training(self.pairs, totals, UNTUNED, (FAR, NEAR, NEUTRAL))

    def _by_judge(self) -> "pd.DataFrame":
        """Return the rates of each arm under the run's judge and under each other judge; empty without another."""
        import pandas as pd

        from askew.judging.metrics import metrics

        others = second_judges(self._store)
        if not others:
            return pd.DataFrame()
        scores = {self.judge: pd.DataFrame()}
        for table, judge in others.items():
            name = judge if judge not in scores else f"{judge} ({Path(table).stem})"  # the same judge, another rubric
            scores[name] = scores_of(self._store, table)
        return rates_by_judge(self.answers, scores, metrics.get(self.metric))

    def _judged_by(self) -> dict[str, str]:
        """Return the judge and the rubric of the rates."""
        later = None if self.design.judge else later_judge(self._store)
        return {"judge": self.judge, **({} if later is None else {"rubric": later.rubric})}

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

    def _repr_html_(self) -> str:
        from html import escape

        shown = self.table.to_html(index=False, float_format="{:.1f}".format, na_rep="–")
        if len(self.effects):
            columns = ["family", "label", "measure", "estimate", "low", "high", "p_corrected", "detectable", "unit"]
            effects = self.effects[columns].to_html(index=False, float_format="{:.3f}".format, na_rep="–")
            shown = f"{effects}{shown}"
        return f"{shown}<p>{escape(self.verdict)}</p>"

    def _optional(self, name: str) -> "pd.DataFrame":
        """Return a table that only some runs have; without rows and columns if it is not there."""
        import pandas as pd

        file = self.folder / name
        return read_table(file) if file.exists() else pd.DataFrame()

    @property
    def _provenance(self) -> dict[str, Any]:
        return self._store.study()["provenance"]

    def _table(self, name: str) -> "pd.DataFrame":
        self._store.check(name)
        return read_table(self.folder / name)

    def _newest(self, name: str) -> "pd.DataFrame":
        """Return a table, after a check that this version of Askew wrote it."""
        table = self._table(name)
        if missing := added_since(name, table):
            metric = self.design.metric
            raise AskewError(
                f"{self.folder / name} was written by an older version of Askew and has no column {missing!r}. "
                f"`askew rescore {shlex.quote(str(self.folder))} --metric {metric}` writes the tables of this version "
                f"to {self.folder / RESCORED_RUNS / metric}"
            )
        return table


def load_run(folder: Path | str) -> Run:
    """Open the folder of a finished run.

    Args:
        folder: The folder.

    Returns:
        The run. Nothing is computed.

    Raises:
        AskewError: It is no run's folder, the run is not finished, or a table or log was changed or damaged since.
    """
    run = Run(Path(folder))
    store = RunFolder(run.folder)
    store.ownership.warn_of_strangers()
    hashes = store.hashes()
    missing = [name for name in (ANSWERS, ESTIMATES) if name not in hashes]
    if missing:
        raise AskewError(
            f"the run in {folder} is not finished: it has no {missing[0]}. Continue it with "
            f"`{run.command} --out {folder}`"
        )
    for name in hashes:
        # Adapters may be large, and are checked before they are asked; the report can be rewritten.
        if not name.startswith(("models/", REPORT)):
            store.check(name)
    made_of = [ANSWERS, *([SCORES] if SCORES in hashes else [])]
    if not store.is_finished(ESTIMATES, store.made_of(*made_of)):
        raise AskewError(
            f"the run in {folder} was stopped while its tables were written. Continue it with "
            f"`{run.command} --out {folder}`"
        )
    return run
