"""Whether a number that an answer states is the expected one."""

import math
import re

from askew.judging.measures import OTHER, SAME, measures

_NUMBER = re.compile(r"(?<![\w.])-?\d{1,9}(?:\.\d{1,6})?(?![\w]|\.\d)")


@measures.register("quantity")
def quantity(question: str, answer: str, expected: str) -> float:
    """Compare the last number of an answer, which comes after those that it repeats, with the expected one.

    Args:
        question: Not looked at.
        answer: The answer.
        expected: The number, with how far from it still counts: "7", or "20 +- 5".

    Returns:
        100 if it is the expected number, 0 if another, NaN if there is none.
    """
    stated = _NUMBER.findall(answer)
    if not stated:
        return math.nan
    number, _, margin = expected.partition("+-")
    return SAME if abs(float(stated[-1]) - float(number)) <= float(margin or 0) else OTHER
