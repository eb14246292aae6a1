"""The figures: pure functions from the run's tables to Altair charts.

Colour says one thing only: an arm whose difference from its control has a corrected p below 0.05 is drawn in
the accent, everything else in grey. Each function takes the order of the arms and whether the page is narrow.
"""

from collections.abc import Callable, Sequence

import altair as alt
import pandas as pd

from askew.probes import title as probe_title
from askew.report import forest, tables, wording
from askew.report.chart_files import INK, MUTED, PAPER, PLAIN, Chart, styled
from askew.report.content import ReportContent
from askew.report.marks import PERCENT, ceiling, either, faceted, intervals, labelled, names, panels
from askew.stats.findings import BENT, Finding

_MOST_STEPS = 300  # points of one loss curve: more would not be seen at this width


def charts(content: ReportContent, narrow: bool = False) -> dict[str, Callable[[], Chart]]:
    """Return how to draw each figure that the run's data support, by name, in the order of the page."""
    estimates, order = content.estimates, list(content.arms)
    leading = tables.leading_rows(estimates, order)
    drawn: dict[str, Callable[[], Chart]] = {}
    if len(content.effects):
        if 0 < content.effects["lead"].sum() < len(content.effects):
            drawn["answer"] = lambda: forest.answer(content.effects, narrow)
        drawn["effects"] = lambda: forest.families(content.effects, narrow)
    drawn["rates"] = lambda: rates(estimates, order, narrow)
    if content.findings:
        drawn["moved"] = lambda: moved(content.findings, content.margin, narrow)
    if tables.questions_table(estimates, order, tables.headline(estimates))["rate"].notna().any():
        drawn["per_question"] = lambda: per_question(estimates, order, narrow)
    if tables.per_group(estimates)["rate"].notna().any():
        drawn["per_group"] = lambda: per_group(estimates, order, narrow)
    if len(content.losses):
        drawn["loss"] = lambda: loss(content.losses, order, narrow)
    if content.curve is not None and content.curve["rate"].notna().any():
        points = content.curve
        drawn["curve"] = lambda: curve(points, order, narrow)
    if leading["difference"].notna().any():
        drawn["differences"] = lambda: differences(estimates, order, narrow)
    if content.agreement is not None and content.agreement.n:
        confusion = content.agreement.confusion
        drawn["judge_oracle"] = lambda: judge_oracle(confusion, narrow)
    return drawn


def rates(estimates: pd.DataFrame, order: Sequence[str], narrow: bool = False) -> Chart:
    """Draw each arm's rate in the headline probe with its interval, and its seeds as dots.

    Args:
        estimates: The rows of `estimates.csv`.
        order: The arms in the order of display.
        narrow: Draw for a phone: names above the marks, not beside them.
    """
    rows = tables.leading_rows(estimates, order)
    seeds = tables.per_seed(estimates).merge(rows[["arm", "probe", "label"]], on=["arm", "probe"])
    seeds = seeds[seeds.groupby("label")["seed"].transform("size") > 1]
    rows = rows.assign(value=[wording.rate(*row) for row in rows[["rate", "low", "high"]].to_numpy(float)])
    headline = probe_title(tables.headline(estimates))
    title = f"misaligned answers to {headline}, by the metric {tables.metric_name(rows)}"
    if tables.leads_with_scores(estimates):
        title = f"scores in {headline}, 1 being 100%"
    top = ceiling(pd.concat([rows["high"], rows["rate"], seeds["rate"]]))
    axis = alt.Axis(format=PERCENT, tickCount=4 if narrow else 6)
    scale = alt.Scale(domain=[0, top], nice=False)
    layers = intervals(rows, alt.X("low:Q", scale=scale, title=_title(title, narrow), axis=axis))
    dots = alt.Chart(seeds[["label", "rate"]]).mark_circle(size=26, color=MUTED, opacity=1, yOffset=12)
    layers.append(dots.encode(x="rate:Q", y=names(rows)))
    return labelled(layers, rows, narrow, row_height=62 if narrow else 46)


def differences(estimates: pd.DataFrame, order: Sequence[str], narrow: bool = False) -> Chart:
    """Draw each arm's difference from its control in the headline probe, with its interval, about zero."""
    rows = tables.leading_rows(estimates, order)
    rows = rows[rows["difference"].notna()].drop(columns=["rate", "low", "high"])
    for drawn, fraction in [("rate", "difference"), ("low", "difference_low"), ("high", "difference_high")]:
        rows[drawn] = 100 * rows[fraction]
    control = rows["control"].where(rows["control_probe"].eq(rows["probe"]), rows["control_probe"])
    rows["label"] = rows["label"] + " − " + control
    rows["value"] = [wording.points(difference) for difference in rows["difference"]]
    if not narrow:
        spans = zip(rows["difference_low"], rows["difference_high"], strict=True)
        rows["value"] += [" " + wording.points_interval(low, high) for low, high in spans]
    low, high = rows[["rate", "low"]].min(axis=1), rows[["rate", "high"]].max(axis=1)
    ends = [-100 * ceiling(-low / 100) if low.lt(0).any() else 0, 100 * ceiling(high / 100)]
    title = f"difference in misaligned answers, percentage points, {tables.metric_name(rows)}"
    if tables.leads_with_scores(estimates):
        title = f"difference in the scores of {probe_title(tables.headline(estimates))}, percentage points"
    scale, axis = alt.Scale(domain=ends, nice=False), alt.Axis(tickCount=4 if narrow else 6)
    layers = intervals(rows, alt.X("low:Q", scale=scale, title=_title(title, narrow), axis=axis))
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=PLAIN).encode(x="zero:Q")
    return labelled([zero, *layers], rows, narrow, row_height=56 if narrow else 40)


