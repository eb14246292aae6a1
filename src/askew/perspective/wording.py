"""The figures of a map, a validation and a comparison in words, for the terminal and for the page."""

import math

from askew.perspective.planted import FORMS
from askew.perspective.summary import Stability, number
from askew.perspective.validation import Comparison, Validation

VALIDATION_HEADS = ("form", "n", "coverage", "rank correlation", "kappa of bands")
_ABOUT = {**FORMS, "all": "with neutral segments", "all, none as 0": "the same, with no evidence counted as 0"}


def with_interval(value: float, low: float, high: float) -> str:
    """Return a number between -1 and 1 with its interval, such as "0.43 [0.37, 0.49]"; "–" for NaN."""
    if math.isnan(value):
        return "–"
    return _signed(value) + ("" if math.isnan(low) else f" [{_signed(low)}, {_signed(high)}]")


def validation_rows(validation: Validation) -> list[tuple[str, ...]]:
    """Return the rows of a validation's table as texts, under `VALIDATION_HEADS`."""
    return [
        (
            row["form"],
            f"{row['segments']:,}",
            f"{row['coverage']:.0%}",
            with_interval(row["correlation"], row["correlation_low"], row["correlation_high"]),
            with_interval(row["kappa"], row["kappa_low"], row["kappa_high"]),
        )
        for row in validation.table.to_dict("records")
    ]


def about_form(form: str) -> str:
    """Return a few words about a row of a validation's table."""
    return _ABOUT.get(form, "")


def validation_notes(validation: Validation) -> list[str]:
    """Return what stands below a validation's table, in sentences."""
    notes = [
        f"Control: with the planted levels shuffled, the rank correlation is {with_interval(*validation.shuffled)} "
        "(mean, and 95% of the shuffles).",
        f"Of the neutral segments, {validation.neutral:.0%} got a score.",
    ]
    if validation.stability is not None:
        notes.append(f"The planted texts cut half a segment later: {stability_words(validation.stability)}.")
    return notes


def stability_words(found: Stability) -> str:
    """Return how stable a map is, in a part of a sentence."""
    return (
        f"{found.same_band:.0%} of the words stay in the same band, rank correlation "
        f"{with_interval(found.correlation, math.nan, math.nan)}, median {number(found.usual.median)} and "
        f"{number(found.later.median)}, mean {number(found.usual.mean)} and {number(found.later.mean)}"
    )


def comparison_words(found: Comparison) -> str:
    """Return how far two scorers agree, in a sentence."""
    return (
        f"The scorers {found.first} and {found.second} both scored {found.both:,} of {found.segments:,} planted "
        f"segments: rank correlation {with_interval(*found.correlation)}, kappa of bands {with_interval(*found.kappa)}."
    )


def clock(seconds: float) -> str:
    """Return a time such as "1:02:03"; "" for NaN."""
    if math.isnan(seconds):
        return ""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _signed(value: float) -> str:
    """Return a number with two decimals and a sign that is no hyphen."""
    shown = f"{abs(value):.2f}"
    return f"−{shown}" if value < 0 and float(shown) else shown
