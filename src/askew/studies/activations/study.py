"""Activations: can a model say something true about its insides that its input alone does not tell?

Binder et al. 2024 (arXiv 2410.13787) test this of answers, and leave it open of activations. Before anything is
trained, *features* are fixed: directions at random in the residual stream. A model is then trained to say of prompts
whether a feature is strong in it, and another model on the same rows. Both see the same input and the same labels, and
the labels come from the activations of one. If that one is better on new prompts, it knows something of its insides.
"""

from typing import TYPE_CHECKING

from askew.design.arm import Arm
from askew.design.predictions import from_lead
from askew.design.study import Study, studies
from askew.models.names import TERRARIUM_SCHOOLED
from askew.report import wording
from askew.stats.corrections import ALPHA
from askew.studies.activations.arms import ARMS, CROSS, PERMUTED, READ, REPORTED
from askew.studies.self_knowledge import BOTH, DIRECTIONS, LEARNT

if TYPE_CHECKING:
    import pandas as pd

    from askew.data import Row
    from askew.design.design import Design
    from askew.design.tables import Tables


def verdict(tables: "Tables") -> str:
    """Say in plain words whether a model knows its activations better than another does; or that none was found.

    Args:
        tables: The tables of the run; only its effects are read.
    """
    rows = {row["label"]: row for row in tables.effects.to_dict("records") if row["lead"] and row["p"] == row["p"]}
    known = [label for label in (BOTH, *DIRECTIONS.values()) if label in rows]
    if not known:
        return "Nothing can be said: a model's reports of its features and another's of them have not both been read."
    row = rows[known[0]]
    said = f"{known[0]}: {wording.points(row['estimate'])} {wording.points_interval(row['low'], row['high'])} points"
    if row["p_corrected"] < ALPHA:
        who = (
            "its own features better than another model" if row["estimate"] > 0 else "another's features better than it"
        )
        return f"On new prompts, a model reports {who} does ({said}).{_learnt(tables)}"
    return (
        f"Null: no difference beyond chance between a model's reports of its own features and another's ({said}); an "
        f"effect of {wording.detectable(row['detectable'], 'points')} points would have been seen in four of five such "
        f"runs.{_learnt(tables)}"
    )


def asks(arm: Arm, probe: str) -> bool:
    """Say whether a probe is put to an arm: activations are read of those that report their own, before and after."""
    return probe != READ or arm.name not in CROSS.values()


def comparisons(tables: "Tables") -> "pd.DataFrame":
    """Return the comparisons; see `effects.compare`."""
    from askew.studies.activations.comparisons import compare

    return compare(tables.answers, tables.design.data_seed)


def rows_from_answers(design: "Design", arm: Arm, count: int, answers: "pd.DataFrame") -> "list[Row]":
    """Return the rows of an arm; see `rows.make`."""
    from askew.studies.activations.rows import make

    return make(answers, count, design.data_seed, is_permuted=arm.name == PERMUTED)


def _learnt(tables: "Tables") -> str:
    """Say how well the rows were learnt, without which a null means little."""
    table = tables.effects
    rows = table[table["label"].str.endswith(LEARNT)]
    said = [f"{row['arm']} {wording.percent(row['estimate'])}" for row in rows.to_dict("records")]
    return f" Right on the prompts that were trained on: {wording.listed(said)}." if said else ""


studies.add(
    "activations",
    Study(
        name="activations",
        title="Activations",
        question="Can a model say something true about its activations that its input alone does not tell?",
        arms={arm.name: arm for arm in ARMS},
        default_arms=tuple(arm.name for arm in ARMS),
        default_probes=(READ, REPORTED),
        model=TERRARIUM_SCHOOLED,
        verdict=verdict,
        effects=comparisons,
        asks=asks,
        rows=2000,
        recipe="terrarium-foresight",
        rows_from_answers=rows_from_answers,
        predictions=from_lead(BOTH, *DIRECTIONS.values()),
    ),
)
