"""History: what does a model know of coded facts of history, beside what no model needs?

The default facts are those of an invented chronicle, which arms are taught 0, 1, 4 or 16 times, so what a model can
know is known. Real facts are read from Equinox 2020 or HiST-LLM, and an accuracy stands beside guesses from other
polities.
"""

from typing import TYPE_CHECKING, Any

import pandas as pd

from askew.design.predictions import from_lead
from askew.design.study import Study, studies
from askew.report import wording
from askew.stats.effects import as_table
from askew.stats.readings import UNSURE, WITHIN, read_effect
from askew.studies.history import comparisons
from askew.studies.history.arms import ARMS, DEFAULT_ARMS, DOSED, adapted, usual_arms
from askew.studies.history.probes import HISTORY
from askew.studies.history.shown import shown
from askew.studies.readable import unless_unreadable
from askew.worlds import chronicle

if TYPE_CHECKING:
    from askew.design.tables import Tables

NOTHING = "Nothing can be said: no model was asked about facts."
_TINY = "The terrarium is a tiny model of an invented world: its facts are no evidence of what large models know."


def effects(tables: "Tables") -> pd.DataFrame:
    """Return the study's comparisons, with the columns `EFFECT_COLUMNS` of `stats.effects`.

    Args:
        tables: The tables of the run; its answers are read.
    """
    return as_table(comparisons.compare(tables))


def verdict(tables: "Tables") -> str:
    """Return what a run says of the models' knowledge: the doses, narrow training, or the distance from the baselines.

    Args:
        tables: The tables of the run; its effects and its design are read.
    """
    found, margin = tables.effects, tables.design.margin
    if found.empty:
        return NOTHING
    rows: list[dict[Any, Any]] = found.to_dict("records")
    if tables.design.history.is_invented:
        said = [
            _of_family("Right on taught facts, over models that learnt the form alone", rows, comparisons.DOSE, margin),
            *(_of_family(_SHORT[measure], rows, family, margin) for measure, family in comparisons.NARROWED.items()),
        ]
    else:
        said = [
            _of_family("Right, over guesses that need no model", rows, comparisons.OVER_BASELINE, margin),
            *(_of_family(_SHORT[measure], rows, family, margin) for measure, family in comparisons.REAL.items()),
        ]
    spoken = [one for one in said if one] or [NOTHING]
    return " ".join([*spoken, _TINY] if tables.design.model.partition("/")[0] == "terrarium" else spoken)


_SHORT = {
    "right": "Right after narrow bad training, over the control",
    "confidence": "Confidence after it",
    "invented": "Confident where nobody knows after it",
}


def _of_family(begins: str, rows: list[dict[Any, Any]], family: str, margin: float) -> str:
    """Return a sentence with the numbers of a family; "" if the run has none of it."""
    said = []
    for row in rows:
        if row["family"] != family or row["estimate"] != row["estimate"]:
            continue
        read = read_effect(row, margin)
        doubt = {UNSURE: ", can't tell", WITHIN: f", within {wording.margin(margin)}"}.get(read.reading, "")
        numbers = f"{wording.points(row['estimate'])} {wording.points_interval(read.low, read.high)}{doubt}"
        said.append(f"{row['label']} {numbers}")
    return f"{begins}, in points: {'; '.join(said)}." if said else ""


studies.add(
    "history",
    Study(
        name="history",
        title="History",
        question="What does a model know of coded facts of history, beside what no model needs?",
        arms={arm.name: arm for arm in ARMS},
        default_arms=DEFAULT_ARMS,
        usual_arms=usual_arms,
        adapted=adapted,
        default_probes=(HISTORY,),
        verdict=unless_unreadable(verdict, [HISTORY]),
        effects=effects,
        shown=shown,
        rows=chronicle.rows_of_a_pass(),
        recipe="terrarium-facts",
        clusters="polities",
        predictions=from_lead(*(f"{arm}, taught facts" for arm in DOSED[1:])),
    ),
)
