"""A study's effects in finished words, for the page and for the terminal."""

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

import pandas as pd

from askew.report import tables, wording

COLOUR = "In colour: what differs from zero beyond chance (corrected p below 0.05)."
NO_COLOUR = "Nothing differs from zero beyond chance (corrected p below 0.05)."


def worded(effects: pd.DataFrame) -> list[dict[str, str | bool]]:
    """Return a row of words for each effect, in the order of display; `apart` says whether it is beyond chance."""
    return [_words(row) for row in tables.effects_table(effects).to_dict("records")]


def families(effects: pd.DataFrame) -> list[tuple[str, list[dict[str, str | bool]]]]:
    """Return those rows by family."""
    return [(str(family), list(rows)) for family, rows in groupby(worded(effects), key=itemgetter("family"))]


def colour_note(effects: pd.DataFrame) -> str:
    """Say what is in colour, or that nothing is."""
    return COLOUR if len(effects) and tables.is_apart(effects).any() else NO_COLOUR


def spoken(effects: pd.DataFrame) -> str:
    """Return what a screen reader says of the effects that answer the question."""
    leading = worded(effects[effects["lead"]])
    return "; ".join(f"{row['label']} {row['estimate']} {row['interval']}".strip() for row in leading) + "."


def _words(row: Mapping[Any, Any]) -> dict[str, str | bool]:
    unit = row["unit"]
    seeds, clusters = int(row["seeds"]), int(row["clusters"])
    kind = "pair" if unit == "r" else "cluster"
    return {
        "family": row["family"],
        "label": row["label"],
        "measure": row["measure"],
        "lead": bool(row["lead"]),
        "estimate": wording.effect(row["estimate"], unit),
        "interval": wording.effect_interval(row["low"], row["high"], unit),
        "p": wording.p_value(row["p_corrected"]),
        "detectable": wording.detectable(row["detectable"], unit),
        "clusters": wording.counted(clusters, kind),
        "seeds": wording.counted(seeds, "seed") if seeds else "",
        "apart": bool(row["p_corrected"] < tables.SIGNIFICANT),
    }
