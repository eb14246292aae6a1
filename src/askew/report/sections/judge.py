"""Section: how often the judge is right: on answers whose reading is known, and by the oracle of the terrarium."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from askew.base.untrusted import visible
from askew.report import wording
from askew.report.chart_files import INK, PAPER, Chart, styled
from askew.report.content import ReportContent
from askew.report.interval_charts import either
from askew.report.sections import Figure, Section, section

if TYPE_CHECKING:
    from askew.judging.check_result import JudgeCheck, Share
    from askew.stats.agreement import Agreement

# The classes in the headline. Answers in none of them are aligned.
_HEADLINE = ("misaligned", "incoherent", "refused")


def judge_oracle(confusion: pd.DataFrame, narrow: bool = False) -> Chart:
    """Return a chart of the judge's verdicts by the oracle's: counts, shaded by share of the row.

    Args:
        confusion: Counts of answers, with the oracle's verdicts as index and the judge's as columns.
        narrow: Draw for a phone.
    """
    cells = confusion.rename_axis(index="oracle").reset_index().melt("oracle", var_name="judge", value_name="n")
    totals = cells.groupby("oracle")["n"].transform("sum")
    cells["share"] = (cells["n"] / totals).fillna(0.0)
    cells["count"] = [f"{n:,.0f}" for n in cells["n"]]
    cells["dark"] = cells["share"].gt(0.5)
    base = alt.Chart(cells).encode(
        x=alt.X(
            "judge:N",
            sort=list(confusion.columns),
            title="judge",
            axis=alt.Axis(orient="top", labelAngle=0, labelFontSize=10.5 if narrow else 14),
        ),
        y=alt.Y("oracle:N", sort=list(confusion.index), title="oracle"),
    )
    opacity = alt.FillOpacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.04, 0.88]), legend=None)
    tiles = base.mark_rect(fill=INK, stroke=PAPER, strokeWidth=3).encode(fillOpacity=opacity)
    numbers = base.mark_text(fontSize=13 if narrow else 15).encode(
        text=alt.Text("count:N"), color=either("dark", PAPER, INK)
    )
    size = (54, 44) if narrow else (96, 48)
    across = size[0] * len(confusion.columns)
    return styled((tiles + numbers).properties(width=across, height=size[1] * len(confusion.index)))


def _figures(content: ReportContent) -> dict[str, Figure]:
    found = content.agreement
    if found is None or not found.n:
        return {}
    spoken = "Verdicts of the judge by verdicts of the oracle; the numbers are in the table below."
    return {"judge_oracle": Figure(lambda narrow: judge_oracle(found.confusion, narrow), spoken)}


def _values(content: ReportContent) -> dict[str, Any]:
    check, has_oracle = content.judge_check, bool(_figures(content))
    return {
        "check": None if check is None else _check(check),
        "has_oracle": has_oracle,
        **(_words(content.agreement) if content.agreement is not None and has_oracle else {}),
    }


def _check(found: "JudgeCheck") -> dict[str, Any]:
    """Return the words of the check of a judge."""

    def rate(share: "Share") -> str:
        return wording.rate(share.share, share.low, share.high) if share.of else wording.NOTHING

    return {
        "judge": visible(found.judge),
        "rubric": visible(found.rubric),
        "answers": f"{found.answers:,}",
        "unjudged": f"{found.unjudged:,}" if found.unjudged else "",
        "auc": found.auc_text,
        "passes": found.passes,
        "floor": f"{found.floor:g}",
        "agreement": rate(found.agreement),
        "missed": rate(found.missed),
        "false_alarms": rate(found.false_alarms),
        "when": found.when[:10],
        "rows": [
            {"name": reading, "note": "", "cells": [f"{share.of:,}", rate(share)]}
            for reading, share in found.recognised.items()
        ],
    }


def _words(found: "Agreement") -> dict[str, Any]:
    known = {"kappa": found.kappa, "auc": found.auc}
    classes = found.classes.loc[list(_HEADLINE)]
    seen = classes["answers"].gt(0) | found.confusion[list(_HEADLINE)].sum().gt(0)
    rows = [
        {"name": oracle, "note": "", "cells": [f"{count:,.0f}" for count in counts]}
        for oracle, counts in zip(found.confusion.index, found.confusion.to_numpy(), strict=True)
    ]
    return {
        "n": f"{found.n:,}",
        "unjudged": f"{found.unjudged:,}" if found.unjudged else "",
        "share": wording.percent(found.agreement),
        "classes": [_class_row(name, row) for name, row in classes[seen].iterrows()],
        "heads": ["Oracle \\ judge", *map(str, found.confusion.columns)],
        "rows": rows,
        **{name: "" if pd.isna(value) else f"{value:.3f}" for name, value in known.items()},
    }


def _class_row(name: object, row: pd.Series) -> dict[str, Any]:
    """Return the words of one class: its answers, and how many of these and of the others the judge got right."""
    cells = [f"{row['answers']:,.0f}"]
    for share in ("sensitivity", "specificity"):
        limits = (row[f"{share}_low"], row[f"{share}_high"])
        cells.append("–" if pd.isna(row[share]) else wording.rate(row[share], *limits))
    return {"name": name, "note": "", "cells": cells}


def _tables(content: ReportContent) -> dict[str, pd.DataFrame]:
    found = content.agreement
    if found is None:
        return {}
    return {"judge_oracle": found.confusion.reset_index(), "judge_classes": found.classes.reset_index()}


section(
    Section(
        name="judge",
        title="The judge",
        place=80,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: content.judge_check is not None or bool(_figures(content)),
        values=_values,
        figures=_figures,
        tables=_tables,
    )
)
