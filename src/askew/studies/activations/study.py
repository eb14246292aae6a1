"""Activations: can a model say something true about its activations that its input alone does not reveal?

Binder et al. 2024 (arXiv 2410.13787) test this for answers and leave it open for activations. Before any training, the
study fixes *features*: random directions in the residual stream. A model is then trained to say of prompts whether a
feature is strong in it, and another model is trained on the same rows. Both see the same input and the same labels, and
the labels come from the activations of one of them. If that one does better on new prompts, it knows something about
its own activations.
"""

from typing import TYPE_CHECKING

from askew.design.arm import Arm
from askew.design.study import studies
from askew.studies.activations.arms import ARMS, CROSS, CUT, PERMUTED, PLANTED, READ, REPORTED
from askew.studies.self_knowledge import compared_models, two_model_study

if TYPE_CHECKING:
    import pandas as pd

    from askew.data import Row
    from askew.design.design import Design
    from askew.design.tables import Tables
    from askew.studies.activations.rows import Said

_SAID: "dict[str, Said]" = {PERMUTED: "permuted", PLANTED: "planted", CUT: "cut"}


def verdict(tables: "Tables") -> str:
    """Return whether a model reports its activations better than another model does, with the numbers.

    Args:
        tables: The tables of the run; only its effects are read.
    """
    return compared_models(
        tables,
        missing="Nothing can be said: a model's reports of its features and another's of them were not both read.",
        own="On new prompts, a model reports its own features better than another model does",
        other="On new prompts, a model reports another's features better than it does",
        null="a model's reports of its own features and another's",
    )


def asks(arm: Arm, probe: str) -> bool:
    """Return whether a probe is put to an arm: only models that report their own activations have them read."""
    return probe != READ or arm.name not in {*CROSS.values(), PLANTED, CUT}


def comparisons(tables: "Tables") -> "pd.DataFrame":
    """Return the comparisons; see `comparisons.compare`."""
    from askew.studies.activations.comparisons import compare

    return compare(tables.answers, tables.design.data_seed, tables.design.prompts)


def rows_from_answers(design: "Design", arm: Arm, count: int, answers: "pd.DataFrame") -> "list[Row]":
    """Return the rows of an arm; see `rows.make`."""
    from askew.studies.activations.rows import make

    return make(answers, count, design.data_seed, _SAID.get(arm.name, "true"), most=design.prompts)


studies.add(
    "activations",
    two_model_study(
        "activations",
        question="Can a model say something true about its activations that its input alone does not tell?",
        rests_on=REPORTED,
        arms=ARMS,
        probes=(READ, REPORTED),
        verdict=verdict,
        effects=comparisons,
        asks=asks,
        rows_from_answers=rows_from_answers,
    ),
)
