"""Section: the difference of each arm from its control, and every arm in every probe."""

from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from askew.report import tables, wording
from askew.report.chart_files import PLAIN, Chart
from askew.report.content import ReportContent
from askew.report.interval_charts import axis_title, ceiling, intervals, labelled, values
from askew.report.sections import Figure, Section, section


def differences(content: ReportContent, narrow: bool = False) -> Chart:
    """Return a chart of each arm's difference from its control in the headline probe, with its intervals and zero.

    Args:
        content: The data of the report.
        narrow: Draw for a phone.
    """
    estimates = content.estimates
    rows = tables.with_readings(tables.leading_rows(estimates, content.arms), content.comparisons)
    rows = rows[rows["difference"].notna()].copy()
    rows["rate"] = 100 * rows["difference"]
    limits = ["low", "high", "low_these", "high_these"]
    for limit in limits:
        rows[limit] = 100 * rows[f"difference_{limit}"]
    control = rows["control"].where(rows["control_probe"].eq(rows["probe"]), rows["control_probe"])
    rows["label"] = rows["label"] + " − " + control
    these, like_these = (
        [wording.points_interval(*ends) for ends in rows[[f"difference_{limit}" for limit in pair]].to_numpy(float)]
        for pair in (limits[2:], limits[:2])
    )
    rows["value"] = values(list(map(wording.points, rows["difference"])), these, like_these, narrow)
    low, high = rows[["rate", *limits]].min(axis=1), rows[["rate", *limits]].max(axis=1)
    ends = [-100 * ceiling(-low / 100) if low.lt(0).any() else 0, 100 * ceiling(high / 100)]
    title = f"difference in misaligned answers, percentage points, {tables.metric_name(rows)}"
    if tables.leads_with_scores(estimates):
        title = f"difference in the scores of {content.probe_title(tables.headline(estimates))}, percentage points"
    scale, axis = alt.Scale(domain=ends, nice=False), alt.Axis(tickCount=4 if narrow else 6)
    layers = intervals(rows, alt.X("low:Q", scale=scale, title=axis_title(title, narrow), axis=axis))
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=PLAIN).encode(x=alt.X("zero:Q"))
    return labelled([zero, *layers], rows, narrow, row_height=56 if narrow else 40)


def _figures(content: ReportContent) -> dict[str, Figure]:
    if tables.leading_rows(content.estimates, content.arms)["difference"].isna().all():
        return {}
    spoken = "Differences from the controls with intervals; the numbers are in the table below."
    return {"differences": Figure(lambda narrow: differences(content, narrow), spoken)}


def _values(content: ReportContent) -> dict[str, Any]:
    table = tables.probes_table(content.estimates, content.arms)
    rows = tables.records(tables.with_readings(table, content.comparisons))
    return {
        "has_readings": any(row["reading"] for row in rows),
        "margin": wording.margin(content.margin),
        "rows": [
            {
                **wording.compared(row),
                "probe": wording.measured(content.probe_title(row["probe"]), row["kind"], row["metric"]),
                "arm": row["arm"],
                "n": f"{row['n']:,} of {row['total']:,}",
                **{name: wording.p_value(row[name]) for name in ("p", "p_these", "p_corrected", "p_these_corrected")},
                "apart": row["apart"],
                "reading": row["reading"],
            }
            for row in rows
        ],
    }


section(
    Section(
        name="controls",
        title="Controls",
        place=70,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: len(content.estimates) > 0,
        values=_values,
        figures=_figures,
        tables=lambda content: {"probes": tables.probes_table(content.estimates, content.arms)},
    )
)
