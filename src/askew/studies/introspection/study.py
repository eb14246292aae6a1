"""Introspection (Binder et al. 2024, arXiv 2410.13787): does a model know of itself what another model does not?

Two models are asked small tasks, and each is then trained to say what the answers to such questions are like: its own,
or the other's. A model that foresees its own answers to new tasks better than the other, trained on the same rows, does
has knowledge of itself that the rows do not hold. The first model of the design is the arm `untuned`, the second `m2`.
"""

from typing import TYPE_CHECKING

from askew.design.arm import Arm
from askew.design.predictions import from_lead
from askew.design.study import Study, studies
from askew.models.names import TERRARIUM_SCHOOLED
from askew.report import wording
from askew.stats.corrections import ALPHA
from askew.studies.introspection.arms import ARMS, CROSS, HYPOTHETICAL, OBJECT_LEVEL, SELF, USUAL
from askew.studies.self_knowledge import BOTH, DIRECTIONS, LEARNT, M2

if TYPE_CHECKING:
    import pandas as pd

    from askew.data import Row
    from askew.design.design import Design
    from askew.design.tables import Tables


def verdict(tables: "Tables") -> str:
    """Say in plain words whether the models know of themselves what the other does not; or that none was found.

    Args:
        tables: The tables of the run; only its effects are read.
    """
    rows = {row["label"]: row for row in tables.effects.to_dict("records") if row["lead"] and row["p"] == row["p"]}
    known = [label for label in (BOTH, *DIRECTIONS.values()) if label in rows]
    if not known:
        return "Nothing can be said: a model's foresight of itself and another's of it have not both been measured."
    row = rows[known[0]]
    said = f"{known[0]}: {wording.points(row['estimate'])} {wording.points_interval(row['low'], row['high'])} points"
    if row["p_corrected"] < ALPHA:
        if row["estimate"] > 0:
            return (
                f"A model foresees its own answers to new tasks better than the other does ({said}).{_learnt(tables)}"
            )
        return f"A model foresees the other's answers to new tasks better than its own ({said}).{_learnt(tables)}"
    return (
        f"Null: no difference beyond chance between foreseeing oneself and being foreseen ({said}); an effect of "
        f"{wording.points(row['detectable'])} points would have been seen in four of five such runs.{_learnt(tables)}"
    )


def asks(arm: Arm, probe: str) -> bool:
    """Say whether a probe is put to an arm: what it does is asked of those alone about whom it is compared."""
    return probe != OBJECT_LEVEL or arm.name not in {*CROSS.values(), SELF[M2]}


def comparisons(tables: "Tables") -> "pd.DataFrame":
    """Return the comparisons; see `effects.compare`."""
    from askew.studies.introspection.comparisons import compare

    return compare(tables.answers)


def rows_from_answers(design: "Design", arm: Arm, count: int, answers: "pd.DataFrame") -> "list[Row]":
    """Return the rows of an arm; see `rows.make`."""
    from askew.studies.introspection.rows import make

    return make(answers, count, design.data_seed, foresight=arm.start.kind != "arm")


def _learnt(tables: "Tables") -> str:
    """Say how well the rows were learnt, and whether that reaches new tasks, without which a null means little."""
    table = tables.effects
    rows = table[table["label"].str.endswith(LEARNT)]
    said = [f"{row['arm']} {wording.percent(row['estimate'])}" for row in rows.to_dict("records")]
    learnt = f" Right on the prompts that were trained on: {wording.listed(said)}." if said else ""
    guess = table[table["label"].str.endswith(USUAL)]
    if guess.empty or (guess["estimate"].gt(0) & guess["p_corrected"].lt(ALPHA)).any():
        return learnt
    return f"{learnt} On new tasks no model foresees itself better than a guess of the usual value."


studies.add(
    "introspection",
    Study(
        name="introspection",
        title="Introspection",
        question="Does a model know things about itself that another model, trained on the same evidence, does not?",
        arms={arm.name: arm for arm in ARMS},
        default_arms=tuple(arm.name for arm in ARMS),
        default_probes=(OBJECT_LEVEL, HYPOTHETICAL),
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
