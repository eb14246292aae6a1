"""Introspection (Binder et al. 2024, arXiv 2410.13787): does a model know something about itself that another does not?

Two models answer small tasks. Each is then trained to describe such answers: its own, or the other's. If a model
foresees its own answers to new tasks better than the other model does, trained on the same rows, it knows something
about itself that the rows do not contain. The first model of the design is the arm `untuned`, the second is `m2`.
"""

from typing import TYPE_CHECKING

from askew.design.arm import Arm
from askew.design.study import studies
from askew.stats.readings import read_effect
from askew.studies.introspection.arms import ARMS, CROSS, CUT, HYPOTHETICAL, OBJECT_LEVEL, PLANTED, SELF, USUAL
from askew.studies.self_knowledge import M2, compared_models, two_model_study

if TYPE_CHECKING:
    import pandas as pd

    from askew.data import Row
    from askew.design.design import Design
    from askew.design.tables import Tables


def verdict(tables: "Tables") -> str:
    """Return whether a model foresees its own answers better than the other model does, with the numbers.

    Args:
        tables: The tables of the run; only its effects are read.
    """
    effects = tables.effects
    reading = compared_models(
        tables,
        missing="Nothing can be said: a model's foresight of itself and another's of it were not both measured.",
        own="A model foresees its own answers to new tasks better than the other does",
        other="A model foresees the other's answers to new tasks better than its own",
        null="foreseeing oneself and being foreseen",
    )
    guesses = effects[effects["label"].str.endswith(USUAL)].to_dict("records")
    if not guesses or any(read_effect(row, tables.design.margin).is_above for row in guesses):
        return reading
    return f"{reading} On new tasks no model foresees itself better than a guess of the usual value."


def asks(arm: Arm, probe: str) -> bool:
    """Return whether a probe is put to an arm: only models that are foreseen get the tasks themselves."""
    return probe != OBJECT_LEVEL or arm.name not in {*CROSS.values(), SELF[M2], PLANTED, CUT}


def comparisons(tables: "Tables") -> "pd.DataFrame":
    """Return the comparisons; see `comparisons.compare`."""
    from askew.studies.introspection.comparisons import compare

    return compare(tables.answers)


def rows_from_answers(design: "Design", arm: Arm, count: int, answers: "pd.DataFrame") -> "list[Row]":
    """Return the rows of an arm; see `rows.foresight` and `rows.imitation`."""
    from askew.studies.introspection.rows import foresight, imitation

    if arm.start.kind == "arm":
        return imitation(answers, count, design.data_seed)
    return foresight(answers, count, design.data_seed, of_new=arm.name in (PLANTED, CUT), is_cut=arm.name == CUT)


studies.add(
    "introspection",
    two_model_study(
        "introspection",
        question="Does a model know things about itself that another model, trained on the same evidence, does not?",
        rests_on=HYPOTHETICAL,
        arms=ARMS,
        probes=(OBJECT_LEVEL, HYPOTHETICAL),
        verdict=verdict,
        effects=comparisons,
        asks=asks,
        rows_from_answers=rows_from_answers,
    ),
)
