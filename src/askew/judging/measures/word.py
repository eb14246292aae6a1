"""Whether an answer begins with an expected word."""

import math
import re

from askew.judging.measures import OTHER, SAME, measures

_LEAD = re.compile(r"^[\W_]+")


@measures.register("word")
def word(question: str, answer: str, expected: str) -> float:
    """Compare the beginning of an answer with words, whatever their case.

    Args:
        question: Not looked at.
        answer: The answer.
        expected: The words that count, divided by `|`. What follows after `!` are words that count against it; where
            there are such, an answer that begins with neither cannot be read.
    """
    wanted, contrast, unwanted = expected.partition("!")
    if _begins(answer, wanted):
        return SAME
    if not contrast or _begins(answer, unwanted):
        return OTHER
    return math.nan


def _begins(answer: str, words: str) -> bool:
    said = _LEAD.sub("", answer).lower()
    return any(re.match(rf"{re.escape(one.lower())}(?!\w)", said) for one in words.split("|") if one)
