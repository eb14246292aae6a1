"""Forest plots of a study's effects: the ones that answer its question, and all effects by family.

The faint band behind each interval ends at the smallest true effect that 80 of 100 such runs would find. Families with
the same unit have the same scale, so that lengths compare.
"""

import textwrap

import altair as alt
import numpy as np
import pandas as pd

from askew.report import tables, wording
from askew.report.chart_files import PLAIN, RULE, Chart, Panel, styled
from askew.report.interval_charts import LINE, PERCENT, QUESTIONS, ceiling, intervals, names, panel, plot_width, values

_TITLES = {
    "points": "difference, percentage points",
    "percent": "",
    "r": "correlation, r",
    "nats": "log-odds, nats per token",
}
_LETTERS, _NARROW_LETTERS = 36, 28  # of one line of a label


def answer(effects: pd.DataFrame, narrow: bool = False, clusters: str = QUESTIONS) -> Chart:
    """Return a chart of the effects that answer the study's question, with larger marks than `families`.

    Args:
        effects: The rows of `effects.csv`; at least one leads.
        narrow: Draw for a phone, with names above the marks, not beside them.
        clusters: What the clusters behind the intervals are, in the plural.
    """
    rows = tables.effects_table(effects)
    return _forest(rows[rows["lead"]], narrow, clusters, weight=1.5, titled=False)


def families(effects: pd.DataFrame, narrow: bool = False, clusters: str = QUESTIONS) -> Chart:
    """Return a chart of all effects, one panel per family.

    Args:
        effects: The rows of `effects.csv`, at least one.
        narrow: Draw for a phone.
        clusters: What the clusters behind the intervals are, in the plural.
    """
    return _forest(tables.effects_table(effects), narrow, clusters, weight=1.0, titled=True)


def _forest(effects: pd.DataFrame, narrow: bool, clusters: str, weight: float, titled: bool) -> Chart:
    rows = _drawable(effects, narrow)
    width = plot_width(rows, narrow)
    ends = {str(unit): _ends(of_unit, str(unit)) for unit, of_unit in rows.groupby("unit")}
    drawn: list[Panel] = []
    for (family, unit), of_family in rows.groupby(["family", "unit"], sort=False):
        of_unit = _panel(of_family, ends[str(unit)], narrow, clusters, weight, width)
        # On a narrow page the first label is above its row.
        offset = 12 + (LINE / 2 * _more_lines(of_family) if narrow else 0)
        name = textwrap.wrap(str(family), 46 if narrow else 70)
        title = alt.Title(name, anchor="start", frame="group", offset=offset)
        drawn.append(of_unit.properties(title=title) if titled else of_unit)
    return styled(alt.vconcat(*drawn, spacing=34))


def _panel(
    rows: pd.DataFrame, ends: tuple[float, float], narrow: bool, clusters: str, weight: float, width: int
) -> Panel:
    """Return a panel of effects with the same unit, with a line at zero."""
    unit = rows["unit"].iloc[0]
    axis = alt.Axis(tickCount=4 if narrow else 6, format=PERCENT if unit == "percent" else alt.Undefined)
    x = alt.X("low:Q", scale=alt.Scale(domain=ends, nice=False), title=_TITLES[unit] or None, axis=axis)
    reach = rows["detectable"]
    missed = rows[["label"]].assign(low=(-reach).clip(lower=ends[0]), high=reach.clip(upper=ends[1])).dropna()
    band = alt.Chart(missed).mark_rule(strokeWidth=20 * weight, color=RULE, opacity=0.6)
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=PLAIN).encode(x=alt.X("zero:Q"))
    layers = [band.encode(x=x, x2=alt.X2("high:Q"), y=names(rows)), zero, *intervals(rows, x, weight, clusters)]
    height = (56 if narrow else 37) * (1 + weight) / 2 + LINE * _more_lines(rows)
    return panel(layers, rows, narrow, round(height), width)


def _drawable(effects: pd.DataFrame, narrow: bool) -> pd.DataFrame:
    """Return the effects with the columns that the marks need: label, rate, low and high in their unit, and value."""
    labels = _labels(effects, _NARROW_LETTERS if narrow else _LETTERS)
    rows = tables.with_these(effects).assign(label=labels, rate=effects["estimate"], apart=tables.is_apart(effects))
    these, like_these = (
        [wording.effect_interval(*ends) for ends in rows[[*limits, "unit"]].itertuples(index=False)]
        for limits in (["low_these", "high_these"], ["low", "high"])
    )
    estimates = [wording.effect(*one) for one in rows[["estimate", "unit"]].itertuples(index=False)]
    rows["value"] = values(estimates, these, like_these, narrow)
    in_points = rows["unit"].eq("points")
    numbers = ["rate", "low", "high", "low_these", "high_these", "detectable"]
    rows[numbers] = rows[numbers].astype(float).mul(in_points.map({True: 100.0, False: 1.0}), axis=0)
    return rows


def _labels(effects: pd.DataFrame, letters: int) -> list[str]:
    """Return a label for each effect, split into lines. It is unique in its panel, so that no effects share a row."""
    named = effects[["family", "unit", "label"]].copy()
    for column in ("measure", "arm"):
        again = named.duplicated(keep=False) & effects[column].ne("")
        named["label"] = named["label"].where(~again, named["label"] + ", " + effects[column])
    count = named.groupby(list(named)).cumcount()
    label = named["label"].where(count.eq(0), named["label"] + " (" + (count + 1).astype(str) + ")")
    return ["\n".join(textwrap.wrap(one, letters, break_on_hyphens=False)) for one in label]


def _more_lines(rows: pd.DataFrame) -> int:
    """Return the number of further lines in the longest label."""
    return int(rows["label"].str.count("\n").max())


def _ends(rows: pd.DataFrame, unit: str) -> tuple[float, float]:
    """Return round ends, beyond every mark, for the axis of effects with the same unit."""
    if unit == "r":
        return -1.0, 1.0
    if unit == "nats":
        return _round_ends(rows)
    scale = 100.0 if unit == "points" else 1.0
    least = pd.concat([-rows["low"], -rows["low_these"], -rows["rate"], rows["detectable"]]) / scale
    most = pd.concat([rows["high"], rows["high_these"], rows["rate"], rows["detectable"]]) / scale
    return (-scale * ceiling(least) if least.gt(0).any() else 0.0), scale * ceiling(most)


def _round_ends(rows: pd.DataFrame) -> tuple[float, float]:
    """Return ends beyond every mark for values without limits, with zero between them: a multiple of a round step."""
    numbers = rows[["low", "high", "low_these", "high_these", "rate"]].to_numpy(float)
    bands = rows["detectable"].dropna().to_numpy(float)
    least = min(0.0, float(np.nanmin(numbers)), *(-bands))
    most = max(0.0, float(np.nanmax(numbers)), *bands)
    step = 10.0 ** np.floor(np.log10(max(most - least, 1e-6))) / 5
    return float(np.floor(least / step) * step), float(np.ceil(most / step) * step)
