"""Measures whether an answer begins with an expected word."""

import math
import re

from askew.judging.measures import OTHER, SAME, measures

_LEAD = re.compile(r"^[\W_]+")


@measures.register("word")
def word(question: str, answer: str, expected: str) -> float:
    """Return whether an answer begins with an expected word, ignoring case.

    Args:
        question: Ignored.
        answer: The answer.
        expected: The expected words, separated by `|`, optionally followed by `!` and other words.

    Returns:
        100 if the answer begins with an expected word. Else 0; but if other words are given and the answer begins with
        none of those either, NaN.
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
