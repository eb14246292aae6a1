"""The page of a comparison of runs: one HTML file that needs no other."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from askew.report import forest_plots
from askew.report.inline import TEMPLATE, dressing, environment
from askew.report.sections import Figure
from askew.runs.compare import wording
from askew.runs.compare.comparison import DIFFER, Comparison
from askew.runs.compare.results import DIFFERENCE, KEYS, LEVEL, named

_HERE = Path(__file__).parent
_MOST_DRAWN = 12  # differences


def figures(found: Comparison) -> dict[str, Figure]:
    """Return the figure of the differences that the runs share; none if they share none."""
    rows = _drawn(found)
    if not len(rows):
        return {}
    return {"differences": Figure(lambda narrow: forest_plots.families(rows, narrow), wording.sentence(found))}


def render(found: Comparison, drawings: Mapping[str, Markup]) -> str:
    """Return the page of a comparison.

    Args:
        found: The comparison.
        drawings: Its figures, drawn, by name.
    """
    blocks = wording.blocks(found)
    parts = {"Differences": DIFFERENCE, "Levels: rates, scores and means": LEVEL}
    differences = found.combined["what"].eq(DIFFERENCE).sum() if len(found.combined) else 0
    return (
        environment(_HERE)
        .get_template("compare.html.jinja")
        .render(
            names=list(found.runs),
            sentence=wording.sentence(found),
            refusals=wording.refusals(found),
            run_rows=_run_rows(found),
            setting_rows=[{"name": name, "note": "", "cells": cells} for name, cells in wording.setting_rows(found)],
            notes=found.notes,
            parts=[(title, own) for title, what in parts.items() if (own := [b for b in blocks if b.what == what])],
            together=(wording.THESE_RUNS, wording.LIKE_RUNS, wording.POOLED),
            drawings=drawings,
            more_differences=max(0, int(differences) - _MOST_DRAWN),
            is_pooled=found.pooled is not None,
            **dressing([TEMPLATE / "one_page.css"]),
        )
    )


def _run_rows(found: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "note": str(run.folder),
            "cells": [
                run.design.study,
                run.design.model or "none",
                run.judge or "none",
                run.metric,
                f"{run.design.seeds} from {run.design.seed}",
                run.design.samples or "the usual",
            ],
        }
        for name, run in found.runs.items()
    ]


def _drawn(found: Comparison) -> pd.DataFrame:
    """Return the first shared differences as effects: a family per difference, with a row per run and for all."""
    combined = found.combined[found.combined["what"].eq(DIFFERENCE) & found.combined["runs"].gt(1)].head(_MOST_DRAWN)
    columns = ["estimate", "low", "high", "low_these", "high_these"]
    parts = []
    for row in combined.to_dict("records"):
        own = found.results
        for name in KEYS:
            own = own[own[name].eq(row[name])]
        p = own["p_these"].where(own["p_these"].notna(), own["p"])
        runs = own[columns].assign(label=own["run"], p_corrected=p)
        whole = {"estimate": row["estimate"], "low": row["low_like"], "high": row["high_like"]}
        whole |= {"low_these": row["low"], "high_these": row["high"], "label": "all runs together"}
        # A mean is in colour where no interval of it has the value 0.
        beyond = row["low_like"] > 0 or row["high_like"] < 0
        whole["p_corrected"] = 0.0 if beyond else 1.0
        title = named(row) + (" (the runs differ)" if row["reading"] == DIFFER else "")
        both = pd.concat([runs, pd.DataFrame([whole])], ignore_index=True)
        parts.append(both.assign(family=title, unit=row["unit"]))
    if not parts:
        return pd.DataFrame()
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(measure="", arm="", lead=False, detectable=float("nan"))
