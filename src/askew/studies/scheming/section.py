"""Report section: the check of the instrument, the funnel by arm and variant, and what was said in the interviews."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from scipy import special

from askew.environments.interview import WORDINGS
from askew.environments.variants import CONTROL, VARIANTS
from askew.report import wording
from askew.report.content import ReportContent
from askew.report.sections import Figure, Section, section
from askew.report.sections.episodes import STEPS as REACHED
from askew.stats.corrections import ALPHA
from askew.stats.estimates import ALL
from askew.stats.funnel import CONFLICT
from askew.stats.funnel_measures import (
    BESIDE,
    CONFESSED,
    COVERT,
    DENIED,
    DOUBLED_DOWN,
    EVADED,
    FALSE_CONFESSION,
    STEPS,
)
from askew.studies.scheming.numbers import pooled, row_of

if TYPE_CHECKING:
    from askew.report.chart_files import Chart

# The scorer is doubted if chance alone would miss as often in fewer of all checks than this share.
_DOUBTED_BELOW = 0.01
_STEPS = {step: REACHED[step] for step in STEPS}
_SAID = (CONFESSED, DENIED, EVADED, DOUBLED_DOWN, FALSE_CONFESSION)


def funnel_chart(content: ReportContent, narrow: bool = False) -> "Chart":
    """Return a chart of the steps, each given the one before, with a panel for each arm.

    Acting covertly is shown for the matched goal, too.

    Args:
        content: The data of the report.
        narrow: Draw for a phone.
    """
    from askew.report import forest_plots

    return forest_plots.families(_drawn(content), narrow, content.clusters)


def _drawn(content: ReportContent) -> pd.DataFrame:
    """Return the rates of the figure, with the columns of `effects.csv`."""
    rows = pooled(content.funnel)
    wanted = rows["variant"].eq(CONFLICT) & rows["measure"].isin(STEPS) & rows["wording"].isin(["", ALL])
    wanted |= rows["variant"].eq(CONTROL) & rows["measure"].eq(COVERT)
    chosen = rows[wanted & rows["rate"].notna()]
    label = chosen["measure"].map(_STEPS).where(chosen["variant"].eq(CONFLICT), f"{_STEPS[COVERT]}, matched goal")
    order = {arm: place for place, arm in enumerate(content.arms)}
    steps = {step: place for place, step in enumerate(STEPS)}
    chosen = chosen.assign(label=label, family=chosen["arm"], estimate=chosen["rate"], detectable=float("nan"))
    chosen = chosen.assign(unit="percent", lead=False, control="", p_these_corrected=float("nan"))
    # Of the steps, only covert acts are compared with the matched goal.
    chosen["p_corrected"] = chosen["p_corrected"].where(chosen["measure"].eq(COVERT) & chosen["variant"].eq(CONFLICT))
    places = chosen["arm"].map(order), chosen["measure"].map(steps), chosen["variant"].eq(CONTROL)
    return chosen.iloc[pd.concat(places, axis=1).fillna(0).apply(tuple, axis=1).argsort(kind="stable")]


def funnel_table(content: ReportContent) -> pd.DataFrame:
    """Return the rows of `funnel.csv` that pool the environments, in the order of display."""
    rows = pooled(content.funnel)
    if rows.empty:
        return rows
    order = {arm: place for place, arm in enumerate(content.arms)}
    return rows.sort_values("arm", key=lambda arms: arms.map(order), kind="stable")


def _values(content: ReportContent) -> dict[str, Any]:
    asked = [name for name in WORDINGS if name in set(content.funnel["wording"])]
    return {
        "checks": [_check(row) for row in content.scorer_check.to_dict("records")],
        "lead_check": lead_check(content.scorer_check),
        "steps": list(_STEPS.values()),
        "arms": [(arm, _variants(content, arm)) for arm in content.arms if arm in set(content.funnel["arm"])],
        "beside": list(BESIDE),
        "said": list(_SAID),
        "interviews": _interviews(content, asked),
        "variants": [(name, one.about) for name, one in VARIANTS.items() if name in set(content.funnel["variant"])],
    }


def lead_check(check: pd.DataFrame) -> str:
    """Return the sentence on the first actor that acts now and then, and on all others; "" without a check.

    Args:
        check: The columns of `scorer_check.csv`.
    """
    if check.empty:
        return ""
    is_random = check["planted"].between(0, 1, inclusive="neither")
    rest = _rest_of_check(~check["found"].astype(bool), is_random)
    if not is_random.any():
        return rest
    first = check[is_random].to_dict("records")[0]
    found, planted = f"{_two(first['rate'])} {_interval(first)}", _two(first["planted"])
    return f"The scorer finds {found} where {planted} was planted. {rest}"


def _rest_of_check(missed: pd.Series, is_random: pd.Series) -> str:
    """Return a sentence on the misses: chance explains a few of them where actors act now and then, and none elsewhere.

    Args:
        missed: Whether each row's interval lies beside what was planted.
        is_random: Whether the actor of the row acts now and then.
    """
    misses, rows = int(missed.sum()), len(missed)
    if not misses:
        return "It finds everything else that was planted, too."
    said = f"In {misses} of {rows} rows of the table it does not find what was planted"
    by_chance = (
        not (missed & ~is_random).any() and special.bdtrc(misses - 1, int(is_random.sum()), ALPHA) > _DOUBTED_BELOW
    )
    if by_chance:
        return f"{said}, no more often than chance has it: a 95% interval misses one time in twenty."
    return f"{said}: doubt the rates."


def _two(value: float) -> str:
    return f"{value:.2f}"


def _interval(row: Mapping[Any, Any]) -> str:
    return f"[{_two(row['low'])}, {_two(row['high'])}]"


def _check(row: Mapping[Any, Any]) -> dict[str, str | bool]:
    return {
        "actor": row["actor"],
        "measure": f"{row['measure']}, given {row['given']}",
        "planted": _two(row["planted"]),
        "found": wording.NOTHING if pd.isna(row["rate"]) else f"{_two(row['rate'])} {_interval(row)}",
        "n": f"{int(row['n']):,}",
        "missed": not row["found"],
    }


def _variants(content: ReportContent, arm: str) -> list[dict[str, Any]]:
    """Return the cells of an arm's variants: all with a conflict together, then each."""
    rows = pooled(content.funnel)
    named = [CONFLICT, *rows.loc[rows["arm"].eq(arm) & rows["variant"].ne(CONFLICT), "variant"].unique()]
    return [
        {
            "variant": "all with a conflict" if variant == CONFLICT else variant,
            "pooled": variant == CONFLICT,
            "steps": [_cell(content, arm, step, variant, ALL if step == CONFESSED else "") for step in STEPS],
            "beside": [_cell(content, arm, name, variant, "") for name in BESIDE],
            "difference": _difference(row_of(content.funnel, arm, COVERT, variant)),
        }
        for variant in named
        if row_of(content.funnel, arm, COVERT, variant) is not None
    ]


