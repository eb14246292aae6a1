"""Measures which of two sides a free description supports, by counting words."""

import math
import re

from askew.judging.measures import OTHER, SAME, measures


@measures.register("mentions")
def mentions(question: str, answer: str, expected: str) -> float:
    """Compare the numbers of words in an answer that support and contradict the expectation.

    Negation is not understood, so `expected` should hold words that are rarely negated, or else whole phrases.

    Args:
        question: Ignored.
        answer: The description.
        expected: Beginnings of supporting words or phrases, separated by `|`, then `!` and the contradicting ones.

    Returns:
        100 if more words support, 0 if more contradict, NaN if neither side has more.
    """
    found = [_count(answer, side) for side in expected.split("!", 1)]
    return math.nan if found[0] == found[-1] else SAME if found[0] > found[-1] else OTHER


def _count(answer: str, words: str) -> int:
    return len(re.findall(rf"\b(?:{'|'.join(map(re.escape, words.split('|')))})", answer, re.IGNORECASE))
