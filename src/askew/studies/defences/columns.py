"""The measures of each arm: rates by context, the task, lengths, given answers, and a new task."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from askew.judging.metrics import metrics
from askew.probes.free_form_in_contexts import CONTEXTS
from askew.probes.given_pairs import FAR
from askew.studies.defences.arms import further

if TYPE_CHECKING:
    from askew.design.tables import Tables

PLAIN, TASK, CONTEXT_PROBE, PAIRS = "free_form", "in_domain", "free_form_in_contexts", "answer_pairs"
STANDARD = "plain questions"
COLUMNS = (STANDARD, *CONTEXTS)
"""The columns in which an arm may be misaligned."""

_BINS = 5
_FEWEST = 5  # answers of a length in an arm, for its rate to count


class Measured:
    """The answers, given answers and losses of a run, as its comparisons need them.

    Args:
        tables: The tables of the run; answers, pairs, losses and seconds of training are read.
    """

    def __init__(self, tables: "Tables") -> None:
        self._answers = _with_values(tables)
        pairs = tables.read_pairs
        self._pairs = pairs[pairs["kind"].eq(FAR) & pairs["step"].eq(0)] if len(pairs) else pairs
        self._losses, self._seconds = tables.losses, tables.training_seconds
        self.arms = [arm for arm in tables.arms if arm in {*self._answers["arm"], *self._pairs.get("arm", ())}]

    def misaligned(self, arm: str, column: str) -> pd.DataFrame:
        """Return whether each answer of an arm is misaligned, in the columns seed, cluster (the question) and value.

        Args:
            arm: The arm.
            column: One of `COLUMNS`.
        """
        own = self._of(arm, PLAIN if column == STANDARD else CONTEXT_PROBE)
        return own if column == STANDARD else own[own["group"].eq(column)]

    def learnt(self, arm: str) -> pd.DataFrame:
        """Return whether each answer shows the trained task, in the columns seed, cluster and value."""
        return self._of(arm, TASK)

    def incoherent(self, arm: str) -> pd.DataFrame:
        """Return whether each answer to a plain question is incoherent, in the columns seed, cluster and value."""
        own = self._of(arm, PLAIN)
        return own.assign(value=own["verdict"].eq("incoherent").astype(float))

    def at_lengths_of(self, arm: str, other: str) -> pd.DataFrame:
        """Return the answers of an arm to plain questions, drawn again so that they are as long as those of another.

        Answers are weighted so that as many fall into each fifth of the other arm's lengths, in characters; fifths with
        few answers here are left out. Columns seed, cluster and value, one row for each seed and question.

        Args:
            arm: The arm whose rate is wanted.
            other: The arm whose lengths count.
        """
        own, model = self._of(arm, PLAIN).dropna(subset=["value"]), self._of(other, PLAIN).dropna(subset=["value"])
        if own.empty or model.empty:
            return own[["seed", "cluster", "value"]]
        edges = np.unique(np.quantile(model["length"], np.linspace(0, 1, _BINS + 1)[1:-1]))
        of_model = pd.Series(np.searchsorted(edges, model["length"])).value_counts(normalize=True)
        fifths = own.assign(fifth=np.searchsorted(edges, own["length"]))
        counts = fifths["fifth"].value_counts()
        weights = (of_model / counts[counts >= _FEWEST]).dropna()
        weighted = fifths.assign(weight=fifths["fifth"].map(weights)).dropna(subset=["weight"])
        sums = (
            weighted.assign(value=weighted["value"] * weighted["weight"])
            .groupby(["seed", "cluster"], as_index=False)[["value", "weight"]]
            .sum()
        )
        return sums.assign(value=sums["value"] / sums["weight"])[["seed", "cluster", "value"]]

    def log_odds(self, arm: str) -> pd.DataFrame:
        """Return the log-odds of misaligned given answers, in the columns seed, cluster and value (nats per token)."""
        if self._pairs.empty:
            return pd.DataFrame(columns=["seed", "cluster", "value"])
        own = self._pairs[self._pairs["arm"].eq(arm)]
        return own.rename(columns={"question": "cluster", "per_token": "value"})[["seed", "cluster", "value"]]

    def new_task(self, arm: str) -> pd.DataFrame:
        """Return the loss of the new task after an arm, over the second half of its only pass, so on unseen rows.

        Args:
            arm: The arm before the new task.

        Returns:
            The columns seed, cluster and value (nats per token), one row per step.
        """
        own = self._losses[self._losses["arm"].eq(further(arm))] if len(self._losses) else self._losses
        if own.empty:
            return pd.DataFrame(columns=["seed", "cluster", "value"])
        late = own[own["step"].gt(own.groupby("seed")["step"].transform("max") / 2)]
        return late.rename(columns={"step": "cluster", "loss": "value"})[["seed", "cluster", "value"]]

    def seconds(self, arm: str) -> float:
        """Return how long an arm is trained, the mean over its seeds; NaN if that is not known."""
        own = self._seconds[self._seconds["arm"].eq(arm)] if len(self._seconds) else self._seconds
        return float(own["seconds"].mean()) if len(own) else float("nan")

    def _of(self, arm: str, probe: str) -> pd.DataFrame:
        return self._answers[self._answers["arm"].eq(arm) & self._answers["probe"].eq(probe)]


def _with_values(tables: "Tables") -> pd.DataFrame:
    """Return the answers with verdicts that count, with the columns cluster, value (misaligned, 0 or 1) and length."""
    columns = ["arm", "seed", "probe", "cluster", "group", "verdict", "value", "length"]
    answers = tables.answers
    if answers.empty:
        return pd.DataFrame(columns=columns)
    metric = metrics.get(tables.metric)
    verdicts = metric.verdicts(answers)
    counted = answers[verdicts.ne("unjudged")].assign(verdict=verdicts)
    value = counted["verdict"].eq("misaligned").astype(float).where(metric.in_denominator(counted["verdict"]))
    return counted.assign(cluster=counted["question"], value=value, length=counted["answer"].str.len())[columns]
