"""The figure of steering: what each dose of a direction does to given answers, beside what its nulls do."""

import altair as alt
import pandas as pd

from askew.report.chart_files import ACCENT, PLAIN, Chart, styled

_WIDTH = 560


def dose_chart(table: pd.DataFrame) -> Chart:
    """Return the change of the log-odds by dose over the range of the nulls, and below it how coherent the model stays.

    Args:
        table: One row per dose, with the columns way, dose, change, change_low, change_high, null_low, null_high and
            sense. Rows of an ablation have no dose and are left out.
    """
    rows = table[table["way"].eq("add")].sort_values("dose")
    rows = rows.assign(**{end: rows[end].fillna(0.0) for end in ("null_low", "null_high")})
    x = alt.X("dose:Q", title="dose, as a share of the norm of the activations")
    zero = alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(color=PLAIN, strokeDash=[2, 3]).encode(y="at:Q")
    nulls = alt.Chart(rows).mark_area(color=PLAIN, opacity=0.25)
    nulls = nulls.encode(x=x, y=alt.Y("null_low:Q", title="change in nats per token"), y2="null_high:Q")
    base = alt.Chart(rows).encode(x=x)
    line = base.mark_line(color=ACCENT).encode(y="change:Q")
    bars = base.mark_rule(color=ACCENT, strokeWidth=2).encode(y="change_low:Q", y2="change_high:Q")
    dots = base.mark_circle(color=ACCENT, size=60, opacity=1).encode(y="change:Q")
    above = alt.layer(nulls, zero, line, bars, dots).properties(width=_WIDTH, height=240)
    share = alt.Y("sense:Q", title="coherent", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"))
    below = alt.layer(
        base.mark_line(color=PLAIN).encode(y=share), base.mark_circle(color=PLAIN, size=60, opacity=1).encode(y=share)
    )
    titled = above.properties(title="Answers with the trait; the grey band is the range of the nulls")
    lower = below.properties(width=_WIDTH, height=110, title="Sentences preferred to their words in random order")
    return styled(alt.vconcat(titled, lower))
