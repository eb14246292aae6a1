"""Section: the comparisons of a study that compares more than rates, with their intervals."""

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from askew.report import tables, wording
from askew.report.content import ReportContent
from askew.report.sections import Figure, Section, section
from askew.stats.corrections import ALPHA

if TYPE_CHECKING:
    from askew.report.chart_files import Chart

COLOUR = "In colour: effects that differ from zero beyond chance (corrected p below 0.05)."
NO_COLOUR = "No effect differs from zero beyond chance (corrected p below 0.05)."


def families(effects: pd.DataFrame) -> list[tuple[str, list[dict[str, str | bool]]]]:
    """Return the effects by family, each as the words that people read, in the order of display.

    Args:
        effects: The rows of `effects.csv`.

    Returns:
        Pairs of a family's name and its effects. In each effect `lead` says whether it answers the study's question,
        `apart` whether it differs from zero beyond chance; all other values are text.
    """
    return [(str(family), list(rows)) for family, rows in groupby(_worded(effects), key=itemgetter("family"))]


def _worded(effects: pd.DataFrame) -> list[dict[str, str | bool]]:
    return [_words(row) for row in tables.with_these(tables.effects_table(effects)).to_dict("records")]


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
        "interval_these": wording.effect_interval(row["low_these"], row["high_these"], unit),
        "p": wording.p_value(row["p_corrected"]),
        "detectable": wording.detectable(row["detectable"], unit),
        "clusters": wording.counted(clusters, kind),
        "seeds": wording.counted(seeds, "seed") if seeds else "",
        "apart": bool(row["p_corrected"] < ALPHA),
    }


def _values(content: ReportContent) -> dict[str, Any]:
    found = tables.is_apart(content.effects).any()
    return {
        "families": families(content.effects),
        "colour_note": COLOUR if found else NO_COLOUR,
        "clusters": content.clusters,
    }


def _figures(content: ReportContent) -> dict[str, Figure]:
    from askew.report import forest_plots

    effects = content.effects

    def answer(narrow: bool) -> "Chart":
        return forest_plots.answer(effects, narrow, content.clusters)

    def by_family(narrow: bool) -> "Chart":
        return forest_plots.families(effects, narrow, content.clusters)

    found = {}
    if 0 < effects["lead"].sum() < len(effects):
        found["answer"] = Figure(answer, _spoken(effects))
    spoken = "All comparisons with their intervals, by family; the numbers are in the table below."
    return {**found, "effects": Figure(by_family, spoken)}


def _spoken(effects: pd.DataFrame) -> str:
    leading = _worded(effects[effects["lead"]])
    return "; ".join(f"{row['label']} {row['estimate']} {row['interval']}".strip() for row in leading) + "."


section(
    Section(
        name="effects",
        title="Findings",
        place=20,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: len(content.effects) > 0,
        values=_values,
        figures=_figures,
        tables=lambda content: {"effects": tables.effects_table(content.effects)},
    )
)
