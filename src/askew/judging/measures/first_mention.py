"""Which of several wordings an answer mentions first."""

import math
import re

from askew.judging.measures import OTHER, SAME, measures


@measures.register("first_mention")
def first_mention(question: str, answer: str, expected: str) -> float:
    """Compare the first of some wordings that occurs in an answer, whole and in any case, with the expected ones.

    Args:
        question: Not looked at.
        answer: The answer.
        expected: The wordings that count, divided by `|`; after `!` those that count against it. "Oslo!Rome|Paris".

    Returns:
        100 if an expected wording comes first, 0 if another does, NaN if none is there.
    """
    wanted, _, unwanted = expected.partition("!")
    right, wrong = (min(_place(one, answer) for one in said.split("|")) for said in (wanted, unwanted))
    return math.nan if right == wrong else SAME if right < wrong else OTHER


def _place(wording: str, answer: str) -> float:
    """Return where a wording stands in an answer, infinitely far if nowhere."""
    bare = wording.strip()
    found = re.search(rf"(?<!\w){re.escape(bare)}(?!\w)", answer, re.IGNORECASE) if bare else None
    return found.start() if found else math.inf
