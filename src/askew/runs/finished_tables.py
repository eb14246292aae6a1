"""Reads the tables of a finished run as data frames."""

import shlex
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.design.design import Design
from askew.design.plan import Plan
from askew.design.study import Study
from askew.runs.looks import asked_so_far
from askew.runs.shown_answers import shown_answers
from askew.runs.store import (
    AGENTS,
    ANSWERS,
    CONDUCT,
    CURVE,
    CURVES,
    EFFECTS,
    EPISODES,
    ESTIMATES,
    EVENTS,
    FORETOLD,
    FUNNEL,
    NETWORKS,
    PAIR_EFFECTS,
    PAIRS,
    RESCORED_RUNS,
    SCORER_CHECK,
    SOCIETIES,
    SPECTRA,
    TAUGHT,
    RunFolder,
)
from askew.runs.table_files import COUNTED_COLUMNS, added_since, read_losses, read_table, read_training_seconds
from askew.stats.answer_pairs import MEASURES

if TYPE_CHECKING:
    import pandas as pd


class FinishedTables:
    """The tables of a finished run. Each is read, and checked against what the run wrote, when it is first used.

    Args:
        folder: The run's folder.

    Attributes:
        folder: Its folder.
        store: The same folder, with what is finished in it.
        plan: What its design names.
        design: Its frozen design.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = RunFolder(folder)
        self.plan = asked_so_far(Plan(self.store.design()), self.store)
        self.design: Design = self.plan.design

    @property
    def study(self) -> Study:
        """The study of the run."""
        return self.plan.study

    @cached_property
    def answers(self) -> "pd.DataFrame":
        """Every answer: the rows of `answers.parquet`."""
        return self._table(ANSWERS)

    @cached_property
    def counted(self) -> "pd.DataFrame":
        """Every answer without the texts of models: the columns `COUNTED_COLUMNS`, texts as categories."""
        self.store.check(ANSWERS)
        return read_table(self.folder / ANSWERS, COUNTED_COLUMNS, as_codes=True)

    @cached_property
    def shown(self) -> "pd.DataFrame":
        """The answers that the report shows: rows of `answers.parquet`, all of them if they are few enough."""
        return shown_answers(self.folder / ANSWERS, self.counted)

    @cached_property
    def estimates(self) -> "pd.DataFrame":
        """Every rate with its interval: the rows of `estimates.csv`.

        Raises:
            AskewError: An older version of Askew wrote the table, or it was changed or damaged since.
        """
        return self._of_its_arms(ESTIMATES, self._newest(ESTIMATES))

    @cached_property
    def effects(self) -> "pd.DataFrame":
        """The comparisons that answer the study's question: the rows of `effects.csv`; none if it has no effects."""
        import pandas as pd

        if self.study.effects is None:
            return pd.DataFrame()
        return self._of_its_arms(EFFECTS, self._newest(EFFECTS))

    @cached_property
    def pairs(self) -> "pd.DataFrame":
        """Every pair of given answers: the rows of `pairs.parquet`; none if no probe reads pairs."""
        return self._optional(PAIRS)

    @cached_property
    def pair_effects(self) -> "pd.DataFrame":
        """Shares and log-odds of pairs by arm, and their differences: the rows of `pairs.csv`; none without pairs.

        Raises:
            AskewError: The table lacks a measure of an arm or comparison, or has it twice, or compares an arm without
                its own numbers; or it names an arm that the design beside it does not have.
        """
        table = self._of_its_arms(PAIR_EFFECTS, self._optional(PAIR_EFFECTS))
        if table.empty:
            return table
        measures = table.groupby(["probe", "kind", "arm", "control", "label"])["measure"].agg(sorted)
        own = {where[:3] for where in measures.index if not where[3]}
        compared = {(*where[:2], arm) for where in measures.index for arm in where[2:4] if where[3]}
        if not measures.map(sorted(MEASURES).__eq__).all() or not compared <= own:
            raise AskewError(
                f"{self.folder / PAIR_EFFECTS} is damaged: it has not each measure of each arm and comparison once. "
                "Restore the file, or delete it and repeat the command that made the run"
            )
        return table

    @cached_property
    def episodes(self) -> "pd.DataFrame":
        """Every turn of every episode: the rows of `episodes.parquet`; none if no probe has episodes."""
        return self._optional(EPISODES)

    @cached_property
    def conduct(self) -> "pd.DataFrame":
        """The conduct in each episode: the rows of `conduct.parquet`; none if no probe has episodes."""
        return self._optional(CONDUCT)

    @cached_property
    def funnel(self) -> "pd.DataFrame":
        """The share of episodes that reach each step, by arm and variant: the rows of `funnel.csv`; none without them.

        Raises:
            AskewError: The table names an arm that the design beside it does not have.
        """
        return self._of_its_arms(FUNNEL, self._optional(FUNNEL), ("arm",))  # its controls are variants

    @cached_property
    def scorer_check(self) -> "pd.DataFrame":
        """The check of the scorers on planted actors: the rows of `scorer_check.csv`; none without episodes."""
        return self._optional(SCORER_CHECK)

    @cached_property
    def events(self) -> "pd.DataFrame":
        """Every event of every society: the rows of `society/events.parquet`; none if the run has no societies."""
        return self._optional(f"society/{EVENTS}")

    @cached_property
    def agents(self) -> "pd.DataFrame":
        """Every agent of every society: the rows of `society/agents.parquet`; none if the run has no societies."""
        return self._optional(f"society/{AGENTS}")

    @cached_property
    def societies(self) -> "pd.DataFrame":
        """Every society: the rows of `society/societies.parquet`; none if the run has no societies."""
        return self._optional(f"society/{SOCIETIES}")

    @cached_property
    def foretold(self) -> "pd.DataFrame":
        """The study's predictions of the societies: the rows of `society/predicted.csv`; none without societies."""
        return self._optional(FORETOLD)

    @cached_property
    def networks(self) -> "pd.DataFrame":
        """Every small network and its moments: the rows of `grokking/networks.parquet`; none without networks.

        Raises:
            AskewError: The table names an arm that the design beside it does not have.
        """
        table = self._optional(f"grokking/{NETWORKS}")
        if len(table) and (strange := sorted({*table["arm"]} - {*self.plan.arms})):
            raise AskewError(
                f"{self.folder / 'grokking' / NETWORKS} does not belong to the design beside it, which has no arm "
                f"{visible(strange[0])!r}: one of the two was changed"
            )
        return table

    @cached_property
    def network_curves(self) -> "pd.DataFrame":
        """Every point of their training curves: the rows of `grokking/network_curves.parquet`; else none."""
        return self._optional(f"grokking/{CURVES}")

    @cached_property
    def network_spectra(self) -> "pd.DataFrame":
        """Every frequency at every snapshot: the rows of `grokking/network_spectra.parquet`; none without networks."""
        return self._optional(f"grokking/{SPECTRA}")

    @cached_property
    def taught(self) -> "pd.DataFrame":
        """The evidence of what tuned models were taught: the rows of `taught.parquet`; none if nothing was read.

        Raises:
            AskewError: The table names an arm that the design beside it does not have.
        """
        import pandas as pd

        if not self.design.reading or not self.design.tuned:
            return pd.DataFrame()
        return self._of_its_arms(TAUGHT, self._optional(TAUGHT))

    @cached_property
    def curve(self) -> "pd.DataFrame | None":
        """Rates during training: the rows of `curve.csv`; None if the design has no checkpoints."""
        return self._table(CURVE) if self.design.checkpoints else None

    @cached_property
    def losses(self) -> "pd.DataFrame":
        """The training loss: columns arm, seed, step, loss."""
        return read_losses(self.folder, self.plan)

    @cached_property
    def training_seconds(self) -> "pd.DataFrame":
        """The time of every training, in the session that finished it: columns arm, seed, seconds."""
        return read_training_seconds(self.folder, self.plan)

    def _of_its_arms(
        self, name: str, table: "pd.DataFrame", columns: Sequence[str] = ("arm", "control")
    ) -> "pd.DataFrame":
        """Return a table, after a check that the design has the arms that some of its columns name."""
        named = {arm for column in columns if column in table for arm in table[column]}
        if strange := sorted(named - {"", *self.plan.arms}):
            raise AskewError(
                f"{self.folder / name} does not belong to the design beside it, which has no arm "
                f"{visible(strange[0])!r}: one of the two was changed"
            )
        return table

    def _optional(self, name: str) -> "pd.DataFrame":
        """Return a table that only some runs have; without rows and columns if it is not there."""
        import pandas as pd

        return self._table(name) if (self.folder / name).exists() else pd.DataFrame()

    def _table(self, name: str) -> "pd.DataFrame":
        self.store.check(name)
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
