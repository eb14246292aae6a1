"""The figure of monitoring: how far each model's answers lie along a direction, beside how misaligned they are."""

import altair as alt
import pandas as pd

from askew.report.chart_files import ACCENT, MUTED, PLAIN, Chart, styled

_WIDTH = 560


def monitor_chart(models: pd.DataFrame, drift: pd.DataFrame) -> Chart:
    """Return the projection and the share of misaligned answers of each model, and below it the drift during training.

    Args:
        models: One row per model, with the columns arm, seed, side, projection, low, high and misaligned (0-1, NaN
            without a judge; such models are drawn at 0).
        drift: One row per step of a model, with the columns arm, seed, step and drift; without rows it is left out.
    """
    rows = models.assign(misaligned=models["misaligned"].fillna(0.0))
    side = alt.Color("side:N", scale=alt.Scale(domain=["arm", "control"], range=[ACCENT, PLAIN]))
    x = alt.X("projection:Q", title="projection, as a share of the norm", scale=alt.Scale(zero=False))
    base = alt.Chart(rows).encode(color=side, y=alt.Y("misaligned:Q", title="misaligned", axis=alt.Axis(format="%")))
    bars = base.mark_rule(strokeWidth=2).encode(x="low:Q", x2="high:Q")
    dots = base.mark_circle(size=60, opacity=1).encode(x=x)
    ends = rows.sort_values("projection").groupby("arm", sort=False).tail(1)
    names = alt.Chart(ends).mark_text(align="left", dx=8, dy=-8, fontSize=12, color=MUTED)
    names = names.encode(x="projection:Q", y="misaligned:Q", text="arm:N")
    above = alt.layer(bars, dots, names).properties(width=_WIDTH, height=300, title="One dot per model")
    if drift.empty:
        return styled(above)
    start = drift.drop_duplicates(["arm", "seed"]).assign(step=0, drift=0.0)
    steps = pd.concat([start, drift]).merge(models[["arm", "seed", "side"]], on=["arm", "seed"])
    steps = steps.assign(model=steps["arm"] + "-" + steps["seed"].astype(str))
    moved = alt.Y("drift:Q", title="share of the norm")
    lines = alt.Chart(steps).mark_line()
    below = alt.layer(lines.encode(x=alt.X("step:Q", title="training step"), y=moved, detail="model:N", color=side))
    titled = below.properties(width=_WIDTH, height=180, title="Drift of the questions' last token during training")
    return styled(alt.vconcat(above, titled))
