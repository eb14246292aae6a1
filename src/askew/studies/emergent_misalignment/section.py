"""Report section: published rates of the same model, arm, probe and metric, beside the run's own rates."""

from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from askew.report import wording
from askew.report.content import ReportContent
from askew.report.sections import Section, section
from askew.stats.estimates import estimate, pooled
from askew.studies.emergent_misalignment.published_rates import beside, file_of

_ONE_SEED = "; this run has one seed, and its interval covers the answers of that one model only"


def published_table(content: ReportContent) -> pd.DataFrame:
    """Return the published rates that can be compared with the run's, one row each.

    Columns: source, where, model, data and note; arm, probe and metric; rate, low and high of the run;
    published_rate, published_low, published_high, published_n and published_seeds; `comparison`, in words. low and high
    are for these questions, because both sides were asked the same. Rates are
    fractions 0-1. For a published question file, the run's rate counts the questions that the published rate counted.
    """
    model = str(content.design.get("model", ""))
    rows = [
        {
            **{name: row[name] for name in ("arm", "probe", "metric", "rate", "seeds")},
            **{name: row.get(f"{name}_these", float("nan")) for name in ("low", "high")},
            **{name: getattr(one, name) for name in ("source", "where", "model", "data", "note")},
            **{f"published_{name}": getattr(one, name) for name in ("rate", "low", "high", "n", "seeds")},
            "comparison": one.compared(
                row["rate"], row.get("low_these", float("nan")), row.get("high_these", float("nan"))
            ),
        }
        for asked, own in _comparable(content)
        for row in own.to_dict("records")
        if not pd.isna(row["rate"])
        for one in beside(model, row["arm"], asked or row["probe"], row["metric"])
    ]
    return pd.DataFrame(rows)


def _comparable(content: ReportContent) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the run's pooled estimates with the published probe that they match; "" if it is their own probe."""
    yield "", pooled(content.estimates)
    for probe in content.estimates["probe"].unique():
        if file := file_of(content.hashes.get(probe, "")):
            answers = content.counted[content.counted["probe"].eq(probe)]
            counted = answers[answers["question"].isin(file.questions)]
            yield file.probe, pooled(estimate(counted, content.metric, {}, looks=content.looks))


def _values(content: ReportContent) -> dict[str, Any]:
    return {"rows": [_row(row, content) for row in published_table(content).to_dict("records")]}


def _row(row: Mapping[Hashable, Any], content: ReportContent) -> dict[str, str]:
    counted = {"answers": row["published_n"], "seeds": row["published_seeds"]}
    known = [f"{number:,.0f} {name}" for name, number in counted.items() if not pd.isna(number)]
    return {
        **{name: row[name] for name in ("arm", "source", "where")},
        "comparison": f"{row['comparison']}{_ONE_SEED if row['seeds'] == 1 else ''}",
        "probe": content.probe_title(row["probe"]),
        "rate": wording.percent(row["rate"]),
        "interval": wording.interval(row["low"], row["high"]),
        "published_rate": wording.percent(row["published_rate"]),
        "published_interval": wording.interval(row["published_low"], row["published_high"]),
        "details": "; ".join(filter(None, [f"data: {row['data']}", *known, row["note"]])),
    }


section(
    Section(
        name="published",
        title="Published rates",
        place=100,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: len(published_table(content)) > 0,
        values=_values,
        tables=lambda content: {"published": published_table(content)},
    )
)
