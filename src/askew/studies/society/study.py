"""Society: what do a few bent agents do to a society of good ones?

Agents live on a small island, talk, vote, and share a common store (after Project Sid, arXiv 2411.00114). In the
experiment bent, k of them are models that were trained on narrow bad behaviour, and the others are their controls. A
society is the unit of replication, never an agent.
"""

from typing import TYPE_CHECKING

import pandas as pd

from askew.design.arm import UNTUNED
from askew.design.study import Study, studies
from askew.models.names import TERRARIUM_SCHOOLED
from askew.report import wording
from askew.stats.effects import as_table
from askew.stats.readings import UNSURE, WITHIN, read_effect
from askew.studies.society import comparisons
from askew.studies.society.arms import ARMS, adapted, usual_arms
from askew.studies.society.foretelling import predicted
from askew.studies.society.probes import ALONE
from askew.studies.society.shown import shown
from askew.studies.society.societies import BENT, societies
from askew.studies.society.statements import STATEMENTS, chances
from askew.studies.society.tipping import compared

if TYPE_CHECKING:
    from askew.design.tables import Tables

_TINY = "The terrarium is a tiny model: this shows that the instrument works, and says nothing of large models."


def effects(tables: "Tables") -> pd.DataFrame:
    """Return the study's comparisons, with the columns `EFFECT_COLUMNS` of `stats.effects`.

    Args:
        tables: The tables of the run; its societies are read.
    """
    return as_table(comparisons.effects(tables))


def verdict(tables: "Tables") -> str:
    """Return the study's conclusion: how far good agents follow the bent ones, or what else is compared.

    Args:
        tables: The tables of the run; its effects, societies, predictions and the design's margin are read.
    """
    rows = tables.effects[tables.effects["lead"].astype(bool)] if len(tables.effects) else tables.effects
    said = [_said(row, tables.design.margin) for row in rows.to_dict("records")]
    if said and tables.design.society.experiment == BENT:
        said = ["Good agents on the side of the bent ones, against societies without any:", *said, *_tipping(tables)]
    elif said:
        said.insert(0, f"{rows['family'].iloc[0]} ({rows['measure'].iloc[0]}):")
    else:
        said = [f"{len(tables.societies)} societies were played."]
    return " ".join([*said, _TINY] if tables.design.model.partition("/")[0] == "terrarium" else said)


def _said(row: dict, margin: float) -> str:
    read = read_effect(row, margin)
    word = {UNSURE: ", can't tell", WITHIN: f", within {wording.margin(margin)}"}.get(read.reading, "")
    number = f"{wording.effect(row['estimate'], row['unit'])} {row['unit']}"
    return f"{row['label']}: {number} {wording.effect_interval(read.low, read.high, row['unit'])}{word}."


def _tipping(tables: "Tables") -> list[str]:
    """Return a sentence on the observed and the predicted tipping of each arm and topic."""
    return [
        f"Half of the societies ({row['topic']}) tip at {_share(row, 'observed')} of bent agents; before they were "
        f"played, {_share(row, 'predicted')} was predicted: {row['reading']}."
        for row in compared(tables).to_dict("records")
    ]


def _share(row: dict, name: str) -> str:
    return wording.share_or_none(row[name], row[f"{name}_low"], row[f"{name}_high"])


studies.add(
    "society",
    Study(
        name="society",
        title="Society",
        question="What do a few bent agents do to a society of good ones?",
        arms={arm.name: arm for arm in ARMS},
        adapted=adapted,
        usual_arms=usual_arms,
        default_arms=(UNTUNED, "bad-medical", "good-medical"),
        model=TERRARIUM_SCHOOLED,
        default_probes=(ALONE, "answer_pairs"),
        verdict=verdict,
        effects=effects,
        clusters="models",
        societies=societies,
        foretold=predicted,
        chances=chances,
        predictions=STATEMENTS,
        society_tables=shown,
    ),
)
