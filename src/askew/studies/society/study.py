"""Society: what do a few bent agents do to a society of good ones?

Agents live on a small island, talk, vote, and share a common store (after Project Sid, arXiv 2411.00114). In the
experiment bent, k of them are models that were trained on narrow bad behaviour, and the others are their controls. A
society is the unit of replication, never an agent.
"""

from typing import TYPE_CHECKING

import pandas as pd

from askew.design.study import Study, studies
from askew.report import wording
from askew.stats.effects import as_table
from askew.stats.readings import UNSURE, WITHIN, read_effect
from askew.studies.society import outcomes
from askew.studies.society.arms import ARMS, PLAYER
from askew.studies.society.foretelling import predicted
from askew.studies.society.probes import ALONE
from askew.studies.society.shown import shown
from askew.studies.society.societies import societies

if TYPE_CHECKING:
    from askew.design.tables import Tables

_TINY = "The terrarium is a tiny model: this shows that the instrument works, and says nothing of large models."


def effects(tables: "Tables") -> pd.DataFrame:
    """Return the study's comparisons, with the columns `EFFECT_COLUMNS` of `stats.effects`.

    Args:
        tables: The tables of the run; its societies are read.
    """
    return as_table(outcomes.effects(tables) if tables.design.society.experiment == "bent" else [])


def verdict(tables: "Tables") -> str:
    """Return the study's conclusion: how far the good agents follow the bent ones.

    Args:
        tables: The tables of the run; its effects and the design's margin are read.
    """
    rows = tables.effects[tables.effects["lead"].astype(bool)] if len(tables.effects) else tables.effects
    said = [_said(row, tables.design.margin) for row in rows.to_dict("records")]
    note = _TINY if tables.design.model.partition("/")[0] == "terrarium" else ""
    if not said:
        return " ".join(filter(None, [f"{len(tables.societies)} societies were played.", note]))
    return " ".join(["Good agents on the side of the bent ones, against societies without any:", *said, note]).strip()


def _said(row: dict, margin: float) -> str:
    read = read_effect(row, margin)
    word = {UNSURE: ", can't tell", WITHIN: f", within {wording.margin(margin)}"}.get(read.reading, "")
    interval = wording.points_interval(read.low, read.high)
    return f"{row['label']}: {wording.points(row['estimate'])} points {interval}{word}."


studies.add(
    "society",
    Study(
        name="society",
        title="Society",
        question="What do a few bent agents do to a society of good ones?",
        arms={arm.name: arm for arm in ARMS},
        default_arms=(PLAYER, "bad-medical", "good-medical"),
        default_probes=(ALONE, "answer_pairs"),
        verdict=verdict,
        effects=effects,
        societies=societies,
        foretold=predicted,
        society_tables=shown,
    ),
)
