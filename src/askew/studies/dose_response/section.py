"""Report section: the way there and the way back by dose, and what good rows prevent."""

from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from askew.report import wording
from askew.report.chart_files import ACCENT, INK, PAPER, PLAIN, Chart, styled
from askew.report.content import ReportContent
from askew.report.interval_charts import NARROW, WIDE
from askew.report.sections import Figure, Section, section
from askew.studies.dose_response.shown import BACK, THERE

_STUDY = "dose-response"
_TABLES = ("curves", "factorial")


def dose_curves(table: pd.DataFrame, narrow: bool = False) -> Chart:
    """Return a chart of the log-odds by dose, on the way there and on the way back.

    Args:
        table: The columns way, dose (rows), change, low and high (nats per token against the untuned model).
        narrow: Draw for a phone.
    """
    doses = sorted(set(table["dose"]))
    x = alt.X("dose:Q", title="rows", scale=alt.Scale(type="log", nice=False, padding=14), axis=alt.Axis(values=doses))
    y = alt.Y("change:Q", title="change in nats per token")
    legend = alt.Legend(symbolType="stroke", symbolSize=500, labelLimit=400, columns=1)
    colour = alt.Color("way:N", scale=alt.Scale(domain=[THERE, BACK], range=[ACCENT, INK]), legend=legend)
    base = alt.Chart(table).encode(x=x, color=colour)
    zero = alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(color=PLAIN, strokeDash=[2, 3]).encode(y="at:Q")
    layers = [
        zero,
        base.mark_rule(strokeWidth=2, opacity=0.6).encode(y=alt.Y("low:Q"), y2="high:Q"),
        base.mark_line(strokeWidth=2).encode(y=y),
        base.mark_point(size=60, opacity=1, fill=PAPER, strokeWidth=2).encode(y=y),
    ]
    return styled(alt.layer(*layers).properties(width=(NARROW if narrow else WIDE) - 60, height=260))


def _figures(content: ReportContent) -> dict[str, Figure]:
    table = content.own_of(_STUDY).get("curves")
    if table is None or table.empty:
        return {}
    return {
        "dose_response": Figure(
            lambda narrow: dose_curves(table, narrow),
            _spoken(table),
            "The change against the untuned model by the number of rows, with 95% intervals over seeds.",
        )
    }


def _spoken(table: pd.DataFrame) -> str:
    said = [
        f"{way}: " + "; ".join(f"{row['dose']} rows {row['change']:+.2f}" for row in own.to_dict("records"))
        for way, own in table.groupby("way", sort=False)
    ]
    return f"Change of the log-odds of misaligned answers by dose, in nats per token. {'. '.join(said)}."


def _values(content: ReportContent) -> dict[str, Any]:
    cells = content.own_of(_STUDY)["factorial"]
    rows = [
        {
            "name": f"{row['bad']} bad, {row['good']} good",
            "note": "",
            "cells": [
                f"{wording.nats(row['change'])} {wording.effect_interval(row['low'], row['high'], 'nats')}",
                "" if row["protection"] != row["protection"] else wording.percent(row["protection"]),
            ],
        }
        for row in cells.to_dict("records")
    ]
    return {"cells": rows}


section(
    Section(
        name="dose-response",
        title="Dose and response",
        place=15,
        template=Path(__file__).with_name("section.html.jinja"),
        appears=lambda content: any(len(content.own_of(_STUDY).get(name, ())) for name in _TABLES),
        values=_values,
        figures=_figures,
        tables=lambda content: {
            f"dose_{name}": content.own_of(_STUDY)[name] for name in _TABLES if name in content.own_of(_STUDY)
        },
    )
)
