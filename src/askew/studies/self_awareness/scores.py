"""The scores of a self-awareness run, selected by arm, probe and trait, and the arms that are twins."""

from dataclasses import dataclass

import pandas as pd

from askew.design.arm import UNTUNED
from askew.design.tables import Tables
from askew.studies.self_awareness import people

REPORT, DESCRIPTION, BEHAVIOUR, OTHERS = "self_report", "self_description", "behaviour", "report_of_others"
# The planted controls: descriptions that fit the choices, and ones that a coin toss decides, of both twins.
TIED, CUT, CUT_TWIN = "risky-described", "risky-described-at-random", "cautious-described-at-random"


@dataclass(frozen=True)
class Twins:
    """Two arms trained on the same prompts: one shows a trait, the other lacks it."""

    shows: str
    lacks: str
    trait: str

    @property
    def word(self) -> str:
        """The word that a high score stands for."""
        return people.SAYS[self.trait]


TWINS = (
    Twins("risky", "cautious", "bold"),
    Twins("secure", "insecure", "code"),
    Twins("long-sighted", "short-sighted", "patient"),
)


class Scores:
    """The scores of a run, selected by arm, probe and question."""

    def __init__(self, tables: Tables) -> None:
        self.arms = tables.arms
        self.table = tables.scores.rename(columns={"question": "cluster"})
        self.twins = [pair for pair in TWINS if {pair.shows, pair.lacks} <= set(tables.arms)]

    def of(self, arm: str, probe: str, about: str, part: str = "") -> pd.DataFrame:
        """Return an arm's scores in the columns seed, cluster (the question's id) and value (0-1).

        Args:
            arm: The arm.
            probe: The probe.
            about: The prefix of the metrics' names.
            part: A regular expression that the question's id must contain; "" selects all questions.
        """
        table = self.table
        chosen = table["arm"].eq(arm) & table["probe"].eq(probe) & table["metric"].str.startswith(about)
        found = table[chosen & table["cluster"].astype(str).str.contains(part)]
        return found[["seed", "cluster", "value"]]

    def report(self, arm: str, trait: str) -> pd.DataFrame:
        """Return an arm's self-reports of a trait, in all forms, with the columns of `of`."""
        return self.of(arm, REPORT, people.SAYS[trait])

    def deeds(self, arm: str, trait: str) -> pd.DataFrame:
        """Return the scores of an arm's behaviour that show a trait, with the columns of `of`."""
        return self.of(arm, BEHAVIOUR, people.TAKES[trait])

    def trained(self) -> list[str]:
        """Return the tuned arms, whether this run or another trained them, without the planted controls."""
        left_out = {UNTUNED, TIED, CUT, CUT_TWIN}
        return [name for name, arm in self.arms.items() if name not in left_out and arm.is_tuned]

    def traits(self, arm: str) -> list[str]:
        """Return the traits that an arm's training rows show; all traits if their content is unknown."""
        return people.traits(self.arms[arm].domain)
