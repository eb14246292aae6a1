"""Response curves of a sweep: each arm's rate over a swept setting, a panel per arm, a line per other setting."""

from typing import Any

import altair as alt
import pandas as pd

from askew.report.chart_files import ACCENT, Chart
from askew.report.interval_charts import PERCENT, ceiling, faceted
from askew.runs.sweep.table import column

_DASHES = [[1, 0], [6, 3], [2, 2], [9, 3, 2, 3]]
_SHAPES = ["circle", "square", "triangle-up", "diamond"]
_HEIGHT = 180


def response_curves(rows: pd.DataFrame, setting: str, others: list[str], narrow: bool) -> Chart:
    """Return a panel per arm: its level over the values of a setting, with 95% intervals.

    Args:
        rows: The levels that the sweep leads with: columns arm, estimate, low, high (fractions 0-1), and one for each
            setting, by `table.column`.
        setting: The setting on the horizontal axis.
        others: The other swept settings; each combination of their values is one line.
        narrow: Draw for a phone.
    """
    shown = rows.assign(x=rows[column(setting)], line=_lines(rows, others)).dropna(subset=["estimate", "x"])
    shown = shown[["arm", "x", "line", "estimate", "low", "high"]].astype({"x": _type(shown["x"])})
    names = list(dict.fromkeys(shown["line"]))
    top = ceiling(pd.concat([shown["high"], shown["estimate"]]))
    x = alt.X(f"x:{_kind(shown['x'])}", title=None, scale=_scale(shown["x"]), axis=_axis(shown["x"], narrow))
    y = alt.Y("estimate:Q", title=None, scale=alt.Scale(domain=[0, top]), axis=alt.Axis(format=PERCENT, tickCount=4))
    base = alt.Chart().encode(x=x, color=alt.value(ACCENT))
    legend = alt.Legend(orient="top", columns=1 if narrow else 3, symbolStrokeColor=ACCENT) if len(names) > 1 else None
    dash = alt.StrokeDash("line:N", sort=names, scale=_range(names, _DASHES), legend=legend)
    shape = alt.Shape("line:N", sort=names, scale=_range(names, _SHAPES), legend=legend)
    layers = [
        base.mark_rule(strokeWidth=2, opacity=0.45).encode(y=alt.Y("low:Q", title=None), y2="high:Q", detail="line:N"),
        base.mark_line(strokeWidth=1.5).encode(y=y, strokeDash=dash),
        base.mark_point(size=55, filled=True, opacity=1).encode(y=y, shape=shape),
    ]
    return faceted(layers, shown, list(dict.fromkeys(rows["arm"])), narrow, _HEIGHT, left=60, title=setting)


def _lines(rows: pd.DataFrame, others: list[str]) -> list[str]:
    """Return the values of the other settings of each row, in words; the same word if there are none."""
    named = [{name: row[column(name)] for name in others} for row in rows.to_dict("records")]
    return [", ".join(f"{name.rpartition('.')[2]} {_text(value)}" for name, value in one.items()) for one in named]


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _type(values: pd.Series) -> str:
    return "float" if all(isinstance(one, int | float) and not isinstance(one, bool) for one in values) else "str"


def _kind(values: pd.Series) -> str:
    return "Q" if values.dtype.kind == "f" else "N"


def _scale(values: pd.Series) -> Any:
    """Return a logarithmic scale for values that span a factor of four or more, else a plain one."""
    if values.dtype.kind != "f":
        return alt.Scale(domain=list(dict.fromkeys(values)))
    if values.min() > 0 and values.max() >= 4 * values.min():
        return alt.Scale(type="log", domain=[values.min() / 1.15, values.max() * 1.15], nice=False)
    return alt.Scale(zero=False)


def _axis(values: pd.Series, narrow: bool) -> alt.Axis:
    if values.dtype.kind != "f":
        return alt.Axis(labelAngle=0, labelLimit=80 if narrow else 120)
    return alt.Axis(values=sorted({*values.tolist()}), format="~g" if values.max() >= 0.01 else "~e", labelOverlap=True)


def _range(names: list[str], values: list[Any]) -> alt.Scale:
    return alt.Scale(domain=names, range=[values[place % len(values)] for place in range(len(names))])
