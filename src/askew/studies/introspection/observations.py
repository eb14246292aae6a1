"""Behaviour, predictions and hits derived from a run's answers, computed once for all comparisons of the study."""

from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from askew.studies.introspection.arms import CROSS, SELF
from askew.studies.introspection.behaviour import KEY, behaviour, stated, truth
from askew.studies.introspection.foresight import SURE, is_trained_on
from askew.studies.self_knowledge import DIRECTIONS, M1
from askew.worlds.terrarium.world.tasks import tasks

HITS = "hits"


@dataclass(frozen=True)
class Observations:
    """Frames derived from a run's answers; each is computed at most once.

    Attributes:
        answers: The run's answers, with the columns arm, seed, probe, question, paraphrase and answer.
    """

    answers: pd.DataFrame
    _foreseen: dict[tuple[str, str], pd.DataFrame] = field(default_factory=dict)

    @cached_property
    def did(self) -> pd.DataFrame:
        """The behaviour of each model that was asked; see `behaviour.behaviour`."""
        return behaviour(self.answers)

    @cached_property
    def truth(self) -> pd.DataFrame:
        """The properties of that behaviour; see `behaviour.truth`."""
        return truth(self.did)

    @cached_property
    def stated(self) -> pd.DataFrame:
        """The predictions of each arm; see `behaviour.stated`."""
        return stated(self.answers)

    @cached_property
    def said(self) -> pd.DataFrame:
        """The rows of `stated` at temperature 0, without stated sureness; the columns are the same."""
        return self.stated[~self.stated["varied"] & self.stated["property"].ne(SURE)]

    @cached_property
    def models(self) -> list[str]:
        """The untrained models for which both the self-predictor and the cross-predictor were asked."""
        arms = set(self.said["arm"])
        return [model for model in DIRECTIONS if {SELF[model], CROSS[model]} <= arms and len(self.true_of(model))]

    def true_of(self, arm: str) -> pd.DataFrame:
        """Return the rows of `truth` about one arm, for all tasks; the columns are the same."""
        return self.truth[self.truth["arm"].eq(arm)]

    def hits(self, arm: str, about: str) -> pd.DataFrame:
        """Return the hits of an arm's predictions about a model, for all tasks, in the columns of `hits_of`.

        Args:
            arm: The arm that predicts.
            about: The arm that is predicted, usually an untrained model.
        """
        true = self.true_of(about)[[*KEY, "value"]]
        return hits_of(self.said[self.said["arm"].eq(arm)].merge(true, on=KEY, suffixes=("", "_true")))

    def foreseen(self, arm: str, about: str) -> pd.DataFrame:
        """Return the hits on held-out tasks; see `hits`."""
        if (arm, about) not in self._foreseen:
            self._foreseen[arm, about] = held_out(self.hits(arm, about))
        return self._foreseen[arm, about]


def hits_of(both: pd.DataFrame) -> pd.DataFrame:
    """Return whether each prediction is right.

    Args:
        both: The columns seed, those of `KEY`, value (predicted) and value_true.

    Returns:
        The columns seed, those of `KEY`, cluster (the task) and value (1 for a hit, else 0).
    """
    right = both["value"].eq(both["value_true"]).astype(float)
    return both[["seed", *KEY]].assign(cluster=both["task"], value=right)


def held_out(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows about held-out tasks; `rows` has a column task."""
    return rows[is_held_out(rows)]


def is_held_out(rows: pd.DataFrame) -> pd.Series:
    """Return a boolean for each row: is its task held out from training? `rows` has a column task."""
    return rows["task"].map({name: task.held_out for name, task in tasks().items()}).astype(bool)


def are_trained_on(rows: pd.DataFrame) -> pd.Series:
    """Return a boolean for each row: is its prompt trained on? `rows` has the columns task and item."""
    pairs = zip(rows["task"], rows["item"], strict=True)
    return pd.Series([is_trained_on(tasks()[task], item) for task, item in pairs], index=rows.index, dtype=bool)


def name_of(model: str) -> str:
    """Return the name of an untrained model in labels."""
    return "m1" if model == M1 else model
