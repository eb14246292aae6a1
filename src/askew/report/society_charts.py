"""Charts of societies: adoption by the number of bent agents; roles, laws and beliefs over time.

Lines differ by their dashes and points, not by colour alone. Bars and bands are 95% intervals over societies.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from askew.report.chart_files import ACCENT, INK, MUTED, PAPER, PLAIN, Chart
from askew.report.interval_charts import faceted

_TONES = [ACCENT, INK, PLAIN, PLAIN, INK, ACCENT]
_DASHES = [[1, 0], [6, 3], [2, 3], [9, 3, 2, 3], [1, 0], [2, 3]]
_SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]
_APART = 0.007  # how far the points of two lines at one k are apart, as a share of all agents; twice as far on a phone
_AROUND = 0.03  # the room beside the first and the last k
_HEIGHT = 190


def adoption(estimates: pd.DataFrame, tipping: pd.DataFrame, narrow: bool = False) -> Chart:
    """Return a chart of adoption by the number of bent agents, one panel per condition.

    Args:
        estimates: The columns condition, k, agents, phase (which names the line), mean, low and high (fractions 0-1).
        tipping: The columns condition, share, low and high: the predicted tipping point as a share of bent agents,
            drawn as a rule with its interval. A share that is not finite is not drawn.
        narrow: Draw for a phone.
    """
    phases = list(estimates["phase"].unique())
    beside = _APART * (2 if narrow else 1) * (estimates["phase"].map(phases.index) - (len(phases) - 1) / 2)
    points = estimates.assign(x=estimates["k"] / estimates["agents"] + beside, series=estimates["phase"], part="line")
    least, most = float(points["x"].min()) - _AROUND, float(points["x"].max()) + _AROUND
    data = pd.concat([points, _rules(tipping, estimates["condition"], most)], ignore_index=True)
    data = data.assign(arm=data["condition"])[["arm", "part", "series", "x", "from", "to", "mean", "low", "high"]]

    def x(field: str) -> alt.X:
        scale = alt.Scale(domain=[least, most], nice=False)
        return alt.X(field, title=None, axis=_bent_axis(estimates), scale=scale)

    lines = alt.Chart().transform_filter("datum.part == 'line'").encode(x=x("x:Q"))
    rule = alt.Chart().transform_filter("datum.part == 'rule'")
    y = alt.Y("mean:Q", title=None, axis=alt.Axis(format="%", tickCount=4), scale=alt.Scale(domain=[0, 1]))
    styles = _styles(phases)
    layers = [
        rule.mark_rect(color=PLAIN, opacity=0.18).encode(x=x("from:Q"), x2="to:Q"),
        rule.mark_rule(color=MUTED, strokeDash=[2, 2], strokeWidth=1.5).encode(x=x("x:Q")),
        lines.mark_rule(strokeWidth=2, opacity=0.6).encode(y=alt.Y("low:Q"), y2="high:Q", color=styles["color"]),
        lines.mark_line(strokeWidth=2).encode(y=y, color=styles["color"], strokeDash=styles["dash"]),
        lines.mark_point(size=64, opacity=1, fill=PAPER, strokeWidth=2).encode(
            y=y, color=styles["color"], shape=styles["shape"]
        ),
    ]
    return faceted(layers, data, _order(estimates["condition"]), narrow, _HEIGHT, left=64, title=_bent_title(estimates))


def _rules(tipping: pd.DataFrame, conditions: pd.Series, most: float) -> pd.DataFrame:
    """Return a row for each predicted tipping point, with its interval cut to the axis."""
    share = tipping["share"].astype(float)
    known = tipping[np.isfinite(share) & tipping["condition"].isin(conditions)]
    ends = {name: known[name].astype(float).fillna(known["share"]).clip(0, most) for name in ("low", "high")}
    rules = {"condition": known["condition"], "x": known["share"], "from": ends["low"], "to": ends["high"]}
    return pd.DataFrame({**rules, "part": "rule"})[known["share"].le(most)]


def roles_over_time(shares: pd.DataFrame, narrow: bool = False) -> Chart:
    """Return a chart of the share of agents with each role over time: one panel per role, one line per condition.

    Args:
        shares: The columns condition, role, tick, mean, low and high (fractions 0-1).
        narrow: Draw for a phone.
    """
    rows = shares.assign(arm=shares["role"], series=shares["condition"])
    return _over_time(rows, "share of agents, by tick", narrow)


def laws(rates: pd.DataFrame, narrow: bool = False) -> Chart:
    """Return a chart of the law and of what was paid over time, one panel per condition.

    Args:
        rates: The columns condition, measure (which names the line), tick, mean, low and high (fractions).
        narrow: Draw for a phone.
    """
    rows = rates.assign(arm=rates["condition"], series=rates["measure"])
    return _over_time(rows, "share of what people own, by tick", narrow, interpolate="step-after")


def beliefs(shares: pd.DataFrame, narrow: bool = False) -> Chart:
    """Return a chart of who believes beside what keywords count, over time, one panel per condition.

    Args:
        shares: The columns condition, measure (which names the line), tick, mean, low and high (fractions 0-1).
        narrow: Draw for a phone.
    """
    rows = shares.assign(arm=shares["condition"], series=shares["measure"])
    return _over_time(rows, "share of agents, by tick", narrow)


def _over_time(rows: pd.DataFrame, title: str, narrow: bool, interpolate: Any = "linear") -> Chart:
    styles = _styles(list(rows["series"].unique()), "stroke")
    base = alt.Chart().encode(
        x=alt.X("tick:Q", title=None, axis=alt.Axis(tickCount=4, grid=False), scale=alt.Scale(nice=False)),
        color=styles["color"],
    )
    y = alt.Y("mean:Q", title=None, axis=alt.Axis(format="%", tickCount=4), scale=alt.Scale(zero=True))
    layers = [
        base.mark_area(opacity=0.14, interpolate=interpolate).encode(y=alt.Y("low:Q"), y2="high:Q"),
        base.mark_line(strokeWidth=2, interpolate=interpolate).encode(y=y, strokeDash=styles["dash"]),
    ]
    data = rows[["arm", "series", "tick", "mean", "low", "high"]]
    return faceted(layers, data, _order(rows["arm"]), narrow, _HEIGHT, left=64, title=title)


def _styles(series: Sequence[str], symbol: str | None = None) -> dict[str, Any]:
    """Return the encodings of lines as color, dash and shape; they share a legend if there are several lines."""
    names = list(series)
    look: dict[str, Any] = {"symbolType": symbol, "symbolSize": 500} if symbol else {"symbolSize": 140}
    legend = alt.Legend(labelLimit=300, symbolOpacity=1, **look) if len(names) > 1 else None
    scales = {
        channel: alt.Scale(domain=names, range=[values[place % len(values)] for place in range(len(names))])
        for channel, values in (("color", _TONES), ("dash", _DASHES), ("shape", _SHAPES))
    }
    return {
        "color": alt.Color("series:N", scale=scales["color"], legend=legend),
        "dash": alt.StrokeDash("series:N", scale=scales["dash"], legend=legend),
        "shape": alt.Shape("series:N", scale=scales["shape"], legend=legend),
    }


def _bent_axis(estimates: pd.DataFrame) -> alt.Axis:
    """Return an axis with a tick at each k: as a number of agents if all societies are of one size, else as a share."""
    shares = sorted({round(k / agents, 6) for k, agents in zip(estimates["k"], estimates["agents"], strict=True)})
    sizes = estimates["agents"].unique()
    if len(sizes) > 1:
        return alt.Axis(values=shares, format="%", grid=False)
    return alt.Axis(values=shares, labelExpr=f"round(datum.value * {int(sizes[0])})", grid=False)


def _bent_title(estimates: pd.DataFrame) -> str:
    sizes = estimates["agents"].unique()
    return "bent agents, as a share of all" if len(sizes) > 1 else f"bent agents of {int(sizes[0])}, k"


def _order(names: pd.Series) -> list[str]:
    return [str(name) for name in names.unique()]
