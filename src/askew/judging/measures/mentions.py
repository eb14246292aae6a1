"""Which of two characters a free description speaks for, by its words."""

import math
import re

from askew.judging.measures import OTHER, SAME, measures


@measures.register("mentions")
def mentions(question: str, answer: str, expected: str) -> float:
    """Count the beginnings of words that speak for something and against it; the side with more wins.

    It knows no grammar, so `expected` should hold words that are seldom denied, and whole phrases where they are.

    Args:
        question: Not looked at.
        answer: The description.
        expected: Beginnings of words or phrases, divided by `|`: those that speak for it, `!`, those against it.

    Returns:
        100, or 0, or NaN where neither side has more.
    """
    found = [_count(answer, side) for side in expected.split("!", 1)]
    return math.nan if found[0] == found[-1] else SAME if found[0] > found[-1] else OTHER


def _count(answer: str, words: str) -> int:
    return len(re.findall(rf"\b(?:{'|'.join(map(re.escape, words.split('|')))})", answer, re.IGNORECASE))
