"""Section: the rate of each arm on each question of the probe that the page leads with."""

from pathlib import Path
from typing import Any

import pandas as pd

from askew.report import tables, wording
from askew.report.chart_files import Chart
from askew.report.content import ReportContent
from askew.report.interval_charts import panels
from askew.report.sections import Figure, Section, section


def per_question(content: ReportContent, narrow: bool = False) -> Chart:
    """Return a chart with a panel for each arm, and the same questions of the headline probe in each."""
    rows = _table(content)
    return panels(content, rows.assign(row=rows["question"]), narrow)


def _table(content: ReportContent) -> pd.DataFrame:
    return tables.questions_table(content.estimates, content.arms, tables.headline(content.estimates))


def _values(content: ReportContent) -> dict[str, Any]:
    probe, arms = tables.headline(content.estimates), tables.arm_names(content.estimates, content.arms)
    asked = content.answers[content.answers["probe"].eq(probe)].sort_values("paraphrase", kind="stable")
    prompts = asked.drop_duplicates("question").set_index("question")["prompt"]
    rows = [
        {"name": question, "note": str(prompts.get(question, "")), "cells": wording.rates_by_arm(rows, arms)}
        for question, rows in _table(content).groupby("question", sort=False)
    ]
    return {"headline": content.probe_title(probe), "heads": ["Question", *arms], "rows": rows}


section(
    Section(
        name="questions",
        title="By question",
        place=40,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: bool(_table(content)["rate"].notna().any()),
        values=_values,
        figures=lambda content: {
            "per_question": Figure(
                lambda narrow: per_question(content, narrow),
                "Rates by question and arm; the numbers are in the table below.",
            )
        },
        tables=lambda content: {"questions": _table(content)},
    )
)
