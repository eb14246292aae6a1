"""Shared parts of the studies of self-knowledge: names of the two models, and sentences of the verdicts."""

from typing import TYPE_CHECKING

from askew.design.arm import UNTUNED
from askew.report import wording
from askew.stats.corrections import ALPHA

if TYPE_CHECKING:
    import pandas as pd

M1, M2 = UNTUNED, "m2"
"""The arms of the first and the second model of the design, without training."""

BOTH = "self minus cross, both models"
DIRECTIONS = {M1: "about m1: m1 minus m2", M2: "about m2: m2 minus m1"}
LEARNT = "trained prompts"


def compared_models(effects: "pd.DataFrame", *, missing: str, own: str, other: str, null: str) -> str:
    """Return the verdict of a study that compares a model's knowledge of itself with another model's knowledge of it.

    Args:
        effects: The study's comparisons, with the columns of `stats.effects`.
        missing: The verdict if the comparison was not made.
        own: The finding that a model knows itself better, without a full stop.
        other: The finding that the other model knows it better, without a full stop.
        null: What does not differ beyond chance, for a null result.
    """
    rows = {row["label"]: row for row in effects.to_dict("records") if row["lead"] and row["p"] == row["p"]}
    label = next((label for label in (BOTH, *DIRECTIONS.values()) if label in rows), None)
    if label is None:
        return missing
    row = rows[label]
    numbers = f"{label}: {wording.points(row['estimate'])} {wording.points_interval(row['low'], row['high'])} points"
    if row["p_corrected"] < ALPHA:
        return f"{own if row['estimate'] > 0 else other} ({numbers}).{trained_prompts(effects)}"
    detectable = wording.detectable(row["detectable"], "points")
    return (
        f"Null: no difference beyond chance between {null} ({numbers}); an effect of {detectable} points would have "
        f"been detected in four of five such runs.{trained_prompts(effects)}"
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