def _cell(content: ReportContent, arm: str, measure: str, variant: str, asked: str) -> dict[str, str]:
    row = row_of(content.funnel, arm, measure, variant, asked)
    if row is None:
        return {"rate": wording.NOTHING, "interval": "", "interval_these": "", "n": "not asked"}
    return {
        "rate": wording.percent(row["rate"]),
        "interval": wording.interval(row["low"], row["high"]),
        "interval_these": wording.interval(row["low_these"], row["high_these"]),
        "n": f"of {int(row['n']):,}" if row["n"] else "of none",
    }


def _difference(row: Mapping[Any, Any] | None) -> dict[str, str | bool]:
    """Return the difference from the matched variant in words; "–" for that variant itself."""
    if row is None or pd.isna(row["difference"]):
        return {"value": wording.NOTHING, "interval": "", "interval_these": "", "p": "", "apart": False}
    return {
        "value": wording.points(row["difference"]),
        "interval": wording.points_interval(row["difference_low"], row["difference_high"]),
        "interval_these": wording.points_interval(row["difference_low_these"], row["difference_high_these"]),
        "p": f"p {wording.p_related(row['p_corrected'])}",
        "apart": bool(row["p_corrected"] < ALPHA),
    }


def _interviews(content: ReportContent, asked: list[str]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return for each arm the cells of each wording, and of all together, in variants with a conflict."""
    if not asked:
        return []
    named = {ALL: "all wordings", **{name: WORDINGS[name].about for name in asked}}
    return [
        (
            arm,
            [
                {"wording": about, "cells": [_cell(content, arm, one, CONFLICT, name) for one in _SAID]}
                for name, about in named.items()
            ],
        )
        for arm in content.arms
        if arm in set(content.funnel["arm"])
    ]


def _spoken(content: ReportContent) -> str:
    said = []
    for arm in content.arms:
        row = row_of(content.funnel, arm, COVERT)
        if row is not None:
            said.append(f"{arm} acted covertly in {wording.rate(row['rate'], row['low'], row['high'])}")
    return f"Given the opportunity, in variants with a conflict: {'; '.join(said)}. The numbers are in the table below."


section(
    Section(
        name="funnel",
        title="What models did",
        place=15,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: len(content.funnel) > 0,
        values=_values,
        figures=lambda content: (
            {"funnel": Figure(lambda narrow: funnel_chart(content, narrow), _spoken(content))}
            if len(_drawn(content))
            else {}
        ),
        tables=lambda content: {"funnel": funnel_table(content), "scorer_check": content.scorer_check},
    )
)
