"""The tables of a run, for a study's comparisons and verdict."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.stats.readings import THESE, Basis

if TYPE_CHECKING:
    from askew.design.arm import Arm
    from askew.design.design import Design
    from askew.stats.findings import Finding

Frame = pd.DataFrame | Callable[[], pd.DataFrame]


def _empty() -> pd.DataFrame:
    return pd.DataFrame()


class Tables:
    """The tables of a run. A table that is given as a function is read when it is first used.

    Args:
        design: The design of the run.
        arms: Its arms by name, in the order of display.
        answers: One row per answer, with the columns of `answers.parquet`.
        counted: The same without the texts of models, which are most of their size; those of `answers` by default.
        scores: One row per score outside every metric, with the columns of `scores.parquet`: arm, seed, probe,
            question, epoch, metric (the score's name), value (a fraction, NaN if it is missing).
        estimates: One row per rate, with the columns of `estimates.csv`.
        effects: The study's own comparisons, with the columns of `stats.effects`.
        pairs: Log-odds of pairs of given answers by arm, and their differences, with the columns of `pairs.csv`.
        read_pairs: One row per pair, wording and model, with the columns of `pairs.parquet`.
        losses: One row per training step, with the columns arm, seed, step and loss (nats per token).
        conduct: One row per episode, with the columns of `conduct.parquet`.
        funnel: One row per step, arm, variant and environment, with the columns of `funnel.csv`.
        events: One row per event of a society, with the columns of `society/events.parquet`.
        agents: One row per agent of a society, with the columns of `society/agents.parquet`.
        societies: One row per society, with the columns of `society/societies.parquet`.
        predicted: The study's predictions of the societies, made before any was played: `society/predicted.csv`.
        networks: One row per small network, with the columns of `grokking/networks.parquet`.
        network_curves: One row per network and epoch, with the columns of `grokking/network_curves.parquet`.
        network_spectra: One row per network, snapshot and frequency: `grokking/network_spectra.parquet`.
        controls: Arm to its control, of the arms that are compared with one.
        expected: Returns the arms and probes that must have answers with verdicts or scores, each with the reason to
            give if they have none.
        rests_on: The questions that the readings are about.
        looks: Returns the number of planned looks by probe, for the probes that are asked in batches.
    """

    def __init__(
        self,
        design: "Design",
        arms: "Mapping[str, Arm]",
        *,
        answers: Frame = _empty,
        counted: Frame | None = None,
        scores: Frame = _empty,
        estimates: Frame = _empty,
        effects: Frame = _empty,
        pairs: Frame = _empty,
        read_pairs: Frame = _empty,
        losses: Frame = _empty,
        training_seconds: Frame = _empty,
        conduct: Frame = _empty,
        funnel: Frame = _empty,
        events: Frame = _empty,
        agents: Frame = _empty,
        societies: Frame = _empty,
        predicted: Frame = _empty,
        networks: Frame = _empty,
        network_curves: Frame = _empty,
        network_spectra: Frame = _empty,
        controls: "Mapping[str, str] | None" = None,
        expected: Callable[[], Mapping[tuple[str, str], str]] = dict,
        rests_on: Basis = THESE,
        looks: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self.design = design
        self.arms = arms
        self.rests_on: Basis = rests_on
        self.controls: Mapping[str, str] = controls or {}
        self._expected = expected
        self._looks = looks
        self._given: dict[str, Frame] = {
            "answers": answers,
            "scores": scores,
            "estimates": estimates,
            "effects": effects,
            "pairs": pairs,
        }
        self._given |= {"counted": (lambda: self.answers) if counted is None else counted}
        self._given |= {"training_seconds": training_seconds}
        self._given |= {"losses": losses, "read_pairs": read_pairs, "conduct": conduct, "funnel": funnel}
        self._given |= {"events": events, "agents": agents, "societies": societies, "predicted": predicted}
        self._given |= {"networks": networks, "network_curves": network_curves, "network_spectra": network_spectra}

    @cached_property
    def answers(self) -> pd.DataFrame:
        """One row per answer, with the columns of `answers.parquet`."""
        return self._frame("answers")

    @cached_property
    def counted(self) -> pd.DataFrame:
        """One row per answer, with the columns of `answers.parquet` but for prompt, answer, reasoning and copied_at."""
        return self._frame("counted")

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One row per score outside every metric, with the columns of `scores.parquet`."""
        return self._frame("scores")

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """One row per rate, with the columns of `estimates.csv`."""
        return self._frame("estimates")

    @cached_property
    def effects(self) -> pd.DataFrame:
        """One row per comparison of the study's own, with the columns of `effects.csv`."""
        return self._frame("effects")

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Log-odds of pairs of given answers, with the columns of `pairs.csv`; none if no probe reads pairs."""
        return self._frame("pairs")

    @cached_property
    def read_pairs(self) -> pd.DataFrame:
        """One row per pair, wording and model, with the columns of `pairs.parquet`; none if no probe reads pairs."""
        return self._frame("read_pairs")

    @cached_property
    def losses(self) -> pd.DataFrame:
        """One row per training step, with the columns arm, seed, step and loss (nats per token)."""
        return self._frame("losses")

    @cached_property
    def training_seconds(self) -> pd.DataFrame:
        """One row per training, with the columns arm, seed and seconds; none before the report."""
        return self._frame("training_seconds")

    @cached_property
    def conduct(self) -> pd.DataFrame:
        """One row per episode, with the columns of `conduct.parquet`; none if no probe has episodes."""
        return self._frame("conduct")

    @cached_property
    def funnel(self) -> pd.DataFrame:
        """One row per step, arm, variant and environment, with the columns of `funnel.csv`; none without episodes."""
        return self._frame("funnel")

    @cached_property
    def events(self) -> pd.DataFrame:
        """One row per event of a society, with the columns of `society/events.parquet`; none without societies."""
        return self._frame("events")

    @cached_property
    def agents(self) -> pd.DataFrame:
        """One row per agent of a society, with the columns of `society/agents.parquet`; none without societies."""
        return self._frame("agents")

    @cached_property
    def societies(self) -> pd.DataFrame:
        """One row per society, with the columns of `society/societies.parquet`; none without societies."""
        return self._frame("societies")

    @cached_property
    def predicted(self) -> pd.DataFrame:
        """The study's predictions of the societies, made before any was played; none without societies.

        The columns are those of the study.
        """
        return self._frame("predicted")

    @cached_property
    def networks(self) -> pd.DataFrame:
        """One row per small network, with the columns of `grokking/networks.parquet`; none without networks."""
        return self._frame("networks")

    @cached_property
    def network_curves(self) -> pd.DataFrame:
        """One row per network and epoch, with the columns of `grokking/network_curves.parquet`; none without any."""
        return self._frame("network_curves")

    @cached_property
    def network_spectra(self) -> pd.DataFrame:
        """One row per network, snapshot and frequency, with the columns of `grokking/network_spectra.parquet`."""
        return self._frame("network_spectra")

    @cached_property
    def findings(self) -> "list[Finding]":
        """The reading of each arm against its control, in each probe and outcome, in the order of the design.

        Raises:
            AskewError: The tables name an arm or a probe that the design does not have.
        """
        from askew.judging.metrics import metrics
        from askew.probes import NO_VERDICT, title
        from askew.stats.findings import findings

        arms, probes = list(self.design.arms), list(self.design.probes)
        judged = self.counted[self.counted["graded_by"].ne(NO_VERDICT)]
        titles = {probe: title(probe) for probe in probes}
        found = findings(
            judged,
            self.estimates,
            metrics.get(self.metric),
            self.design.margin,
            titles,
            rests_on=self.rests_on,
            controls=self.controls,
            expected=self._expected(),
            looks=self._looks(),
        )
        if strange := next((one for one in found if one.arm not in arms or one.probe not in probes), None):
            raise AskewError(
                f"the tables of the run are damaged: they name the arm {visible(strange.arm)!r} and the probe "
                f"{visible(strange.probe)!r}, which are not both in its design"
            )
        return sorted(found, key=lambda one: (arms.index(one.arm), probes.index(one.probe)))

    @cached_property
    def metric(self) -> str:
        """The metric of the rates: the design's, unless they are a reading under another."""
        from askew.stats.scores import are_scores

        if self.estimates.empty:
            return self.design.metric
        judged = self.estimates.loc[~are_scores(self.estimates), "metric"]
        return self.design.metric if judged.empty else str(judged.iloc[0])

    def _frame(self, name: str) -> pd.DataFrame:
        given = self._given[name]
        return given if isinstance(given, pd.DataFrame) else given()
