"""Studies: which arms are trained and compared, which probes they are asked, and how the numbers are read.

One study is one module of this package, which adds a `Study` to `studies`. A study knows names of data sets and
probes; it trains, asks and counts nothing itself. Beside a study's own arms a run may have models that were tuned
elsewhere: they are arms too, asked as they are.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from askew.base.registry import Registry

if TYPE_CHECKING:
    import pandas as pd

    from askew.data import Row
    from askew.design.design import Design
    from askew.design.own_rows import OwnRows
    from askew.design.predictions import Prediction
    from askew.design.tables import Tables
    from askew.runs.run import Run

# Files are named after arms.
ARM_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

UNTUNED = "untuned"
"""The arm that is the model as it came. It has one seed, 0, for nothing was trained."""

SECOND = "second"
"""As an arm's base: the second model of the design."""

DEFAULT_ROWS = 800
"""Rows of a data set that is made on the spot: the terrarium's insecure arm is then neither harmless nor saturated."""

studies: Registry["Study"] = Registry("study", "askew.studies", folders="study")


@dataclass(frozen=True)
class Arm:
    """One training condition.

    Attributes:
        name: What users call it.
        description: What it is, in a few words.
        data: The data set that it is trained on; empty for the untuned model.
        control: The arm that it is compared with; empty if there is none.
        domain: What its data set is about, as the in-domain probe names it; empty for the untuned model.
        trigger: What stands before a prompt to set the behaviour off; empty if nothing does.
        model: The model that it is, if that was tuned elsewhere; empty if it is trained here, or is the untuned one.
        base: What it begins with: the model of the design if empty, or `SECOND`.
        rows_from: The arm, untrained, whose answers its rows are made of; empty if its data set is there without.
        after: The arm that it goes on from, seed by seed, once that is trained; empty if it begins with its base.
    """

    name: str
    description: str
    data: str = ""
    control: str = ""
    domain: str = ""
    trigger: str = ""
    model: str = ""
    base: str = ""
    rows_from: str = ""
    after: str = ""


def _asks_all(arm: Arm, probe: str) -> bool:
    return True


@dataclass(frozen=True)
class Study:
    """A question, and the comparison that answers it.

    Attributes:
        name: What users call it.
        title: The same for people.
        question: What it asks, in one sentence.
        arms: Every arm that there is, by name, in the order of display.
        default_arms: The arms of a run that names none.
        default_probes: The probes of a run that names none.
        verdict: From a finished run to what its numbers say, in plain words.
        model: The model of a run that names none.
        effects: From the finished tables to the comparisons that answer the question, with the columns of
            `stats.effects`; None if the rates say it all.
        asks: Whether a probe is put to an arm.
        rows: How many rows an arm is trained on where nobody says.
        recipe: The recipe for models of the terrarium where nobody names one; empty if it is their usual one.
        rows_from_answers: For arms with `rows_from`: from the design, the arm and those answers to its rows.
        predictions: What may be predicted of a run.
        unsaid: Words that rows of a domain must not say, by domain: the model is asked for them later.
    """

    name: str
    title: str
    question: str
    arms: Mapping[str, Arm]
    default_arms: tuple[str, ...]
    default_probes: tuple[str, ...]
    verdict: Callable[["Run"], str]
    model: str = "terrarium"
    effects: "Callable[[Tables], pd.DataFrame] | None" = None
    asks: Callable[[Arm, str], bool] = _asks_all
    rows: int = DEFAULT_ROWS
    recipe: str = ""
    rows_from_answers: "Callable[[Design, Arm, pd.DataFrame], list[Row]] | None" = None
    predictions: "tuple[Prediction, ...]" = ()
    unsaid: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def with_others(
        self, tuned: Mapping[str, str], datasets: Mapping[str, "OwnRows"], triggers: Mapping[str, str]
    ) -> Mapping[str, Arm]:
        """Return every arm that a run may have: the study's own, those on other rows, and models tuned elsewhere.

        Args:
            tuned: Names of such models, by the arm that each is shown as.
            datasets: Rows of a user's own, by the arm that is trained on them.
            triggers: What sets the behaviour in such rows off, by arm.
        """
        arms = {**self.arms, **{name: Arm(name, model, control=UNTUNED, model=model) for name, model in tuned.items()}}
        for name, own in datasets.items():
            usual = self.arms.get(name, Arm(name, f"{own.rows:,} rows of {Path(own.source).name}", control=UNTUNED))
            arms[name] = replace(usual, data=name, trigger=triggers.get(name, ""), rows_from="")
        return arms

    def controls(self, arms: Mapping[str, Arm]) -> dict[str, str]:
        """Return each arm's control among the given arms: its own, or else the untuned model, if it is there."""
        chosen = {name: arm.control for name, arm in arms.items() if name != UNTUNED}
        fallback = UNTUNED if UNTUNED in arms else ""
        resolved = {arm: control if control in arms else fallback for arm, control in chosen.items()}
        return {arm: control for arm, control in resolved.items() if control}
