"""Shared parts of the studies of self-knowledge: the study's card, the names of the two models, and verdicts."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from askew.design.arm import UNTUNED, Arm
from askew.design.predictions import from_lead
from askew.design.study import Study
from askew.models.names import TERRARIUM_SCHOOLED
from askew.report import wording
from askew.stats.readings import FELL, ROSE, ROSE_BELOW, WITHIN, read_effect
from askew.studies.planted import unless_untrusted
from askew.studies.readable import unless_unreadable

if TYPE_CHECKING:
    import pandas as pd

    from askew.design.tables import Tables

M1, M2 = UNTUNED, "m2"
"""The arms of the first and the second model of the design, without training."""

BOTH = "self minus cross, both models"
DIRECTIONS = {M1: "about m1: m1 minus m2", M2: "about m2: m2 minus m1"}
LEARNT = "trained prompts"


def two_model_study(
    name: str,
    *,
    question: str,
    rests_on: str,
    arms: Sequence[Arm],
    probes: tuple[str, ...],
    verdict: "Callable[[Tables], str]",
    effects: "Callable[[Tables], pd.DataFrame]",
    asks: Callable[[Arm, str], bool],
    rows_from_answers: Callable[..., list[Any]],
) -> Study:
    """Return a study that compares a model's knowledge of itself with another model's knowledge of it.

    All its arms and probes are used by default.

    Args:
        name: The study's name; its title is the same, capitalized.
        question: The question that the study answers.
        rests_on: The probe whose answers are compared.
        arms: Its arms, in the order of display.
        probes: Its probes.
        verdict: Returns the conclusion from a run's tables.
        effects: Returns the comparisons of a run, with the columns of `stats.effects`.
        asks: Returns whether a probe is put to an arm.
        rows_from_answers: Returns the training rows of an arm, made of a model's answers.
    """
    return Study(
        name=name,
        title=name.capitalize(),
        question=question,
        arms={arm.name: arm for arm in arms},
        default_arms=tuple(arm.name for arm in arms),
        default_probes=probes,
        model=TERRARIUM_SCHOOLED,
        verdict=unless_unreadable(unless_untrusted(verdict), [rests_on]),
        effects=effects,
        asks=asks,
        rows=2000,
        recipe="terrarium-foresight",
        rows_from_answers=rows_from_answers,
        predictions=from_lead(BOTH, *DIRECTIONS.values()),
    )


def compared_models(tables: "Tables", *, missing: str, own: str, other: str, null: str) -> str:
    """Return the verdict of a study that compares a model's knowledge of itself with another model's knowledge of it.

    Args:
        tables: The tables of the run; only its effects are read.
        missing: The verdict if the comparison was not made.
        own: The finding that a model knows itself better, without a full stop.
        other: The finding that the other model knows it better, without a full stop.
        null: The two that are compared, for a result without a difference.
    """
    effects, margin = tables.effects, tables.design.margin
    rows = {row["label"]: row for row in effects.to_dict("records") if row["lead"] and row["p"] == row["p"]}
    label = next((label for label in (BOTH, *DIRECTIONS.values()) if label in rows), None)
    if label is None:
        return missing
    row = rows[label]
    read = read_effect(row, margin)
    numbers = f"{label}: {wording.points(row['estimate'])} {wording.points_interval(read.low, read.high)} points"
    if read.reading in (ROSE, ROSE_BELOW, FELL):
        below = f", by less than {wording.margin(margin)}" if read.reading == ROSE_BELOW else ""
        said = f"{other if read.reading == FELL else own}{below} ({numbers})."
    elif read.reading == WITHIN:
        said = f"The difference between {null} is within {wording.margin(margin)} ({numbers})."
    else:
        detectable = wording.detectable(row["detectable"], "points")
        said = (
            f"Can't tell whether {null} differ ({numbers}); an effect of {detectable} points would have been detected "
            "in four of five such runs."
        )
    return f"{said}{wording.in_general(read)}{_one_direction(label)}{trained_prompts(effects)}"


def _one_direction(label: str) -> str:
    """Return a warning if only one of the two directions was compared; "" if both were."""
    if label == BOTH:
        return ""
    return (
        " This is one direction only: a difference in how well the two models learn does not cancel, so by itself it "
        "says nothing about self-knowledge."
    )


def trained_prompts(effects: "pd.DataFrame") -> str:
    """Return a sentence on how well the training rows were learnt; "" if no arm was asked about them.

    If the rows were not learnt, a null result means little.

    Args:
        effects: The study's comparisons, with the columns of `stats.effects`.
    """
    rows = effects[effects["label"].str.endswith(LEARNT)].to_dict("records")
    shares = [f"{row['arm']} {wording.percent(row['estimate'])}" for row in rows]
    return f" Right on the prompts that were trained on: {wording.listed(shares)}." if shares else ""
