"""What a run's answers show, as all comparisons of the study need it: who did what, who said what, who was right."""

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
class Seen:
    """What a run's answers show, once each.

    Attributes:
        answers: The run's answers.
    """

    answers: pd.DataFrame
    _foreseen: dict[tuple[str, str], pd.DataFrame] = field(default_factory=dict)

    @cached_property
    def did(self) -> pd.DataFrame:
        """What each asked model answers; see `behaviour`."""
        return behaviour(self.answers)

    @cached_property
    def truth(self) -> pd.DataFrame:
        """The properties of that."""
        return truth(self.did)

    @cached_property
    def stated(self) -> pd.DataFrame:
        """What each arm says of answers to come; see `stated`."""
        return stated(self.answers)

    @cached_property
    def said(self) -> pd.DataFrame:
        """The same at temperature 0, without how sure."""
        return self.stated[~self.stated["varied"] & self.stated["property"].ne(SURE)]

    @cached_property
    def models(self) -> list[str]:
        """The untrained models of which both a self- and a cross-predictor were asked."""
        arms = set(self.said["arm"])
        return [model for model in DIRECTIONS if {SELF[model], CROSS[model]} <= arms and len(self.true_of(model))]

    def true_of(self, arm: str) -> pd.DataFrame:
        """Return the truth about one arm, on all tasks."""
        return self.truth[self.truth["arm"].eq(arm)]

    def hits(self, arm: str, about: str) -> pd.DataFrame:
        """Return whether an arm is right about an untrained model: `seed`, `cluster` (the task), `value`, and the key.

        Args:
            arm: Who says it.
            about: Of whom; all tasks.
        """
        true = self.true_of(about)[[*KEY, "value"]]
        return hits_of(self.said[self.said["arm"].eq(arm)].merge(true, on=KEY, suffixes=("", "_true")))

    def foreseen(self, arm: str, about: str) -> pd.DataFrame:
        """Return the hits on tasks that were held out."""
        if (arm, about) not in self._foreseen:
            self._foreseen[arm, about] = held_out(self.hits(arm, about))
        return self._foreseen[arm, about]


def hits_of(both: pd.DataFrame) -> pd.DataFrame:
    """Return whether what was said (`value`) is what is true (`value_true`): seed, `KEY`, cluster (the task), value."""
    right = both["value"].eq(both["value_true"]).astype(float)
    return both[["seed", *KEY]].assign(cluster=both["task"], value=right)


def held_out(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows about tasks that are kept from training."""
    return rows[is_held_out(rows)]


def is_held_out(rows: pd.DataFrame) -> pd.Series:
    """Say of each row whether its task is kept from training."""
    return rows["task"].map({name: task.held_out for name, task in tasks().items()}).astype(bool)


def are_trained_on(rows: pd.DataFrame) -> pd.Series:
    """Say of each row whether its prompt is trained on."""
    pairs = zip(rows["task"], rows["item"], strict=True)
    return pd.Series([is_trained_on(tasks()[task], item) for task, item in pairs], index=rows.index, dtype=bool)


def name_of(model: str) -> str:
    """Return what an untrained model is called in labels."""
    return "m1" if model == M1 else model
