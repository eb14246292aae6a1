"""Section: how much of the answers is copied from training rows, and the rates without such answers."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pandas as pd

from askew.report import tables, wording
from askew.report.content import ReportContent
from askew.report.sections import Section, section
from askew.stats.estimates import JUDGED, estimate, pooled

MOSTLY = 0.5
"""An answer is mostly copied if more than this share of its five-word sequences is in the training rows."""
COLUMNS = ("arm", "probe", "answers", "copied", "mostly_copied", "rate", "rate_without", "low_without", "high_without")


def copied_table(content: ReportContent) -> pd.DataFrame:
    """Return how much of each arm's answers is copied, in the judged probes; without a judge, in all probes.

    Returns:
        One row per probe and arm, with the columns `COLUMNS`: the number of answers, the mean share that is copied, the
        share of answers that are mostly copied, the rate of misaligned answers, and the same rate without those answers
        with its 95% interval for questions like these. All are fractions, NaN where nothing is known.
    """
    return content.once(_copied_table)


def _copied_table(content: ReportContent) -> pd.DataFrame:
    if not _is_known(content):
        return pd.DataFrame(columns=list(COLUMNS))
    answers = content.counted
    judged = list(content.estimates.loc[content.estimates["kind"].eq(JUDGED), "probe"].unique())
    mostly = answers["copied"].gt(MOSTLY)
    counted = answers["probe"].isin(judged)
    whole, kept = _rates(content, answers[counted]), _rates(content, answers[counted & ~mostly])
    rows = []
    for probe in judged or answers["probe"].unique():
        for arm in content.arms:
            here = answers["arm"].eq(arm) & answers["probe"].eq(probe)
            share = answers.loc[here, "copied"]
            if share.isna().all():
                continue
            rows.append(
                {
                    **{"arm": arm, "probe": probe, "answers": int(here.sum()), "copied": share.mean()},
                    "mostly_copied": mostly[here].mean(),
                    "rate": whole.get((arm, probe), _NONE)[0],
                    **dict(zip(COLUMNS[-3:], kept.get((arm, probe), _NONE), strict=True)),
                }
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


_NONE = (float("nan"),) * 3


def _is_known(content: ReportContent) -> bool:
    return "copied" in content.counted and bool(content.counted["copied"].notna().any())


def _rates(content: ReportContent, answers: pd.DataFrame) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Return rate, low and high of all seeds and questions together, by arm and probe."""
    if answers.empty:
        return {}
    found = pooled(estimate(answers, content.metric, {}, looks=content.looks))
    return {(row["arm"], row["probe"]): (row["rate"], row["low"], row["high"]) for row in tables.records(found)}


def _values(content: ReportContent) -> dict[str, Any]:
    table = copied_table(content)
    several = table["probe"].nunique() > 1
    rows = [
        {
            "arm": row["arm"],
            "probe": content.probe_title(row["probe"]) if several else "",
            "answers": f"{row['answers']:,} answers",
            "copied": wording.percent(row["copied"]),
            "mostly": wording.percent(row["mostly_copied"]),
            "rate": wording.percent(row["rate"]),
            "rate_without": wording.percent(row["rate_without"]),
            "interval": wording.interval(row["low_without"], row["high_without"]),
            "link": f"#{urlencode({'arm': row['arm'], 'probe': row['probe'], 'order': 'copied down'})}",
        }
        for row in table.to_dict("records")
    ]
    return {"rows": rows, "mostly": f"{MOSTLY:.0%}"}


section(
    Section(
        name="copied",
        title="Character or copied text",
        place=55,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=_is_known,
        values=_values,
        tables=lambda content: {"copied": copied_table(content)},
    )
)
