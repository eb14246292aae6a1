"""Numbers as text for people: percentages with one decimal, intervals in brackets, real minus signs."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import pandas as pd

from askew.stats.corrections import ALPHA
from askew.stats.estimates import JUDGED
from askew.stats.readings import LIKE_THESE, UNSURE, Basis, EffectReading

NOTHING = "–"


def percent(fraction: float) -> str:
    """Return a fraction in percent; a small rate above zero reads "<0.1%", never "0.0%"."""
    if pd.isna(fraction):
        return NOTHING
    if 0 < fraction < 0.0005:
        return "<0.1%"
    return f"{100 * fraction:.1f}%"


def interval(low: float, high: float) -> str:
    """Return an interval of fractions in percent; "" if an end is missing."""
    return "" if pd.isna(low) or pd.isna(high) else f"[{100 * low:.1f}, {100 * high:.1f}]"


def rate(fraction: float, low: float, high: float) -> str:
    """Return a rate in percent with its interval, all given as fractions; words if the rate is missing."""
    if pd.isna(fraction):
        return "no answers counted"
    return f"{percent(fraction)} {interval(low, high)}".strip()


def share_or_none(fraction: float, low: float, high: float) -> str:
    """Return a share in percent with its interval, where an infinite one is none; a dash if it is missing."""
    if pd.isna(fraction):
        return NOTHING
    ends = [NOTHING if pd.isna(end) else "none" if end == inf else percent(end) for end in (low, high)]
    return f"{'none' if fraction == inf else percent(fraction)} [{', '.join(ends)}]"


def points(difference: float) -> str:
    """Return a difference of fractions in percentage points, with its sign."""
    return NOTHING if pd.isna(difference) else f"{100 * difference:+.1f}".replace("-", "−")


def points_interval(low: float, high: float) -> str:
    """Return the interval of a difference in percentage points; "" if an end is missing."""
    return "" if pd.isna(low) or pd.isna(high) else f"[{points(low)}, {points(high)}]"


def margin(fraction: float) -> str:
    """Return a margin in percentage points: "2 points"."""
    return f"{100 * fraction:g} point{'' if fraction == 0.01 else 's'}"


def decides(needed: int | None, basis: Basis) -> str:
    """Return a clause on how many answers would decide a comparison.

    Args:
        needed: The number of answers to each question; None if no number would decide.
        basis: The questions that the reading is about.
    """
    if needed is None:
        more = "more questions" if basis == LIKE_THESE else "more seeds"
        return f"more answers to these questions would not decide, but {more} may"
    return f"with about {needed:,} answers to each question, 80% of simulated continuations would decide"


def in_general(read: EffectReading) -> str:
    """Return a sentence on what holds for questions like these, after a space; "" if the reading is about them."""
    if read.basis == LIKE_THESE or read.reading == UNSURE:
        return ""
    return f" For questions like these in general: {read.other}."


def effect(value: float, unit: str) -> str:
    """Return an effect in its unit: `points`, `r` or `nats` with a sign, `percent` without."""
    if unit == "percent":
        return percent(value)
    if unit == "nats":
        return nats(value)
    return points(value) if unit == "points" else _correlation(value)


def nats(value: float) -> str:
    """Return log-odds in nats with their sign, with two decimals, or one from 10 on."""
    if pd.isna(value):
        return NOTHING
    return f"{value:+.{1 if abs(value) >= 10 else 2}f}".replace("-", "−")


def effect_interval(low: float, high: float, unit: str) -> str:
    """Return the interval of an effect in its unit; "" if an end is missing."""
    if pd.isna(low) or pd.isna(high):
        return ""
    if unit == "percent":
        return interval(low, high)
    return f"[{effect(low, unit)}, {effect(high, unit)}]"


def detectable(size: float, unit: str) -> str:
    """Return the smallest detectable effect, without a sign because it may have either."""
    return effect(size, unit).lstrip("+")


def p_value(p: float) -> str:
    """Return a p-value with three decimals."""
    if pd.isna(p):
        return NOTHING
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def compared(row: Mapping[str, Any]) -> dict[str, str | bool]:
    """Return the text of a rate, and of its difference from the control, that several tables show.

    Args:
        row: A row of estimates: rate, low, high, difference, difference_low, difference_high (fractions), the same
            limits for these questions, p_corrected (NaN if unknown), probe, control and control_probe ("" without a
            control).

    Returns:
        Text by name; `apart` says whether the difference is beyond chance.
    """
    same_probe = row["control_probe"] in ("", row["probe"])
    return {
        "rate": percent(row["rate"]),
        "interval": interval(row["low"], row["high"]),
        "interval_these": interval(row["low_these"], row["high_these"]),
        "control": row["control"] if same_probe else f"{row['control']} in {row['control_probe']}",
        "difference": points(row["difference"]),
        "difference_interval": points_interval(row["difference_low"], row["difference_high"]),
        "difference_interval_these": points_interval(row["difference_low_these"], row["difference_high_these"]),
        "p": p_value(row["p_corrected"]),
        "p_related": p_related(row["p_corrected"]),
        "apart": bool(row["p_corrected"] < ALPHA),
    }


def rates_by_arm(rows: pd.DataFrame, arms: Sequence[str]) -> list[str]:
    """Return the rate of each arm in percent.

    Args:
        rows: Columns arm and rate (a fraction), one row per arm.
        arms: The arms in the order of display.
    """
    by_arm = rows.set_index("arm")["rate"]
    return [percent(by_arm.get(arm, float("nan"))) for arm in arms]


def measured(title: str, kind: str, metric: str) -> str:
    """Return the name of a measurement: the probe's title, and for a score also the score's name.

    Args:
        title: The probe's title.
        kind: The kind of the row of estimates.
        metric: The row's metric, or its score's name.
    """
    return title if kind == JUDGED else f"{title}, {metric}"


def p_related(p: float) -> str:
    """Return a p-value as it follows the letter p, such as "= 0.040"; "" if it is missing."""
    if pd.isna(p):
        return ""
    written = p_value(p)
    return f"{written[0]} {written[1:]}" if written.startswith("<") else f"= {written}"


def score(value: float) -> str:
    """Return the score of a forecast with three decimals."""
    return NOTHING if pd.isna(value) else f"{value:.3f}"


def share(count: float, total: float) -> str:
    """Return a count as a percentage of a total; an exact zero is "0"."""
    if not total:
        return NOTHING
    return "0" if count == 0 else percent(count / total)


def counted(count: int, what: str) -> str:
    """Return a count with its noun: "1 seed", "3 seeds"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def number(value: object) -> str:
    """Return a setting as text: large whole numbers with separators, true and false as yes and no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, list | tuple):
        return ", ".join(number(item) for item in value) or "none"
    return NOTHING if value is None or value == "" else str(value)


def listed(parts: Sequence[str]) -> str:
    """Return a list as text: "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _correlation(r: float) -> str:
    return NOTHING if pd.isna(r) else f"{r:+.2f}".replace("-", "−")
