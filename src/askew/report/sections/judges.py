"""Section: the rates of each arm under two or more judges of the same answers."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base.untrusted import visible
from askew.report import tables, wording
from askew.report.content import ReportContent
from askew.report.sections import Section, section

if TYPE_CHECKING:
    from askew.judging.check_result import JudgeCheck


def _values(content: ReportContent) -> dict[str, Any]:
    found = content.by_judge
    judges = list(found["judge"].unique())
    rows = []
    for (probe, arm), part in tables.in_order(found, content.arms).groupby(["probe", "arm"], sort=False):
        by = {row["judge"]: row for row in part.to_dict("records")}
        rows.append({"name": arm, "note": content.probe_title(str(probe)), "cells": [_cell(by[one]) for one in judges]})
    return {
        "judges": [visible(str(one)) for one in judges],
        "rows": rows,
        "checks": [_check(one) for one in content.other_checks],
    }


def _check(found: "JudgeCheck") -> dict[str, Any]:
    return {
        "judge": visible(found.judge),
        "answers": f"{found.answers:,}",
        "auc": found.auc_text,
        "passes": found.passes,
        "floor": f"{found.floor:g}",
    }


def _cell(row: dict[Any, Any]) -> str:
    return f"{wording.rate(row['rate'], row['low'], row['high'])} of {row['n']:,}"


section(
    Section(
        name="judges",
        title="Other judges",
        place=85,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: len(content.by_judge) > 0,
        values=_values,
        tables=lambda content: {"judges": content.by_judge},
    )
)
