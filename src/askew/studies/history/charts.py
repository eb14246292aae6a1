"""Charts of the history study: doses of exposure, calibration, a map of areas and a timeline of polities."""

import altair as alt
import pandas as pd

from askew.report.chart_files import ACCENT, INK, MUTED, PAPER, PLAIN, RULE, Chart, styled
from askew.report.interval_charts import NARROW, WIDE, faceted

_HEIGHT = 210
_TONES = [ACCENT, INK, ACCENT, INK]
_DASHES = [[1, 0], [1, 0], [5, 3], [5, 3]]


def dose(table: pd.DataFrame, narrow: bool = False) -> Chart:
    """Return a chart of accuracy and confidence by how often each fact was stated.

    Args:
        table: The columns dose, measure, value, low and high (fractions 0-1).
        narrow: Draw for a phone.
    """
    names = list(dict.fromkeys(table["measure"]))
    doses = sorted(set(table["dose"]))
    place = {number: at for at, number in enumerate(doses)}
    rows = table.assign(x=table["dose"].map(place))
    axis = alt.Axis(values=list(place.values()), labelExpr=f"{doses}[datum.value]", grid=False)
    legend = alt.Legend(symbolType="stroke", symbolSize=500, labelLimit=300, columns=1 if narrow else 2)
    colour = alt.Color("measure:N", scale=alt.Scale(domain=names, range=_TONES[: len(names)]), legend=legend)
    dash = alt.StrokeDash("measure:N", scale=alt.Scale(domain=names, range=_DASHES[: len(names)]), legend=legend)
    y = alt.Y("value:Q", title=None, axis=alt.Axis(format="%", tickCount=5), scale=alt.Scale(domain=[0, 1]))
    x = alt.X("x:Q", title="times each fact was stated", axis=axis, scale=alt.Scale(padding=12, nice=False))
    base = alt.Chart(rows).encode(x=x, color=colour)
    layers = [
        base.mark_rule(strokeWidth=2, opacity=0.6).encode(y=alt.Y("low:Q"), y2="high:Q"),
        base.mark_line(strokeWidth=2).encode(y=y, strokeDash=dash),
        base.mark_point(size=60, opacity=1, fill=PAPER, strokeWidth=2).encode(y=y),
    ]
    width = (NARROW if narrow else WIDE) - 60
    return styled(alt.layer(*layers).properties(width=width, height=_HEIGHT + 40))


def calibration(table: pd.DataFrame, order: list[str], narrow: bool = False) -> Chart:
    """Return a chart of how often answers of a certain confidence are right, one panel per arm.

    Args:
        table: The columns arm, confidence, right, low, high (fractions 0-1) and n.
        order: The arms in the order of display.
        narrow: Draw for a phone.
    """
    ends = pd.DataFrame({"arm": arm, "confidence": [0.0, 1.0], "right": [0.0, 1.0], "part": "line"} for arm in order)
    ends = ends.explode(["confidence", "right"], ignore_index=True)
    columns = ["arm", "part", "confidence", "right", "low", "high", "n"]
    data = pd.concat([ends, table.assign(part="bin")], ignore_index=True).reindex(columns=columns)
    data = data.astype({"confidence": float, "right": float})
    percent = alt.Axis(format="%", tickCount=3)
    x = alt.X("confidence:Q", title=None, axis=percent, scale=alt.Scale(domain=[0, 1]))
    y = alt.Y("right:Q", title=None, axis=percent, scale=alt.Scale(domain=[0, 1]))
    bins = alt.Chart().transform_filter("datum.part == 'bin'").encode(x=x)
    layers = [
        alt.Chart().transform_filter("datum.part == 'line'").mark_line(color=RULE, strokeWidth=2).encode(x=x, y=y),
        bins.mark_rule(color=ACCENT, strokeWidth=2, opacity=0.6).encode(y=alt.Y("low:Q"), y2="high:Q"),
        bins.mark_circle(color=ACCENT, opacity=1).encode(y=y, size=alt.Size("n:Q", legend=None)),
    ]
    return faceted(layers, data, order, narrow, 150, left=64, title="confidence; upwards: the share that is right")


def areas(table: pd.DataFrame, order: list[str], narrow: bool = False) -> Chart:
    """Return a map of areas, one panel per arm: discs as large as there are facts, and as full as answers are right.

    Args:
        table: The columns arm, area, north, east, n and accuracy (0-1).
        order: The arms in the order of display.
        narrow: Draw for a phone.
    """
    room = 6.0
    limits = {name: [float(table[name].min()) - room, float(table[name].max()) + room] for name in ("north", "east")}
    axis = alt.Axis(grid=True, labels=False, tickCount=6)
    x = alt.X("east:Q", title=None, axis=axis, scale=alt.Scale(domain=limits["east"], nice=False))
    y = alt.Y("north:Q", title=None, axis=axis, scale=alt.Scale(domain=limits["north"], nice=False))
    size = alt.Size("n:Q", legend=None, scale=alt.Scale(range=[60, 420]))
    fill = alt.Opacity("accuracy:Q", scale=alt.Scale(domain=[0, 1], range=[0.05, 1]), legend=None)
    base = alt.Chart().encode(x=x, y=y, size=size)
    layers = [
        base.mark_circle(color=ACCENT).encode(opacity=fill),
        base.mark_point(color=PLAIN, opacity=0.8, strokeWidth=1),
    ]
    if table["area"].nunique() <= 12:
        text = alt.Chart().encode(x=x, y=y, text="area:N")
        layers.append(text.mark_text(color=MUTED, dy=-17, fontSize=11))
    return faceted(layers, table, order, narrow, 230, left=20, title="discs are fuller where more answers are right")


def times(table: pd.DataFrame, narrow: bool = False) -> Chart:
    """Return a timeline of polities by area: a bar from the first year to the last, as full as answers are right.

    Args:
        table: The columns polity, area, start, end (years, negative before the common era) and accuracy (0-1).
        narrow: Draw for a phone.
    """
    order = list(table.groupby("area")["start"].min().sort_values().index)
    era = "datum.value < 0 ? -datum.value + ' BCE' : (datum.value || 1) + ' CE'"
    x = alt.X("start:Q", title=None, axis=alt.Axis(labelExpr=era, tickCount=4), scale=alt.Scale(zero=False))
    y = alt.Y("area:N", sort=order, title=None, axis=alt.Axis(labelLimit=170))
    base = alt.Chart(table).encode(x=x, x2="end:Q", y=y)
    fill = alt.Opacity("accuracy:Q", scale=alt.Scale(domain=[0, 1], range=[0.05, 1]), legend=None)
    layers = [
        base.mark_bar(color=ACCENT, height=11).encode(opacity=fill),
        base.mark_bar(color=PLAIN, height=11, fillOpacity=0, stroke=PLAIN, strokeWidth=0.6),
    ]
    width = (NARROW - 130) if narrow else WIDE - 190
    return styled(alt.layer(*layers).properties(width=width, height=alt.Step(19)))
