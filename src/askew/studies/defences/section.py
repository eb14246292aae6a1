"""Report section: what each defence prevents at its worst, and what it costs."""

from pathlib import Path
from typing import Any, Literal

import altair as alt
import pandas as pd

from askew.report import wording
from askew.report.chart_files import ACCENT, INK, PLAIN, Chart, styled
from askew.report.content import ReportContent
from askew.report.interval_charts import NARROW, WIDE
from askew.report.sections import Figure, Section, section
from askew.studies.defences.arms import FULL, NONE
from askew.studies.defences.columns import COLUMNS
from askew.studies.defences.shown import keeps_the_task

_STUDY = "defences"
_NAMES_APART = 0.035
"""The least distance of two names, as a share of the height."""
_SIDES: tuple[tuple[str, Literal["left", "right"], int], ...] = (
    ("datum.task > 0.5", "right", -9),
    ("datum.task <= 0.5", "left", 9),
)
"""The side of a mark on which its name stands, by a test in Vega."""
_FRONT, _OTHER, _BARE = "no other is better at both", "another is better at both", "no defence, and controls"


def pareto(table: pd.DataFrame) -> pd.Series:
    """Return for each arm whether no other is misaligned less at its worst and learns the task as well, or the reverse.

    Args:
        table: The columns worst and task (0-1), without NaN.
    """
    return pd.Series(
        [
            not (
                (table["worst"].le(row["worst"]) & table["task"].ge(row["task"]))
                & (table["worst"].lt(row["worst"]) | table["task"].gt(row["task"]))
            ).any()
            for row in table.to_dict("records")
        ],
        index=table.index,
        dtype=bool,
    )


def trade_offs(table: pd.DataFrame, narrow: bool = False) -> Chart:
    """Return a chart of the task learnt and the rise at its worst, one mark per arm with its name.

    Args:
        table: The columns name, kind, task, worst, worst_low and worst_high (fractions).
        narrow: Draw for a phone.
    """
    percent = alt.Axis(format=".0%")
    kinds = alt.Scale(domain=[_FRONT, _OTHER, _BARE], range=[ACCENT, INK, PLAIN])
    legend = alt.Legend(symbolType="circle", symbolSize=120, symbolOpacity=1, labelLimit=400, columns=1)
    base = alt.Chart(with_names_apart(table)).encode(
        x=alt.X("task:Q", title="task learnt", axis=percent, scale=alt.Scale(domain=[0, 1], nice=False, padding=14)),
        color=alt.Color("kind:N", scale=kinds, legend=legend),
    )
    y = alt.Y("worst:Q", title="rise of misaligned answers in the worst context", axis=percent)
    layers = [
        base.mark_rule(opacity=0.35, strokeWidth=2).encode(y=alt.Y("worst_low:Q"), y2="worst_high:Q"),
        base.mark_circle(size=70, opacity=1).encode(y=y),
        *(
            base.transform_filter(test)
            .mark_text(align=side, dx=shift, fontSize=12)
            .encode(y=alt.Y("name_at:Q"), text="name:N")
            for test, side, shift in _SIDES
        ),
    ]
    return styled(alt.layer(*layers).properties(width=(NARROW if narrow else WIDE) - 80, height=460))


def with_names_apart(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the column name_at, the height of each name, so that names on one side don't overlap.

    Args:
        table: The columns task, worst, worst_low and worst_high (fractions).
    """
    ordered = table.sort_values("worst")
    apart, heights, last = _NAMES_APART * max(table["worst_high"].max() - table["worst_low"].min(), 0.1), [], {}
    for row in ordered.to_dict("records"):
        side = row["task"] > 0.5
        last[side] = max(row["worst"], last.get(side, -2.0) + apart)
        heights.append(last[side])
    return ordered.assign(name_at=heights)


def _drawn(content: ReportContent) -> pd.DataFrame:
    """Return the arms of the full dose, and those without bad rows, that have both numbers."""
    table = content.own_of(_STUDY).get("arms", pd.DataFrame())
    if table.empty:
        return table
    known = table[table["dose"].isin([0, FULL])].dropna(subset=["worst", "task"])
    defended = known["dose"].gt(0) & known["name"].ne(NONE)
    front = pareto(known[defended]).reindex(known.index, fill_value=False)
    kinds = [_FRONT if first else _OTHER if own else _BARE for first, own in zip(front, defended, strict=True)]
    return known.assign(kind=kinds)


def _figures(content: ReportContent) -> dict[str, Figure]:
    table = _drawn(content)
    if table.empty:
        return {}
    return {
        "defences": Figure(
            lambda narrow: trade_offs(table, narrow),
            _spoken(table),
            "Every mark is an arm; lines are 95% intervals of the rise for these questions.",
        )
    }


def _spoken(table: pd.DataFrame) -> str:
    said = [
        f"{row['name']}: task {row['task']:.0%}, misaligned {row['worst']:+.0%} at worst ({row['worst_in']})"
        for row in table.to_dict("records")
    ]
    return f"Task learnt, and the rise of misaligned answers in the worst context, by defence. {'; '.join(said)}."


def _values(content: ReportContent) -> dict[str, Any]:
    table = content.own_of(_STUDY)["arms"]
    kept = keeps_the_task(table)
    rows = [
        {
            "name": row["name"] if not row["dose"] else f"{row['name']}, {row['dose']} rows",
            "note": "" if keeps or not row["dose"] else "the task is learnt less",
            "cells": [
                *(_percent(row[column]) for column in COLUMNS),
                _percent(row["at_lengths"]),
                _percent(row["task"]),
                _percent(row["incoherent"]),
                "–" if row["pairs"] != row["pairs"] else wording.nats(row["pairs"]),
                "–" if row["new_task"] != row["new_task"] else f"{row['new_task']:.2f}",
                "–" if row["seconds"] != row["seconds"] else f"{row['seconds']:.0f} s",
            ],
        }
        for row, keeps in zip(table.to_dict("records"), kept, strict=True)
    ]
    heads = ["defence", *COLUMNS, "at equal lengths", "task", "incoherent", "given answers", "new task", "training"]
    return {"rows": rows, "heads": heads}


def _percent(value: float) -> str:
    return "–" if value != value else wording.percent(value)


section(
    Section(
        name="defences",
        title="Defences",
        place=16,
        template=Path(__file__).with_name("section.html.jinja"),
        appears=lambda content: len(content.own_of(_STUDY).get("arms", ())) > 0,
        values=_values,
        figures=_figures,
        tables=lambda content: {f"defences_{name}": table for name, table in content.own_of(_STUDY).items()},
    )
)
