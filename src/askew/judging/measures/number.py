"""Measures the number from 0 to 100 that an answer states."""

import math

from askew.judging.measures import measures
from askew.judging.rules import Key
from askew.judging.rules.number import number as by_rule


@measures.register("number")
def number(question: str, answer: str, expected: str) -> float:
    """Return the first whole number from 0 to 100, or 100 minus it if `expected` is "reversed"; NaN without one."""
    reading = by_rule(question, answer, Key())
    if not reading.coherent:
        return math.nan
    return 100.0 - reading.aligned if expected == "reversed" else reading.aligned
