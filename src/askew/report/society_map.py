"""A society from above: where its places are, where its agents went, and where they spoke."""

from collections.abc import Mapping

import altair as alt
import pandas as pd

from askew.report.chart_files import ACCENT, INK, MUTED, PAPER, PLAIN, RULE, Chart, styled

_SIDE = 620
_ROOM = 1.5  # cells around everything


def from_above(events: pd.DataFrame, agents: pd.DataFrame, title: str = "") -> Chart:
    """Return a map of one society, north upwards: ways as lines, talk as discs as large as there was much of it.

    Args:
        events: The society's events, with the columns agent, kind, place, x and y.
        agents: Its agents, with the columns agent, x and y, which are where each began.
        title: Stands above the map.
    """
    ways = pd.concat([agents[["agent", "x", "y"]], events.loc[events["kind"].eq("move"), ["agent", "x", "y"]]])
    ways = ways.assign(step=range(len(ways)))
    talk = events[events["kind"].eq("say")].groupby(["x", "y"], as_index=False).size().rename(columns={"size": "lines"})
    last = ways.groupby("agent", as_index=False).last()
    domain = _domain(ways, talk)
    axes = {
        "x": alt.X("x:Q", title=None, axis=None, scale=alt.Scale(domain=domain["x"], nice=False)),
        "y": alt.Y("y:Q", title=None, axis=None, scale=alt.Scale(domain=domain["y"], nice=False, reverse=True)),
    }
    squares = alt.Chart(_squares(events))
    most = int(talk["lines"].max()) if len(talk) else 1
    shown = alt.Legend(orient="bottom", title="lines said there", format="d", values=sorted({1, (most + 1) // 2, most}))
    size = alt.Size("lines:Q", scale=alt.Scale(domain=[0, most], range=[0, 400]), legend=shown)
    layers = [
        squares.mark_rect(color=RULE).encode(**axes, x2="to_x:Q", y2="to_y:Q"),
        squares.mark_text(align="left", dy=-9, color=MUTED, fontWeight=600).encode(**axes, text="place:N"),
        alt.Chart(ways)
        .mark_line(color=PLAIN, opacity=0.35, strokeWidth=1)
        .encode(**axes, detail="agent:N", order="step:Q"),
        alt.Chart(talk).mark_circle(color=ACCENT, opacity=0.6).encode(**axes, size=size),
        alt.Chart(last).mark_point(color=INK, fill=PAPER, opacity=1, size=34, strokeWidth=1.5).encode(**axes),
    ]
    wide, high = (domain[name][1] - domain[name][0] for name in "xy")
    longest = max(wide, high)
    return styled(
        alt.layer(*layers).properties(width=_SIDE * wide / longest, height=_SIDE * high / longest, title=title)
    )


def _domain(*tables: pd.DataFrame) -> Mapping[str, list[float]]:
    """Return the ends of both axes, with some room."""
    found: dict[str, list[float]] = {}
    for name in "xy":
        values = pd.concat([table[name] for table in tables if len(table)])
        found[name] = [float(values.min()) - _ROOM, float(values.max()) + _ROOM]
    return found


def _squares(events: pd.DataFrame) -> pd.DataFrame:
    """Return the square of each place where something happened, from the cells of those who were there."""
    there = events[events["place"].ne("")]
    ends = {"x": ("x", "min"), "y": ("y", "min"), "to_x": ("x", "max"), "to_y": ("y", "max")}
    cells = there.groupby("place", as_index=False).agg(**ends)
    return cells.assign(x=cells["x"] - 0.7, y=cells["y"] - 0.7, to_x=cells["to_x"] + 0.7, to_y=cells["to_y"] + 0.7)
