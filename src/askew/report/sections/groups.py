"""Section: the rate of each arm on each group of questions, for the probes that have several groups."""

from pathlib import Path
from typing import Any

from askew.report import tables, wording
from askew.report.chart_files import Chart
from askew.report.content import ReportContent
from askew.report.interval_charts import panels
from askew.report.sections import Figure, Section, section


def per_group(content: ReportContent, narrow: bool = False) -> Chart:
    """Return a chart with a panel for each arm, and the same groups of questions in each."""
    rows = tables.per_group(content.estimates)
    several = rows["probe"].nunique() > 1
    rows = rows.assign(row=rows["group"] + (", " + rows["probe"] if several else ""))
    return panels(content, rows, narrow)


def _values(content: ReportContent) -> dict[str, Any]:
    table = tables.groups_table(content.estimates, content.arms)
    arms = tables.arm_names(content.estimates, content.arms)
    rows = [
        {"name": group, "note": probe, "cells": wording.rates_by_arm(rows, arms)}
        for (probe, group), rows in table.groupby(["probe", "group"], sort=False)
    ]
    return {"probes": list(table["probe"].unique()), "heads": ["Group", *arms], "rows": rows}


section(
    Section(
        name="groups",
        title="By group",
        place=50,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: bool(tables.per_group(content.estimates)["rate"].notna().any()),
        values=_values,
        figures=lambda content: {
            "per_group": Figure(
                lambda narrow: per_group(content, narrow),
                "Rates by group of questions and arm; the numbers are in the table below.",
            )
        },
        tables=lambda content: {"groups": tables.groups_table(content.estimates, content.arms)},
    )
)
