"""The figures of a map: its strip from end to end with three markers, and its arc of bars in the order of the text."""

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from askew.perspective.axis import HIGH_BAND, HIGHEST, LOW_BAND, LOWEST, Axis
from askew.perspective.mapping import PerspectiveMap
from askew.perspective.summary import NO_EVIDENCE_BAND, number
from askew.report.chart_files import ACCENT, INK, MUTED, PAPER, PLAIN, Chart, styled

MOST_BARS = 400
"""The most bars of an arc; in a longer one, each bar stands for several segments and has their mean score."""

HIGH = "#1c6e8c"  # the colour of the high end; the style sheet has it for the page
_WIDE = 720
_LABEL = "datum.value == 0 ? '0' : format(datum.value, '+d')"
_ZERO = 1.5  # half the height of a bar with the score 0, which would not be seen
_HOLLOW = 5.0  # half the height of a bar without evidence


def figures_of(mapped: PerspectiveMap) -> Mapping[str, Chart]:
    """Return the figures of a map by the name of their files."""
    return {"arc": arc(mapped), "strip": strip(mapped)}


def bars(mapped: PerspectiveMap, most: int = MOST_BARS) -> pd.DataFrame:
    """Return the bars of an arc.

    Args:
        mapped: The map.
        most: The most bars.

    Returns:
        The columns first and last, the numbers of a bar's segments; score, their mean score, NaN without evidence; and
        band. A bar does not join parts.
    """
    table = mapped.table
    each = max(1, -(-len(table) // most))
    starts_part = table["part"].ne(table["part"].shift())
    place = table.groupby(starts_part.cumsum()).cumcount() // each
    group = (starts_part | place.ne(place.shift())).cumsum()
    found = table.groupby(group).agg(first=("segment", "min"), last=("segment", "max"), score=("score", "mean"))
    return found.reset_index(drop=True).assign(
        band=[mapped.axis.band(score) or NO_EVIDENCE_BAND for score in found["score"]]
    )


def arc(mapped: PerspectiveMap) -> Chart:
    """Return the arc of a map: a bar per segment, as high as its score, hollow without evidence."""
    rows = bars(mapped)
    known = rows.dropna(subset=["score"])
    tops = known["score"].where(known["score"].abs() > _ZERO, np.where(known["score"] < 0, -_ZERO, _ZERO))
    hollow = rows[rows["score"].isna()]
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, len(rows)], nice=False))
    y = alt.Y(
        "low:Q",
        title=None,
        scale=alt.Scale(domain=[LOWEST, HIGHEST], nice=False),
        axis=alt.Axis(values=[LOWEST, LOW_BAND, 0, HIGH_BAND, HIGHEST], labelExpr=_LABEL),
    )
    shapes = {"x": x, "x2": "x2:Q", "y": y, "y2": "high:Q"}
    drawn = pd.DataFrame(
        {"x": known.index + 0.08, "x2": known.index + 0.92, "low": 0.0, "high": tops, "band": known["band"]}
    )
    empty = pd.DataFrame(
        {"x": hollow.index + 0.15, "x2": hollow.index + 0.85, "low": -_HOLLOW, "high": _HOLLOW, "band": hollow["band"]}
    )
    layers = [
        alt.Chart(drawn).mark_rect().encode(**shapes, color=_colour(mapped.axis)),
        alt.Chart(empty).mark_rect(fill=PAPER, stroke=MUTED, strokeWidth=0.8).encode(**shapes),
    ]
    title = _title(mapped, "; hollow: no evidence" if len(hollow) else "")
    return styled(alt.layer(*layers).properties(width=_WIDE, height=220, title=title))


def strip(mapped: PerspectiveMap) -> Chart:
    """Return the strip of a map: the scale from end to end with its bands, and a marker for each of three segments."""
    axis = mapped.axis
    edges = [LOWEST, LOW_BAND, HIGH_BAND, HIGHEST]
    bands = pd.DataFrame({"x": edges[:-1], "x2": edges[1:], "band": [axis.low.label, axis.middle, axis.high.label]})
    x = alt.X(
        "x:Q",
        title=None,
        scale=alt.Scale(domain=[LOWEST, HIGHEST], nice=False),
        axis=alt.Axis(values=edges, labelExpr=_LABEL, grid=False),
    )
    scores = mapped.table.set_index("segment")["score"]
    marked = pd.DataFrame(
        [
            {"x": float(scores[at]), "label": f"{name}: {number(float(scores[at]))}", "level": level}
            for level, (name, at) in enumerate(marker_names(mapped).items())
        ],
        columns=["x", "label", "level"],
    )
    low = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, 5]))
    layers = [
        alt.Chart(bands.assign(y=0.0, y2=1.0))
        .mark_rect(opacity=0.55)
        .encode(x=x, x2="x2:Q", y=low, y2="y2:Q", color=_colour(axis)),
        alt.Chart(marked.assign(y=0.0, y2=1.6 + marked["level"]))
        .mark_rule(color=INK, strokeWidth=2)
        .encode(x=x, y=low, y2="y2:Q"),
        alt.Chart(marked.assign(y=1.8 + marked["level"]))
        .mark_text(align="center", baseline="bottom", fontSize=12)
        .encode(x=x, y=low, text="label:N"),
    ]
    chart = alt.layer(*layers).properties(width=_WIDE, height=120, title=_title(mapped))
    return styled(chart)


def marker_names(mapped: PerspectiveMap) -> dict[str, int]:
    """Return the numbers of the marked segments, by what they are marked for."""
    axis, at = mapped.axis, mapped.markers
    named = {
        f"most {axis.low.label.lower()}": at.lowest,
        "nearest the median": at.median,
        f"most {axis.high.label.lower()}": at.highest,
    }
    return {name: segment for name, segment in named.items() if segment is not None}


def _colour(axis: Axis) -> alt.Color:
    names = [axis.low.label, axis.middle, axis.high.label]
    return alt.Color("band:N", scale=alt.Scale(domain=names, range=[ACCENT, PLAIN, HIGH]))


def _title(mapped: PerspectiveMap, more: str = "") -> alt.TitleParams:
    return alt.TitleParams(f"{mapped.axis.title}, by the scorer {mapped.scorer}{more}", color=INK, anchor="start")
