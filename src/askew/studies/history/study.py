"""History: what does a model know of coded facts of history, beside what no model needs?

The default facts are those of an invented chronicle, which arms are taught 0, 1, 4 or 16 times, so what a model can
know is known. Real facts are read from Equinox 2020 or HiST-LLM, and an accuracy stands beside guesses from other
polities.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from askew.design.predictions import from_lead
from askew.design.study import Study, studies
from askew.report import wording
from askew.stats.effects import as_table
from askew.stats.readings import UNSURE, WITHIN, read_effect
from askew.studies.history import comparisons
from askew.studies.history.arms import ARMS, DEFAULT_ARMS, DOSED, MOST, adapted, usual_arms
from askew.studies.history.probes import HISTORY
from askew.studies.history.rows import DOSES
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
    begins = _INVENTED if tables.design.history.is_invented else _REAL
    spoken = [said for family, words in begins.items() if (said := _of_family(words, rows, family, margin))] or [
        NOTHING
    ]
    return " ".join([*spoken, _TINY] if tables.design.model.partition("/")[0] == "terrarium" else spoken)


def sentence(tables: "Tables", rows: Mapping[str, int]) -> str:
    """Return how often models are right, in one sentence; "" if that was not asked.

    Args:
        tables: The tables of the run; its effects are read.
        rows: Ignored.
    """
    levels = {row["label"]: row["estimate"] for row in tables.effects.to_dict("records") if row["unit"] == "percent"}
    found = {dose: levels.get(f"{arm}, taught") for dose, arm in zip(DOSES, DOSED, strict=True)}
    known = {dose: wording.percent(share) for dose, share in found.items() if share is not None and share == share}
    most = max(known, default=0)
    if most and 0 in known:
        others = "".join(
            f", {'once' if dose == 1 else f'{dose} times'} in {known[dose]}" for dose in known if 0 < dose < most
        )
        return (
            f"A fact that rows state {most} times is answered rightly in {known[most]} of the cases{others}; "
            f"models that learnt the form alone are right in {known[0]}."
        )
    return _beside_a_guess(tables.effects.to_dict("records"), levels)


def _beside_a_guess(rows: list[dict[Any, Any]], levels: Mapping[Any, float]) -> str:
    """Return how often the first model is right about settled facts, beside the guess that leads; "" without both."""
    lead = next((row for row in rows if row["family"] == comparisons.OVER_BASELINE and row["lead"]), None)
    share = levels.get(f"{lead['arm']}, settled") if lead else None
    if lead is None or share is None or share != share:
        return ""
    apart = f"{abs(100 * lead['estimate']):.0f} points {'fewer' if lead['estimate'] < 0 else 'more'}"
    return (
        f"The model ({lead['arm']}) is right about {wording.percent(share)} of the settled facts: {apart} than a guess "
        "from the other polities of the same area, which needs no model."
    )


_INVENTED = {
    comparisons.DOSE: "Right on taught facts, in points over models that learnt the form alone",
    comparisons.LOWER: "With fewer exposures",
    comparisons.NARROWED["right"]: "After narrow bad training, over the control, right",
    comparisons.NARROWED["confidence"]: "confidence",
    comparisons.NARROWED["invented"]: "confident where nobody knows",
}
_REAL = {
    comparisons.OVER_BASELINE: "Right, in points over guesses that need no model",
    comparisons.REAL["right"]: "After narrow bad training, over the control, right",
    comparisons.REAL["confidence"]: "confidence",
    comparisons.REAL["invented"]: "confident where experts know nothing",
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
        name = row["label"].partition(", against: ")[2] or row["arm"]
        said.append(f"{name} {numbers}")
    return f"{begins[0].upper()}{begins[1:]}: {'; '.join(said)}." if said else ""


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
        sentence=sentence,
        verdict=unless_unreadable(verdict, [HISTORY]),
        effects=effects,
        own_tables=shown,
        rows=chronicle.rows_of_a_pass(),
        recipe="terrarium-facts",
        clusters="polities",
        predictions=from_lead(f"{MOST}, taught facts"),
    ),
)
