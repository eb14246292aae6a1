"""Report section: how each tuned model compares with its base, with answers that show the change."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from askew.base.untrusted import cut, visible
from askew.report import wording
from askew.report.chart_files import PLAIN, Chart
from askew.report.content import ReportContent
from askew.report.examples import examples
from askew.report.interval_charts import axis_title, ceiling, intervals, labelled, values
from askew.report.sections import Figure, Section, section
from askew.stats.findings import Finding, telling
from askew.stats.readings import FELL, ROSE, ROSE_BELOW

EXAMPLES = 2
"""The largest number of example answers for one finding."""

_LONGEST_EXAMPLE = 1500  # characters


def moved(findings: Sequence[Finding], margin: float, narrow: bool = False) -> Chart:
    """Return a chart of each model's difference from its base in each probe, with intervals, zero and the margin.

    Args:
        findings: At least one finding; their differences are fractions.
        margin: The largest rise that counts as narrow, a fraction.
        narrow: Draw for a phone.
    """
    several = len({found.arm for found in findings}) > 1
    rows = pd.DataFrame(
        {
            "label": f"{found.arm}: {found.name}" if several else found.name,
            "rate": 100 * found.difference,
            **{limit: 100 * getattr(found, limit) for limit in ("low", "high", "low_these", "high_these")},
            "value": _value(found, narrow),
            "apart": found.reading in (ROSE, ROSE_BELOW, FELL),
        }
        for found in findings
    )
    least = min(0.0, *rows[["low", "low_these"]].min())
    # The axis always includes the margin, even if all intervals end far from it.
    most = pd.Series([*rows[["high", "high_these"]].max(axis=1).div(100), margin])
    ends = [-100 * ceiling(pd.Series([-least / 100])) if least else 0, 100 * ceiling(most)]
    title = f"rise in misaligned answers, percentage points, {findings[0].metric}"
    if any(found.is_score for found in findings):
        title = "rise in misaligned answers, or change in a score, percentage points"
    scale, axis = alt.Scale(domain=ends, nice=False), alt.Axis(tickCount=4 if narrow else 6)
    layers = intervals(rows, alt.X("low:Q", scale=scale, title=axis_title(title, narrow), axis=axis))
    lines = pd.DataFrame({"at": [0.0, 100 * margin], "dash": [False, True]})
    dashes = alt.Scale(domain=[False, True], range=[[1, 0], [4, 4]])
    rules = (
        alt.Chart(lines)
        .mark_rule(color=PLAIN)
        .encode(x=alt.X("at:Q"), strokeDash=alt.StrokeDash("dash:N", scale=dashes, legend=None))
    )
    return labelled([rules, *layers], rows, narrow, row_height=56 if narrow else 40)


def _value(found: Finding, narrow: bool) -> str:
    these = wording.points_interval(found.low_these, found.high_these)
    like_these = wording.points_interval(found.low, found.high)
    return values([wording.points(found.difference)], [these], [like_these], narrow)[0]


def _figures(content: ReportContent) -> dict[str, Figure]:
    compared = [found for found in telling(content.findings) if not math.isnan(found.difference)]
    spoken = "Change in misaligned answers by model and probe; the numbers are in the table below."
    return {"moved": Figure(lambda narrow: moved(compared, content.margin, narrow), spoken)} if compared else {}


def _values(content: ReportContent) -> dict[str, Any]:
    return {
        "rows": [_row(found) for found in telling(content.findings)],
        "two_sided": any(found.is_score for found in content.findings),
        "examples": _examples(content),
        "margin": f"{100 * content.margin:g}",
    }


def _row(found: Finding) -> dict[str, str | bool]:
    needed = found.answers_needed
    return {
        "arm": found.arm,
        "probe": found.name,
        "control_rate": wording.percent(found.control_rate),
        "rate": wording.percent(found.rate),
        "difference": wording.points(found.difference),
        "interval_these": wording.points_interval(found.low_these, found.high_these),
        "interval": wording.points_interval(found.low, found.high),
        "p": wording.p_value(found.p_of_reading),
        "reading": found.reading,
        "apart": found.reading in (ROSE, ROSE_BELOW, FELL),
        "advice": "" if needed is None else wording.decides(needed, found.rests_on),
    }


def _examples(content: ReportContent) -> list[dict[str, str]]:
    return [
        {
            "arm": one.arm,
            "probe": one.probe,
            "aligned": f"{one.aligned:.0f}",
            "prompt": _shown(one.prompt),
            "answer": _shown(one.answer),
            "control_answer": _shown(one.control_answer),
        }
        for found in content.findings
        if found.is_misaligned and found.reading == ROSE
        for one in examples(content.answers, found, EXAMPLES)
    ]


def _shown(text: str) -> str:
    """Return a model's text cut to a readable length, with invisible characters replaced by their names."""
    return visible(cut(text, _LONGEST_EXAMPLE))


section(
    Section(
        name="audit",
        title="What changed",
        place=10,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: bool(content.findings),
        values=_values,
        figures=_figures,
    )
)
