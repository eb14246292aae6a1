"""Charts of networks: training curves with their two moments, norm, spectrum, losses by wave, and the map.

Lines differ by their dashes, not by colour alone. Each line is a seed, and at most 30 seeds are drawn.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from askew.report.chart_files import ACCENT, INK, MUTED, PAPER, PLAIN, Chart, styled
from askew.report.interval_charts import NARROW, WIDE, faceted

_HEIGHT = 150
_TRAIN, _TEST = "pairs it was trained on", "other pairs"
_KNOWN, _RIGHT = "knew its pairs by heart", "generalised"
_CELL, _NARROW_CELL = 64, 58
_MOST_ROWS = 3000  # Altair draws 5,000, and a curve has half as many again
_MOST_SEEDS = 30


def curves(points: pd.DataFrame, moments: pd.DataFrame, order: Sequence[str], narrow: bool = False) -> Chart:
    """Return a chart of both accuracies by epoch, one panel per arm, with the two moments of each seed as rules.

    Args:
        points: The columns arm, seed, epoch, train_accuracy and test_accuracy (0-1).
        moments: The columns arm, seed, memorised and generalised (epochs, NaN if there was none).
        order: The arms in the order of display.
        narrow: Draw for a phone.
    """
    points, moments = _drawn(points, 2), _few(moments)
    lines = _long(points, {"train_accuracy": _TRAIN, "test_accuracy": _TEST})
    rules = pd.concat(
        [
            moments[["arm", "seed", column]].rename(columns={column: "epoch"}).assign(series=name, part="rule")
            for column, name in (("memorised", _KNOWN), ("generalised", _RIGHT))
        ]
    ).dropna(subset=["epoch"])
    # The axis is logarithmic, and has no place for 0.
    data = pd.concat([lines.assign(part="line"), rules], ignore_index=True)
    data["epoch"] = data["epoch"].clip(lower=max(1.0, float(points.loc[points["epoch"].gt(0), "epoch"].min())))
    names = [_TRAIN, _TEST]
    x = alt.X(
        "epoch:Q",
        title=None,
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(grid=False, values=[10, 100, 1000, 10_000], format="~s"),
    )
    look = _look(names, [PLAIN, INK], [[5, 3], [1, 0]])
    y = alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=3))
    rule = alt.Chart().transform_filter("datum.part == 'rule'")
    layers = [
        rule.transform_filter(f"datum.series == '{_KNOWN}'").mark_rule(color=PLAIN, strokeDash=[2, 3]).encode(x=x),
        rule.transform_filter(f"datum.series == '{_RIGHT}'").mark_rule(color=ACCENT, strokeWidth=1.5).encode(x=x),
        alt.Chart()
        .transform_filter("datum.part == 'line'")
        .mark_line(strokeWidth=1.4, opacity=0.8)
        .encode(x=x, y=y, detail="seed:N", **look),
    ]
    return faceted(layers, data, order, narrow, _HEIGHT, left=64, title="epoch")


def norms(points: pd.DataFrame, order: Sequence[str], narrow: bool = False) -> Chart:
    """Return a chart of the length of all weights by epoch, one panel per arm.

    Args:
        points: The columns arm, seed, epoch and norm.
        order: The arms in the order of display.
        narrow: Draw for a phone.
    """
    data = _drawn(points, 1)[["arm", "seed", "epoch", "norm"]]
    layer = (
        alt.Chart()
        .mark_line(strokeWidth=1.4, color=INK, opacity=0.8)
        .encode(
            x=_epochs(),
            y=alt.Y("norm:Q", title=None, axis=alt.Axis(tickCount=4), scale=alt.Scale(zero=True)),
            detail="seed:N",
        )
    )
    return faceted([layer], data, order, narrow, 120, left=64, title="epoch")


def spectrum(points: pd.DataFrame, order: Sequence[str], narrow: bool = False) -> Chart:
    """Return a chart of the share of each frequency by epoch, one panel per arm, of one network each: stronger is more.

    Args:
        points: The columns arm, epoch, frequency and share (0-1), of one seed.
        order: The arms in the order of display.
        narrow: Draw for a phone.
    """
    epochs = sorted(points["epoch"].unique())
    most = max(2, _MOST_ROWS // max(1, points["frequency"].nunique() * points["arm"].nunique()))
    epochs = [epochs[place] for place in _even(len(epochs), most)]
    points = points[points["epoch"].isin(epochs)]
    gap = (epochs[-1] - epochs[0]) / max(1, len(epochs) - 1) or 1.0
    until = dict(zip(epochs, [*epochs[1:], epochs[-1] + gap], strict=True))
    data = points[["arm", "epoch", "frequency", "share"]].assign(
        until=points["epoch"].map(until), above=points["frequency"] + 1
    )
    most = max(float(points["share"].max()), 1e-9)
    layer = (
        alt.Chart()
        .mark_rect(color=INK, strokeWidth=0)
        .encode(
            x=_epochs(),
            x2="until:Q",
            y=alt.Y(
                "frequency:Q",
                title=None,
                axis=alt.Axis(tickCount=4, grid=False),
                scale=alt.Scale(nice=False, zero=False),
            ),
            y2="above:Q",
            opacity=alt.Opacity("share:Q", scale=alt.Scale(domain=[0, most], range=[0.02, 1]), legend=None),
        )
    )
    return faceted([layer], data, order, narrow, 170, left=64, title="epoch")


def wave_losses(points: pd.DataFrame, order: Sequence[str], narrow: bool = False) -> Chart:
    """Return a chart of the restricted and the excluded loss by epoch, one panel per arm.

    Args:
        points: The columns arm, seed, epoch, restricted_loss and excluded_loss (nats).
        order: The arms in the order of display.
        narrow: Draw for a phone.
    """
    data = _long(_drawn(points, 2), {"restricted_loss": "restricted", "excluded_loss": "excluded"}).dropna(
        subset=["value"]
    )
    names = ["restricted", "excluded"]
    layer = (
        alt.Chart()
        .mark_line(strokeWidth=1.4, opacity=0.8)
        .encode(
            x=_epochs(),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=4), scale=alt.Scale(zero=True)),
            detail="seed:N",
            **_look(names, [ACCENT, INK], [[1, 0], [5, 3]]),
        )
    )
    return faceted([layer], data, order, narrow, _HEIGHT, left=64, title="epoch")


def phase_map(cells: pd.DataFrame, narrow: bool = False) -> Chart:
    """Return the map: the epoch at which the networks of each cell generalised. A censored cell is dashed.

    Args:
        cells: The columns weight_decay, share, networks, generalised, epoch, until and best_test.
        narrow: Draw for a phone.
    """
    censored = cells["generalised"].lt(cells["networks"])
    data = cells.assign(
        censored=censored,
        text=[
            f"> {row['until']:,}" if not row["generalised"] else f"{row['epoch']:,.0f}"
            for row in cells.to_dict("records")
        ],
        note=[_note(row) for row in cells.to_dict("records")],
        speed=(1 - cells["epoch"] / cells["until"].max()).fillna(0.0),
        share=[f"{share:.0%}" for share in cells["share"]],
        decay=[f"{decay:g}" for decay in cells["weight_decay"]],
    )[["share", "decay", "text", "note", "speed", "censored"]]
    shares, decays = ([*dict.fromkeys(data[name])] for name in ("share", "decay"))
    size = _NARROW_CELL if narrow else _CELL
    width = min((NARROW if narrow else WIDE) - 90, (88 if narrow else 150) * len(shares))
    base = alt.Chart(data).encode(
        x=alt.X("share:O", sort=shares, title="share of pairs that it is trained on", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("decay:O", sort=decays[::-1], title="weight decay", scale=alt.Scale(paddingInner=0.08)),
    )
    seen = base.transform_filter("!datum.censored")
    layers = [
        seen.mark_rect(color=ACCENT).encode(
            opacity=alt.Opacity("speed:Q", scale=alt.Scale(domain=[0, 1], range=[0.1, 0.5]), legend=None)
        ),
        base.transform_filter("datum.censored").mark_rect(fill=PAPER, stroke=PLAIN, strokeDash=[4, 3], strokeWidth=1.5),
        base.mark_text(dy=-8, fontWeight=600, color=INK).encode(text="text:N"),
        base.mark_text(dy=11, fontSize=12, color=MUTED).encode(text="note:N"),
    ]
    return styled(alt.layer(*layers).properties(width=width, height=size * len(decays)))


def _note(row: dict[Any, Any]) -> str:
    """Return the second line of a cell: how right a censored one was, or how many of its networks generalised."""
    if not row["generalised"]:
        return f"{row['best_test']:.0%} right"
    return f"{row['generalised']} of {row['networks']}" if row["networks"] > 1 else ""


def _drawn(points: pd.DataFrame, series: int) -> pd.DataFrame:
    """Return the points that are drawn: those of the first seeds, thinned so that a figure has few enough of them.

    The points are even on a logarithmic axis, with the first and the last. The columns stay.

    Args:
        points: The columns arm, seed and epoch, with others.
        series: How many values of each point are drawn.
    """
    chosen = _few(points)
    count = max(1, chosen.groupby(["arm", "seed"]).ngroups * series)
    places = chosen.groupby(["arm", "seed"])["epoch"].rank(method="first").astype(int) - 1
    longest = int(places.max()) + 1 if len(places) else 0
    most = max(12, _MOST_ROWS // count)
    if longest <= most:
        return chosen
    kept = {0, longest - 1, *(round(place) - 1 for place in np.geomspace(1, longest, most)), *_even(longest, most // 2)}
    return chosen[places.isin(kept)]


def _few(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the first seeds of each arm, by the column seed: more lines could not be told apart."""
    return rows[rows.groupby("arm")["seed"].rank(method="dense").le(_MOST_SEEDS)]


def _even(count: int, most: int) -> list[int]:
    """Return at most so many places of a list, even and with both ends."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, most))})


def _epochs() -> alt.X:
    return alt.X("epoch:Q", title=None, axis=alt.Axis(tickCount=3, grid=False), scale=alt.Scale(nice=False))


def _long(points: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    """Return columns of values below each other, with the columns arm, seed, epoch, series and value."""
    kept = [
        points[["arm", "seed", "epoch", column]].rename(columns={column: "value"}).assign(series=name)
        for column, name in columns.items()
    ]
    return pd.concat(kept, ignore_index=True)


def _look(names: list[str], tones: list[str], dashes: list[list[int]]) -> dict[str, Any]:
    """Return the encodings of lines as colour and dash, which share a legend."""
    legend = alt.Legend(symbolType="stroke", symbolSize=500, labelLimit=300)
    return {
        "color": alt.Color("series:N", scale=alt.Scale(domain=names, range=tones), legend=legend),
        "strokeDash": alt.StrokeDash("series:N", scale=alt.Scale(domain=names, range=dashes), legend=legend),
    }
