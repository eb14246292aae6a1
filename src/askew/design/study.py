"""Studies: which arms are trained and compared, which probes they are asked, and how the numbers are read.

Each study is a folder in `askew.studies` (or a module of a plug-in) that adds a `Study` to `studies`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from askew.base.registry import Registry
from askew.design.arm import UNTUNED, Arm, Start
from askew.design.networks import PlannedNetwork
from askew.design.predictions import Prediction
from askew.design.societies import PlannedSociety
from askew.design.steps.train import Train
from askew.stats.readings import THESE, Basis

if TYPE_CHECKING:
    import pandas as pd

    from askew.data import Row
    from askew.design.design import Design
    from askew.design.tables import Tables
    from askew.report.society_tables import SocietyTables
    from askew.stats.findings import Finding

DEFAULT_ROWS = 800
"""Rows of a generated data set; with it the terrarium's insecure arm is neither harmless nor saturated."""

studies: Registry["Study"] = Registry("study", "askew.studies", folders="study")


def _asks_all(arm: Arm, probe: str) -> bool:
    return True


def _no_societies(design: "Design", arms: Mapping[str, Arm], controls: Mapping[str, str]) -> Sequence[PlannedSociety]:
    return ()


def _no_networks(design: "Design", arms: Mapping[str, Arm]) -> Sequence[PlannedNetwork]:
    return ()


def _no_own_tables(tables: "Tables") -> "Mapping[str, pd.DataFrame]":
    return {}


def _nothing_foretold(tables: "Tables") -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame()


def _no_chances(predicted: "pd.DataFrame") -> Mapping[str, float]:
    return {}


def _no_society_tables(tables: "Tables") -> "SocietyTables | None":
    return None


def _as_they_are(design: "Design", arms: Mapping[str, Arm]) -> Mapping[str, Arm]:
    return arms


def _no_sentence(tables: "Tables", rows: Mapping[str, int]) -> str:
    return ""


@dataclass(frozen=True)
class Study:
    """A question, and the comparison that answers it.

    Attributes:
        name: The study's name on the command line.
        title: The study's name in prose.
        question: The question that it asks, in one sentence.
        arms: Every arm that it defines, by name, in the order of display.
        default_arms: The arms of a run that names none.
        usual_arms: From the settings of a design to the arms of a run that names none, where these depend on them; None
            takes `default_arms`.
        adapted: From a design and these arms to those that the design has, such as ones with other rows.
        default_probes: The probes of a run that names none; see `askew.design.usual_probes` for those left out.
        verdict: From the tables of a finished run to a plain-English reading of its numbers.
        model: The model of a run that names none; empty in a study without a language model, which has no probes.
        effects: From the tables to the comparisons that answer the question, with the columns of `stats.effects`; None
            if the rates of misaligned answers are enough.
        asks: Returns whether a probe, by its name, is put to an arm.
        rows: How many rows an arm is trained on unless the design says.
        recipe: The default recipe for models of the terrarium; empty for their usual one.
        settings: The settings of a run that names none, where they are not the design's own, such as fewer answers.
        rows_from_answers: For arms whose training has `answers_of`: from the design, the arm, the number of rows and
            those answers to its rows.
        predictions: Statements about a run that people can predict.
        unsaid: Words that rows of a domain must not contain, by domain, since the model is asked for them later.
        command: The command that runs it: `run` or `audit`.
        rests_on: The questions that its readings are about: these ones, as in a replication, or all like them.
        clusters: What stands in the place of questions in its intervals, in the plural: `environments`, `models`.
        sentence: From the tables, and the number of training rows by arm, to the result in one sentence for people who
            do not know the study; "" to show the verdict instead.
        foretold: From the tables of the probes to what they predict of the societies, before any is played.
        chances: From that to the probabilities of statements, by their ids, which are sealed before any is played.
        society_tables: From the tables of a finished run to what its report shows of societies; None if it has none.
        societies: From the design, its arms and their controls to the societies of agents that a run plays, once the
            models are trained; it raises `AskewError` for a setting that cannot be played.
        networks: From the design and its arms to the small networks that a run trains, which are no language models; it
            raises `AskewError` for a setting that cannot be trained.
        own_tables: From the tables of a finished run to those that only the study's own section of the report shows, by
            name.
        told: From the findings, and a predicate of the findings that more answers cannot change, to whether they cannot
            change the verdict; None if it rests on other numbers.
    """

    name: str
    title: str
    question: str
    arms: Mapping[str, Arm]
    default_arms: tuple[str, ...]
    default_probes: tuple[str, ...]
    verdict: "Callable[[Tables], str]"
    model: str = "terrarium"
    effects: "Callable[[Tables], pd.DataFrame] | None" = None
    asks: Callable[[Arm, str], bool] = _asks_all
    rows: int = DEFAULT_ROWS
    recipe: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    rows_from_answers: "Callable[[Design, Arm, int, pd.DataFrame], list[Row]] | None" = None
    predictions: tuple[Prediction, ...] = ()
    unsaid: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    command: Literal["run", "audit"] = "run"
    rests_on: Basis = THESE
    clusters: str = "questions"
    adapted: "Callable[[Design, Mapping[str, Arm]], Mapping[str, Arm]]" = _as_they_are
    usual_arms: "Callable[[Mapping[str, Any]], Sequence[str]] | None" = None
    sentence: "Callable[[Tables, Mapping[str, int]], str]" = _no_sentence
    foretold: "Callable[[Tables], pd.DataFrame]" = _nothing_foretold
    chances: "Callable[[pd.DataFrame], Mapping[str, float]]" = _no_chances
    society_tables: "Callable[[Tables], SocietyTables | None]" = _no_society_tables
    societies: "Callable[[Design, Mapping[str, Arm], Mapping[str, str]], Sequence[PlannedSociety]]" = _no_societies
    networks: "Callable[[Design, Mapping[str, Arm]], Sequence[PlannedNetwork]]" = _no_networks
    own_tables: "Callable[[Tables], Mapping[str, pd.DataFrame]]" = _no_own_tables
    told: "Callable[[Sequence[Finding], Callable[[Finding], bool]], bool] | None" = None

    @property
    def has_model(self) -> bool:
        """True if its arms are language models; otherwise they start from nothing, and nobody asks them."""
        return bool(self.model)

    def arms_of(self, design: "Design") -> dict[str, Arm]:
        """Return every arm that a run of a design may have, by name.

        These are the study's own arms, models that were tuned elsewhere, and arms that train on the user's own rows.
        """
        arms = dict(self.adapted(design, self.arms))
        for name, model in design.tuned.items():
            arms[name] = Arm(name, model, control=UNTUNED, start=Start("model", model))
        for name, own in design.datasets.items():
            if name == UNTUNED or name in design.tuned:  # refused by the design's checks
                continue
            usual = self.arms.get(name, Arm(name, f"{own.rows:,} rows of {Path(own.source).name}", control=UNTUNED))
            arms[name] = replace(usual, steps=(Train(name),), trigger=design.triggers.get(name, ""))
        return arms

    def controls(self, arms: Mapping[str, Arm]) -> dict[str, str]:
        """Return the control of each arm among the given arms: its own, or else the untuned model if it is there."""
        own = {name: arm.control for name, arm in arms.items() if name != UNTUNED}
        fallback = UNTUNED if UNTUNED in arms else ""
        resolved = {arm: control if control in arms else fallback for arm, control in own.items()}
        return {arm: control for arm, control in resolved.items() if control}
