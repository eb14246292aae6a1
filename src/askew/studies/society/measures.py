"""The measure of probes whose answers are computed percentages."""

import math

from askew.judging.measures import measures


@measures.register("percentage")
def percentage(question: str, answer: str, expected: str) -> float:
    """Return the number from 0 to 100 that an answer is; NaN if it is none."""
    try:
        number = float(answer)
    except ValueError:
        return math.nan
    return number if 0 <= number <= 100 else math.nan