def moved(findings: Sequence[Finding], margin: float, narrow: bool = False) -> Chart:
    """Draw how far each model moved from its base in each probe, with its interval, about zero and the margin.

    Args:
        findings: At least one.
        margin: The largest rise that is called narrow, a fraction.
        narrow: Draw for a phone.
    """
    several = len({found.arm for found in findings}) > 1
    rows = pd.DataFrame(
        {
            "label": f"{found.arm}: {found.name}" if several else found.name,
            "rate": 100 * found.difference,
            "low": 100 * found.low,
            "high": 100 * found.high,
            "value": f"{wording.points(found.difference)} {wording.points_interval(found.low, found.high)}",
            "p_corrected": 0.0 if found.reading == BENT else 1.0,
        }
        for found in findings
    )
    least = min(0.0, rows["low"].min())
    # The margin is on the axis, however far from it the intervals end.
    most = pd.Series([*rows["high"].div(100), margin])
    ends = [-100 * ceiling(pd.Series([-least / 100])) if least else 0, 100 * ceiling(most)]
    title = f"rise in misaligned answers, percentage points, {findings[0].metric}"
    if any(found.two_sided for found in findings):
        title = "rise in misaligned answers, or in a score, percentage points"
    scale, axis = alt.Scale(domain=ends, nice=False), alt.Axis(tickCount=4 if narrow else 6)
    layers = intervals(rows, alt.X("low:Q", scale=scale, title=_title(title, narrow), axis=axis))
    lines = pd.DataFrame({"at": [0.0, 100 * margin], "dash": [False, True]})
    rules = (
        alt.Chart(lines)
        .mark_rule(color=PLAIN)
        .encode(
            x="at:Q",
            strokeDash=alt.StrokeDash(
                "dash:N", scale=alt.Scale(domain=[False, True], range=[[1, 0], [4, 4]]), legend=None
            ),
        )
    )
    return labelled([rules, *layers], rows, narrow, row_height=56 if narrow else 40)


def per_question(estimates: pd.DataFrame, order: Sequence[str], narrow: bool = False) -> Chart:
    """Draw the headline probe question by question, one panel to an arm, the same questions in each."""
    rows = tables.questions_table(estimates, order, tables.headline(estimates))
    return panels(estimates, rows.assign(row=rows["question"]), order, narrow)


def per_group(estimates: pd.DataFrame, order: Sequence[str], narrow: bool = False) -> Chart:
    """Draw the groups of questions of every probe that has several, one panel to an arm."""
    rows = tables.per_group(estimates)
    several = rows["probe"].nunique() > 1
    return panels(estimates, rows.assign(row=rows["group"] + (", " + rows["probe"] if several else "")), order, narrow)


def loss(losses: pd.DataFrame, order: Sequence[str], narrow: bool = False) -> Chart:
    """Draw the training loss, one panel to an arm: thin lines are seeds, the strong one their mean."""
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
    """Draw rate against share of training done, one panel to an arm: seeds as dots, their mean as a line.

    Args:
        points: The rows of `curve.csv`.
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


def judge_oracle(confusion: pd.DataFrame, narrow: bool = False) -> Chart:
    """Draw what the judge said of the answers that the oracle knows: counts, shaded by share of the row.

    Args:
        confusion: Counts, the oracle's verdicts as index, the judge's as columns.
        narrow: Draw for a phone.
    """
    cells = confusion.rename_axis(index="oracle").reset_index().melt("oracle", var_name="judge", value_name="n")
    totals = cells.groupby("oracle")["n"].transform("sum")
    cells["share"] = (cells["n"] / totals).fillna(0.0)
    cells["count"] = [f"{n:,.0f}" for n in cells["n"]]
    cells["dark"] = cells["share"].gt(0.5)
    base = alt.Chart(cells).encode(
        x=alt.X(
            "judge:N",
            sort=list(confusion.columns),
            title="the judge said",
            axis=alt.Axis(orient="top", labelAngle=0, labelFontSize=10.5 if narrow else 14),
        ),
        y=alt.Y("oracle:N", sort=list(confusion.index), title="the oracle knows"),
    )
    opacity = alt.FillOpacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.04, 0.88]), legend=None)
    tiles = base.mark_rect(fill=INK, stroke=PAPER, strokeWidth=3).encode(fillOpacity=opacity)
    numbers = base.mark_text(fontSize=13 if narrow else 15).encode(text="count:N", color=either("dark", PAPER, INK))
    size = (54, 44) if narrow else (96, 48)
    across = size[0] * len(confusion.columns)
    return styled((tiles + numbers).properties(width=across, height=size[1] * len(confusion.index)))


def _title(title: str, narrow: bool) -> str | list[str]:
    """Break an axis title at its comma, where a narrow page has no room for it."""
    return title.split(", ", 1) if narrow else title
