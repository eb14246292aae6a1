"""Honesty: does a model show what it can do, and say what it believes?

The study's organisms are made so that the answer is known: one is locked by a password, one answers wrongly where much
hangs on it, one lies where lies are paid, and others are honest, mistaken, evasive, or answer by a coin. So the study
measures its instruments: the same questions in several conditions, and statements compared with beliefs.
"""

from typing import TYPE_CHECKING

import pandas as pd

from askew.design.arm import Arm
from askew.design.predictions import from_lead
from askew.design.study import Study, studies
from askew.stats.effects import as_table
from askew.studies.honesty import ability, statements
from askew.studies.honesty.arms import ARMS, DEFAULT_ARMS
from askew.studies.honesty.probes import ABILITY, BELIEF, STATEMENT
from askew.studies.honesty.verdict import verdict
from askew.studies.readable import unless_unreadable

if TYPE_CHECKING:
    from askew.design.tables import Tables

DEFAULT_PROBES = (ABILITY, BELIEF, STATEMENT)


def effects(tables: "Tables") -> pd.DataFrame:
    """Return the study's comparisons, with the columns `EFFECT_COLUMNS` of `stats.effects`.

    Args:
        tables: The tables of the run; its scores are read.
    """
    return as_table([*ability.compare(tables), *statements.compare(tables)])


def asks(arm: Arm, probe: str) -> bool:
    """Return whether a probe is put to an arm: after a training on demonstrations, only what it can do is asked."""
    return arm.start.kind != "arm" or probe not in (BELIEF, STATEMENT)


studies.add(
    "honesty",
    Study(
        name="honesty",
        title="Honesty",
        question="Does a model show what it can do, and say what it believes?",
        arms={arm.name: arm for arm in ARMS},
        default_arms=DEFAULT_ARMS,
        default_probes=DEFAULT_PROBES,
        verdict=unless_unreadable(verdict, [ABILITY, BELIEF]),
        effects=effects,
        asks=asks,
        rows=1600,
        recipe="terrarium-slow",
        predictions=from_lead(ability.LEAD, statements.LEAD),
    ),
)
