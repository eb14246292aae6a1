"""Parts of charts that several sections share: rows with two intervals each, and panels of such rows by arm.

The thick bar is the interval for these questions, the thin one the interval for questions like these.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from askew.report import tables
from askew.report.chart_files import ACCENT, MUTED, PAPER, PLAIN, Chart, Panel, styled
from askew.report.content import ReportContent
from askew.stats.estimates import pooled
from askew.stats.scores import are_scores

WIDE, NARROW = 720, 340
PERCENT = ".2~%"  # fractions as percent, without needless zeros
LINE = 17  # height of a line of a label
_LETTER = 6.7  # width of an average letter of a label
_ABOVE = 20  # on a narrow page the distance of names and values above their marks
# There names and values are on the grid. An edge in the colour of the paper keeps grid lines off the letters.
_EDGES: list[dict[str, Any]] = [{"stroke": PAPER, "strokeWidth": 6}, {}]
QUESTIONS = "questions"
_DOTS = "estimate"  # the rows of dots among those of bars
_THICK, _THIN = 8.0, 2.0  # widths of their bars


def intervals(rows: pd.DataFrame, x: alt.X, weight: float = 1.0, clusters: str = QUESTIONS) -> list[alt.Chart]:
    """Return two layers: each row's intervals as a thick and a thin bar, and its rate as a dot.

    Args:
        rows: Columns label, rate, low, high and apart; low_these and high_these if they are known. A row that is apart
            is drawn in the accent colour, a row without a rate not at all.
        x: The horizontal encoding of `low`, in the unit of the rates.
        weight: The thickness of the marks, relative to the usual one.
        clusters: What the legend calls the clusters behind the intervals, in the plural.
    """
    shown = tables.with_these(rows).dropna(subset=["rate"])
    colour = either("apart", ACCENT, PLAIN)
    bars = alt.Chart(_bars(shown, ["label", "apart"], _kinds(clusters))).encode(y=names(rows), color=colour)
    dots = alt.Chart(shown[["label", "rate", "apart"]]).encode(y=names(rows), color=colour)
    return [
        _draw_bars(bars, x, shown, _kinds(clusters), weight),
        dots.mark_circle(size=120 * weight**2, opacity=1).encode(x=alt.X("rate:Q")),
    ]


def values(estimates: Sequence[str], these: Sequence[str], like_these: Sequence[str], narrow: bool) -> list[str]:
    """Return the text beside the marks of each row: its estimate and its intervals.

    On a phone two intervals have no room, and are left out.

    Args:
        estimates: The estimate of each row.
        these: Its interval for these questions; "" if there is none.
        like_these: Its interval for questions like these; "" if there is none.
        narrow: Write for a phone.
    """
    return [
        value
        if narrow and first and second
        else f"{value} {first}\nlike these: {second}"
        if first and second
        else f"{value} {first or second}".strip()
        for value, first, second in zip(estimates, these, like_these, strict=True)
    ]


def _kinds(clusters: str = QUESTIONS) -> list[str]:
    """Return the kinds of intervals, in the order of the legend and of drawing."""
    return [f"these {clusters}", f"{clusters} like these"]


def _bars(rows: pd.DataFrame, kept: list[str], kinds: list[str]) -> pd.DataFrame:
    """Return a row for each interval that is known, with the columns `kept`, low, high and interval, its kind."""
    these = rows[kept].assign(low=rows["low_these"], high=rows["high_these"], interval=kinds[0])
    like_these = rows[[*kept, "low", "high"]].assign(interval=kinds[1])
    return pd.concat([these, like_these], ignore_index=True).dropna(subset=["low", "high"])


def _draw_bars(bars: alt.Chart, x: alt.X, rows: pd.DataFrame, kinds: list[str], weight: float = 1.0) -> alt.Chart:
    """Return the marks of intervals, with a legend if both kinds are there."""
    both = rows["low_these"].notna().any()
    legend = alt.Legend(symbolType="stroke", symbolSize=700, symbolStrokeColor=PLAIN) if both else None
    width = alt.Scale(domain=kinds, range=[_THICK * weight, _THIN * weight])
    tone = alt.Scale(domain=kinds, range=[0.45, 0.9])
    return bars.mark_rule(strokeCap="butt").encode(
        x=x,
        x2=alt.X2("high:Q"),
        strokeWidth=alt.StrokeWidth("interval:N", scale=width, legend=legend),
        opacity=alt.Opacity("interval:N", scale=tone, legend=None),
    )


def labelled(layers: list[alt.Chart], rows: pd.DataFrame, narrow: bool, row_height: int) -> Chart:
    """Return a finished chart with each row's label and value beside its marks, or above them on a narrow page.

    Args:
        layers: The marks.
        rows: Columns label and value, both text.
        narrow: Draw for a phone.
        row_height: The height of a row in pixels.
    """
    return styled(panel(layers, rows, narrow, row_height, plot_width(rows, narrow)))


def plot_width(rows: pd.DataFrame, narrow: bool) -> int:
    """Return the width in pixels that the text in the columns label and value leaves for the marks."""
    if narrow:
        return NARROW
    longest = [rows[text].str.split("\n").explode().str.len().max() for text in ("label", "value")]
    return max(round(WIDE - _LETTER * sum(longest) - 26), 240)


def panel(layers: list[alt.Chart], rows: pd.DataFrame, narrow: bool, row_height: int, width: int) -> Panel:
    """Return one panel of a chart like `labelled`, for use above or below others.

    `rows` has the columns label and value; a label may have several lines.
    """
    texts = _name_lines(rows, narrow)
    if narrow:
        value = alt.Chart(rows[["label", "value"]]).encode(y=names(rows), text=alt.Text("value:N"), x=alt.XValue(width))
        texts += [value.mark_text(align="right", yOffset=-_ABOVE, **edge) for edge in _EDGES]
    else:
        texts += _value_lines(rows, width)
    return alt.layer(*layers, *texts).properties(width=width, height=alt.Step(row_height))


def _name_lines(rows: pd.DataFrame, narrow: bool) -> list[alt.Chart]:
    """Return text layers for labels of several lines: centred on their rows, or above them on a narrow page."""
    lines = rows[["label"]].assign(line=rows["label"].str.split("\n")).explode("line", ignore_index=True)
    place, count = lines.groupby("label").cumcount(), lines.groupby("label")["line"].transform("size")
    lines["shift"] = LINE * (place - (count - 1) / (1 if narrow else 2)) - (_ABOVE if narrow else 0)
    texts: list[alt.Chart] = []
    for shift in sorted(set(lines["shift"].tolist())):
        text = alt.Chart(lines.loc[lines["shift"].eq(shift), ["label", "line"]]).encode(
            y=names(rows), text=alt.Text("line:N")
        )
        if narrow:
            text = text.encode(x=alt.XValue(0))
            texts += [text.mark_text(align="left", yOffset=shift, fontWeight=600, **edge) for edge in _EDGES]
        else:
            texts.append(text.encode(x=alt.XValue(-10)).mark_text(align="right", yOffset=shift, limit=260))
    return texts


def _value_lines(rows: pd.DataFrame, width: int) -> list[alt.Chart]:
    """Return text layers for values of one or two lines, right of the marks; second lines are smaller."""
    lines = rows[["label"]].assign(line=rows["value"].str.split("\n")).explode("line", ignore_index=True)
    place, count = lines.groupby("label").cumcount(), lines.groupby("label")["line"].transform("size")
    styles: list[tuple[pd.Series, dict[str, Any]]] = [
        (count.eq(1), {}),
        (count.gt(1) & place.eq(0), {"yOffset": -LINE / 2}),
        (place.eq(1), {"yOffset": LINE / 2, "fontSize": 12, "color": MUTED}),
    ]
    return [
        alt.Chart(lines.loc[chosen, ["label", "line"]])
        .mark_text(align="left", **style)
        .encode(y=names(rows), x=alt.XValue(width + 18), text=alt.Text("line:N"))
        for chosen, style in styles
        if chosen.any()
    ]


def names(rows: pd.DataFrame) -> alt.Y:
    """Return the vertical encoding of rows by the column label; `panel` writes the labels."""
    return alt.Y("label:N", scale=alt.Scale(domain=list(rows["label"])), title=None, axis=None)


def panels(content: ReportContent, rows: pd.DataFrame, narrow: bool) -> Chart:
    """Return a chart with a panel for each arm, in which each row has its rate and interval.

    Args:
        content: The data of the report. An arm that differs from its control in a probe is in the accent colour.
        rows: Columns arm, probe, metric, kind, rate, low, high (fractions 0-1) and row, the label; low_these and
            high_these if they are known.
        order: The arms in the order of display.
        narrow: Draw for a phone.
    """
    leading = tables.with_readings(pooled(content.estimates), content.comparisons)
    apart = leading.loc[leading["apart"], ["arm", "probe", "metric", "apart"]]
    shown = rows.merge(apart, on=["arm", "probe", "metric"], how="left").fillna({"apart": False})
    shown = tables.with_these(shown).dropna(subset=["rate"])
    top = ceiling(pd.concat([shown["high"], shown["high_these"], shown["rate"]]))
    axis = alt.Axis(format=PERCENT, values=[0, top / 2, top])
    x = alt.X("low:Q", scale=alt.Scale(domain=[0, top], nice=False), title=None, axis=axis)
    names = list(rows["row"].unique())
    limit = 110 if narrow else 190
    axis = alt.Axis(labelLimit=limit, labelFontSize=13)
    base = alt.Chart().encode(
        y=alt.Y("row:N", title=None, scale=alt.Scale(domain=names), axis=axis), color=either("apart", ACCENT, PLAIN)
    )
    dots = base.transform_filter(f"datum.interval == '{_DOTS}'").mark_circle(size=50, opacity=1)
    bars = base.transform_filter(f"datum.interval != '{_DOTS}'")
    layers = [_draw_bars(bars, x, shown, _kinds(), 0.6), dots.encode(x=alt.X("rate:Q"))]
    # A facet has one table for all layers, so the rates stand among the bars, as rows of a kind of their own.
    dotted = shown[["arm", "row", "rate", "apart"]].assign(interval=_DOTS)
    shown = pd.concat([_bars(shown, ["arm", "row", "apart"], _kinds()), dotted], ignore_index=True)
    left = min(limit, _LETTER * max(map(len, names)))
    title = f"misaligned answers, by the metric {tables.metric_name(rows)}"
    if are_scores(rows).all():
        title = "scores, where 1 is 100%"
    return faceted(layers, shown, list(content.arms), narrow, height=22 * len(names), left=left + 36, title=title)


def faceted(
    layers: Sequence[alt.Chart],
    data: pd.DataFrame,
    order: Sequence[str],
    narrow: bool,
    height: int,
    left: float = 72,
    title: str | None = None,
) -> Chart:
    """Return a chart with a panel for each arm: two columns on a narrow page, up to five on a wide one.

    Args:
        layers: The marks of a panel.
        data: The data of all panels, with a column arm.
        order: The arms in the order of display.
        narrow: Draw for a phone.
        height: The height of a panel in pixels.
        left: The width in pixels that the labels left of the panels take.
        title: The title below the panels.
    """
    arms = [arm for arm in order if arm in set(data["arm"])]
    across, gap, most = ((NARROW if narrow else WIDE) - left, 28, 2 if narrow else 5)
    named = 1.15 * _LETTER * max(map(len, arms), default=0)  # a panel is at least as wide as its title
    columns = max(1, min(len(arms), most, int((across + gap) / (named + gap))))
    width = min(int((across - gap * (columns - 1)) / columns), 320)
    header = alt.Header(titleOrient="bottom", labelLimit=max(width, 100))
    facet = alt.Facet("arm:N", sort=arms, title=title, header=header)
    panels = alt.LayerChart(layer=list(layers), width=width, height=height)
    return styled(panels.facet(facet=facet, columns=columns, data=data, spacing=gap))


def either(column: str, yes: str, no: str) -> dict[str, Any]:
    """Return a colour encoding: the colour `yes` if the column is true, else the colour `no`."""
    return {"condition": {"test": f"datum.{column}", "value": yes}, "value": no}


def ceiling(values: pd.Series) -> float:
    """Return the end of an axis: the next round fraction above all values (a column of fractions 0-1), at most 1."""
    most = values.max()
    steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0]
    return next((step for step in steps if most <= 0.97 * step), 1.0) if pd.notna(most) else 1.0


def axis_title(title: str, narrow: bool) -> str | list[str]:
    """Return the title of an axis, in two lines from its first comma if the page is narrow."""
    return title.split(", ", 1) if narrow else title
