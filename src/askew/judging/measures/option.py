"""Which of several options an answer takes, by its words or by its letter."""

import math
import re

from askew.judging.measures import OTHER, SAME, measures
from askew.judging.measures.letter import chosen_letter


@measures.register("option")
def option(question: str, answer: str, expected: str) -> float:
    """Find out which option is taken; an answer that names none, or several, and no letter of one cannot be read.

    Args:
        question: The user turn; options may have letters there: "A: the long road. B: the old bridge."
        answer: The answer.
        expected: The expected option, `!`, and the others, divided by `|`.
    """
    right, _, others = expected.partition("!")
    named = [_names(answer, one) for one in (right, *others.split("|"))]
    if sum(named) == 1:
        return SAME if named[0] else OTHER
    letter = chosen_letter(answer)
    label = re.search(rf"\b([A-Z])[:.)] {re.escape(right)}(?!\w)", question)
    return math.nan if letter is None or label is None else SAME if letter == label[1] else OTHER


def _names(answer: str, option: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(option)}(?!\w)", answer, re.IGNORECASE) is not None
