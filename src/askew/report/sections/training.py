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


def loss(losses: pd.DataFrame, order: Sequence[str], narrow: bool = False) -> Chart:
    """Return a chart of the training loss, one panel per arm: thin lines are seeds, the thick line is their mean.

    Args:
        losses: Columns arm, seed, step and loss.
        order: The arms in the order of display.
        narrow: Draw for a phone.
    """
    stride = -(-losses["step"].nunique() // _MOST_STEPS)
    kept = losses[losses["step"].rank(method="dense").sub(1).mod(stride).eq(0)]
    kept = kept.assign(seed=kept["seed"].astype(str))
    base = alt.Chart().encode(
        x=alt.X("step:Q", title="training step", axis=alt.Axis(tickCount=3, grid=False)),
        y=alt.Y("loss:Q", title="loss", axis=alt.Axis(tickCount=4), scale=alt.Scale(zero=False)),
    )
    seeds = base.mark_line(strokeWidth=1, color=PLAIN, opacity=0.55).encode(detail="seed:N")
    mean = base.mark_line(strokeWidth=2, color=INK).encode(y="mean(loss):Q")
    return faceted([seeds, mean], kept[["arm", "seed", "step", "loss"]], order, narrow, height=120)


def curve(points: pd.DataFrame, order: Sequence[str], narrow: bool = False) -> Chart:
    """Return a chart of rates along the training, one panel per arm: dots are seeds, lines are their means.

    Args:
        points: The rows of `curve.csv`; `fraction` (of the training) and `rate` are fractions 0-1.
        order: The arms in the order of display.
        narrow: Draw for a phone.
    """
    kept = points.dropna(subset=["rate"])[["arm", "seed", "fraction", "probe", "rate"]]
    probes = sorted(kept["probe"].unique(), key=lambda probe: probe != tables.headline(points))
    tones = alt.Scale(domain=probes, range=[INK, *[PLAIN] * (len(probes) - 1)])
    dashes = alt.Scale(domain=probes, range=[[1, 0], [5, 3], [2, 3], [8, 3, 2, 3]][: max(len(probes), 1)])
    legend = alt.Legend(symbolType="stroke", symbolSize=400) if len(probes) > 1 else None
    base = alt.Chart().encode(
        x=alt.X(
            "fraction:Q",
            title="share of training done",
            axis=alt.Axis(format="%", values=[0, 0.5, 1], grid=False),
        ),
        color=alt.Color("probe:N", scale=tones, legend=legend),
    )
    axis = alt.Axis(format=PERCENT, tickCount=4)
    title = ["misaligned", f"({tables.metric_name(points)})"]
    dots = base.mark_circle(size=26, opacity=0.7).encode(y=alt.Y("rate:Q", title=title, axis=axis))
    dash = alt.StrokeDash("probe:N", scale=dashes, legend=legend)
    lines = base.mark_line(strokeWidth=2).encode(y="mean(rate):Q", strokeDash=dash)
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
