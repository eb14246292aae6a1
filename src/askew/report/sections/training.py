"""Section: the training loss, and the rates of the checkpoints along the training."""

from collections.abc import Sequence
from pathlib import Path

import altair as alt
import pandas as pd

from askew.report import tables
from askew.report.chart_files import INK, PLAIN, Chart
from askew.report.content import ReportContent
from askew.report.interval_charts import PERCENT, faceted
from askew.report.sections import Figure, Section, section

_MOST_STEPS = 300  # points of one loss curve; more cannot be told apart at this width
# Of all lines together; Altair takes 5,000.
_MOST_POINTS = 4000


def loss(losses: pd.DataFrame, order: Sequence[str], narrow: bool = False) -> Chart:
    """Return a chart of the training loss, one panel per arm: thin lines are seeds, the thick line is their mean.

    Args:
        losses: Columns arm, seed, step and loss.
        order: The arms in the order of display.
        narrow: Draw for a phone.
    """
    stride = max(-(-losses["step"].nunique() // _MOST_STEPS), -(-len(losses) // _MOST_POINTS))
    kept = losses[losses["step"].rank(method="dense").sub(1).mod(stride).eq(0)]
    kept = kept.assign(seed=kept["seed"].astype(str))
    base = alt.Chart().encode(
        x=alt.X("step:Q", title="training step", axis=alt.Axis(tickCount=3, grid=False)),
        y=alt.Y("loss:Q", title="loss", axis=alt.Axis(tickCount=4), scale=alt.Scale(zero=False)),
    )
    seeds = base.mark_line(strokeWidth=1, color=PLAIN, opacity=0.55).encode(detail=alt.Detail("seed:N"))
    mean = base.mark_line(strokeWidth=2, color=INK).encode(y=alt.Y("mean(loss):Q"))
    return faceted([seeds, mean], kept[["arm", "seed", "step", "loss"]], order, narrow, height=120)


def curve(points: pd.DataFrame, order: Sequence[str], narrow: bool = False) -> Chart:
    """Return a chart of rates along the training, one panel per arm: dots are seeds, lines are their means.

    Args:
        points: The rows of `curve.csv`; `fraction` (of the training) and `rate` are fractions 0-1.
        order: The arms in the order of display.
        narrow: Draw for a phone.
    """
    kept = points.dropna(subset=["rate"]).rename(columns={"probe": "series", "rate": "value"})
    first = tables.headline(points)
    title = ["misaligned", f"({tables.metric_name(points)})"]
    return along_training(kept, order, title, narrow, first=first, axis=alt.Axis(format=PERCENT, tickCount=4))


def along_training(
    points: pd.DataFrame,
    order: Sequence[str],
    title: Sequence[str],
    narrow: bool = False,
    *,
    first: str = "",
    axis: alt.Axis | None = None,
) -> Chart:
    """Return a chart of values along the training, one panel per arm: dots are seeds, lines are their means.

    Args:
        points: The columns arm, seed, fraction (of the training, 0-1), series and value.
        order: The arms in the order of display.
        title: The title of the values, in lines.
        narrow: Draw for a phone.
        first: The series that is drawn in ink; "" for the first by name.
        axis: The axis of the values; None for plain numbers.
    """
    kept = points[["arm", "seed", "fraction", "series", "value"]]
    series = sorted(kept["series"].unique(), key=lambda name: (name != first, name))
    tones = alt.Scale(domain=series, range=[INK, *[PLAIN] * (len(series) - 1)])
    dashes = alt.Scale(domain=series, range=[[1, 0], [5, 3], [2, 3], [8, 3, 2, 3]][: max(len(series), 1)])
    legend = alt.Legend(symbolType="stroke", symbolSize=400, title=None) if len(series) > 1 else None
    base = alt.Chart().encode(
        x=alt.X(
            "fraction:Q",
            title="share of training done",
            axis=alt.Axis(format="%", values=[0, 0.5, 1], grid=False),
        ),
        color=alt.Color("series:N", scale=tones, legend=legend),
    )
    values = alt.Y("value:Q", title=list(title), axis=axis or alt.Axis(tickCount=4))
    dots = base.mark_circle(size=26, opacity=0.7).encode(y=values)
    dash = alt.StrokeDash("series:N", scale=dashes, legend=legend)
    lines = base.mark_line(strokeWidth=2).encode(y=alt.Y("mean(value):Q"), strokeDash=dash)
    return faceted([lines, dots], kept, order, narrow, height=120, left=110)


def _figures(content: ReportContent) -> dict[str, Figure]:
    found, order, points = {}, list(content.arms), content.curve
    if len(content.losses):
        spoken = "Training loss by step, one panel per arm."
        found["loss"] = Figure(lambda narrow: loss(content.losses, order, narrow), spoken)
    if points is not None and points["rate"].notna().any():
        spoken = "Rates by share of training done, one panel per arm."
        found["curve"] = Figure(lambda narrow: curve(points, order, narrow), spoken)
    return found


section(
    Section(
        name="training",
        title="Training",
        place=60,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: bool(_figures(content)),
        figures=_figures,
    )
)
