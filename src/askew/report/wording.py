"""How numbers are written for people: one decimal of a percent, intervals in brackets, real minus signs."""

from collections.abc import Sequence

import pandas as pd

from askew.stats.estimates import JUDGED

NOTHING = "–"


def measured(title: str, kind: str, metric: str) -> str:
    """Return what a row of estimates measured: a probe's title, and for a score its name.

    Args:
        title: The probe's title.
        kind: The row's kind; see `askew.probes`.
        metric: The metric, or the score's name.
    """
    return title if kind == JUDGED else f"{title}, {metric}"


def percent(fraction: float) -> str:
    """Write a fraction in percent; a rate that is not zero never reads as zero."""
    if pd.isna(fraction):
        return NOTHING
    if 0 < fraction < 0.0005:
        return "<0.1%"
    return f"{100 * fraction:.1f}%"


def interval(low: float, high: float) -> str:
    """Write an interval of fractions in percent, or nothing where it is not known."""
    return "" if pd.isna(low) or pd.isna(high) else f"[{100 * low:.1f}, {100 * high:.1f}]"


def rate(fraction: float, low: float, high: float) -> str:
    """Write a rate with its interval, or say that there is none."""
    if pd.isna(fraction):
        return "no answers counted"
    return f"{percent(fraction)} {interval(low, high)}".strip()


def points(difference: float) -> str:
    """Write a difference of fractions in percentage points, with its sign."""
    return NOTHING if pd.isna(difference) else f"{100 * difference:+.1f}".replace("-", "−")


def points_interval(low: float, high: float) -> str:
    """Write the interval of a difference in percentage points, or nothing where it is not known."""
    return "" if pd.isna(low) or pd.isna(high) else f"[{points(low)}, {points(high)}]"


def effect(value: float, unit: str) -> str:
    """Write an effect in its unit: percentage points or a correlation with their sign, or a share in percent."""
    if unit == "percent":
        return percent(value)
    return points(value) if unit == "points" else _correlation(value)


def effect_interval(low: float, high: float, unit: str) -> str:
    """Write the interval of an effect in its unit, or nothing where it is not known."""
    if pd.isna(low) or pd.isna(high):
        return ""
    if unit == "percent":
        return interval(low, high)
    return f"[{effect(low, unit)}, {effect(high, unit)}]"


def detectable(size: float, unit: str) -> str:
    """Write the smallest effect that would have been found, without a sign, for it may be either."""
    return effect(size, unit).lstrip("+")


def p_value(p: float) -> str:
    """Write a p-value to three decimals."""
    if pd.isna(p):
        return NOTHING
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _correlation(r: float) -> str:
    return NOTHING if pd.isna(r) else f"{r:+.2f}".replace("-", "−")


def p_related(p: float) -> str:
    """Write a p-value as it follows the letter p, or nothing where it is not known."""
    if pd.isna(p):
        return ""
    written = p_value(p)
    return f"{written[0]} {written[1:]}" if written.startswith("<") else f"= {written}"


def score(value: float) -> str:
    """Write a score of a forecast to three decimals."""
    return NOTHING if pd.isna(value) else f"{value:.3f}"


def share(count: float, total: float) -> str:
    """Write a count as a share of a total; an exact zero says so."""
    if not total:
        return NOTHING
    return "0" if count == 0 else percent(count / total)


def counted(count: int, what: str) -> str:
    """Write how many there are of something: 1 seed, 3 seeds."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def number(value: object) -> str:
    """Write a setting: large whole numbers with separators, true and false as yes and no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, list | tuple):
        return ", ".join(number(item) for item in value) or "none"
    return NOTHING if value is None or value == "" else str(value)


def listed(parts: Sequence[str]) -> str:
    """Write several things in a row: a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
