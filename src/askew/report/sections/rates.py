"""Section: the rate of misaligned answers, or the scores, of each arm in the probe that the page leads with."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import altair as alt
import pandas as pd

from askew.report import tables, wording
from askew.report.chart_files import MUTED, Chart
from askew.report.content import ReportContent
from askew.report.interval_charts import PERCENT, axis_title, ceiling, intervals, labelled, names, values
from askew.report.sections import Figure, Section, section

COLOUR = "In colour: arms that differ from their control beyond chance (corrected p below 0.05)."
NO_COLOUR = "No arm differs from its control beyond chance (corrected p below 0.05)."
NO_CONTROL = "This run has no control to compare an arm with."


def rates(content: ReportContent, narrow: bool = False) -> Chart:
    """Return a chart of each arm's rate in the headline probe with its two intervals, and its seeds as dots.

    Args:
        content: The data of the report.
        narrow: Draw for a phone, with names above the marks, not beside them.
    """
    estimates = content.estimates
    rows = tables.with_readings(tables.leading_rows(estimates, content.arms), content.comparisons)
    seeds = tables.per_seed(estimates).merge(rows[["arm", "probe", "label"]], on=["arm", "probe"])
    seeds = seeds[seeds.groupby("label")["seed"].transform("size") > 1]
    rows["value"] = _values_beside(rows, narrow)
    headline = content.probe_title(tables.headline(estimates))
    title = f"misaligned answers to {headline}, by the metric {tables.metric_name(rows)}"
    if tables.leads_with_scores(estimates):
        scores = rows["metric"].unique()
        title = f"{scores[0]} in {headline}" if len(scores) == 1 else f"scores in {headline}, where 1 is 100%"
    top = ceiling(pd.concat([rows["high"], rows["high_these"], rows["rate"], seeds["rate"]]))
    axis = alt.Axis(format=PERCENT, tickCount=4 if narrow else 6)
    scale = alt.Scale(domain=[0, top], nice=False)
    layers = intervals(rows, alt.X("low:Q", scale=scale, title=axis_title(title, narrow), axis=axis))
    dots = alt.Chart(seeds[["label", "rate"]]).mark_circle(size=26, color=MUTED, opacity=1, yOffset=12)
    layers.append(dots.encode(x=alt.X("rate:Q"), y=names(rows)))
    return labelled(layers, rows, narrow, row_height=62 if narrow else 46)


def _values_beside(rows: pd.DataFrame, narrow: bool) -> list[str]:
    rates = [wording.percent(rate) if pd.notna(rate) else "no answers counted" for rate in rows["rate"]]
    these, like_these = (
        [wording.interval(*ends) for ends in rows[limits].to_numpy(float)]
        for limits in (["low_these", "high_these"], ["low", "high"])
    )
    return values(rates, these, like_these, narrow)


def _spoken(content: ReportContent) -> str:
    rows = tables.records(tables.leading_rows(content.estimates, content.arms))
    said = "; ".join(
        f"{row['label']} {wording.rate(row['rate'], row['low'], row['high'])}"
        + (f", these questions {these}" if (these := wording.interval(row["low_these"], row["high_these"])) else "")
        for row in rows
    )
    if tables.leads_with_scores(content.estimates):
        return f"Scores in {content.probe_title(tables.headline(content.estimates))} by arm: {said}."
    return f"Misaligned answers by arm, by the metric {content.metric.name}: {said}."


def _values(content: ReportContent) -> dict[str, Any]:
    estimates = content.estimates
    arms = tables.with_readings(tables.arms_table(estimates, content.arms), content.comparisons)
    has_scores, moved = tables.leads_with_scores(estimates), tables.moved_outcomes(content.comparisons)
    return {
        "headline": content.probe_title(tables.headline(estimates)),
        "has_scores": has_scores,
        "is_external": tables.headline_kind(estimates) == "external",
        "colour_note": _colour_note(arms),
        "rows": [_row(row, has_scores, moved) for row in tables.records(arms)],
        "has_readings": bool(arms["reading"].ne("").any()),
        "margin": wording.margin(content.margin),
        "has_no_answers": bool(arms["no_answer"].gt(0).any()),
        "has_domain": bool(arms["in_domain"].notna().any()),
        "descriptions": [
            (name, content.arms[name]) for name in tables.arm_names(estimates, content.arms) if content.arms.get(name)
        ],
    }


def _colour_note(arms: pd.DataFrame) -> str:
    if arms["difference"].isna().all():
        return NO_CONTROL
    return COLOUR if arms["apart"].any() else NO_COLOUR


def _row(row: Mapping[str, Any], is_score: bool, moved: Collection[tuple[str, str, str]]) -> dict[str, Any]:
    filters = {"arm": row["arm"], "probe": row["probe"], "verdict": "misaligned"}
    return {
        **wording.compared(row),
        "apart": row["apart"],
        "reading": row["reading"],
        "p_related": wording.p_related(row["p_read"]),
        "moved": [outcome for arm, probe, outcome in moved if (arm, probe) == (row["arm"], row["probe"])],
        "label": row["label"],
        "answers": f"{row['total']:,} answers",
        "seeds": wording.counted(int(row["seeds"]), "seed"),
        "link": f"#{urlencode(filters)}" if row["rate"] > 0 and not is_score else "",
        "incoherent": wording.share(row["incoherent"], row["total"]),
        "refused": wording.share(row["refused"], row["total"]),
        "unjudged": wording.share(row["unjudged"], row["total"]),
        "no_answer": wording.share(row["no_answer"], row["total"]),
        "in_domain": wording.percent(row["in_domain"]),
        "in_domain_interval": wording.interval(row["in_domain_low"], row["in_domain_high"]),
        "in_domain_interval_these": wording.interval(row["in_domain_low_these"], row["in_domain_high_these"]),
    }


section(
    Section(
        name="rates",
        title="Rates by arm",
        place=30,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: len(content.estimates) > 0,
        values=_values,
        figures=lambda content: {"rates": Figure(lambda narrow: rates(content, narrow), _spoken(content))},
        tables=lambda content: {
            "arms": tables.arms_table(content.estimates, content.arms),
            "seeds": tables.seeds_table(content.estimates, content.arms),
        },
    )
)
