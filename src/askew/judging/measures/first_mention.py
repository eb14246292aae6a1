"""Measures which of several wordings an answer mentions first."""

import math
import re

from askew.judging.measures import OTHER, SAME, measures


@measures.register("first_mention")
def first_mention(question: str, answer: str, expected: str) -> float:
    """Return whether an expected wording occurs in an answer before any other; case is ignored, words must be whole.

    Args:
        question: Ignored.
        answer: The answer.
        expected: Expected wordings, separated by `|`, then `!` and the other wordings: "Oslo!Rome|Paris".

    Returns:
        100 if an expected wording comes first, 0 if another one does, NaN if none occurs.
    """
    wanted, _, unwanted = expected.partition("!")
    right, wrong = (min(_place(one, answer) for one in said.split("|")) for said in (wanted, unwanted))
    return math.nan if right == wrong else SAME if right < wrong else OTHER


def _place(wording: str, answer: str) -> float:
    """Return the position of a wording in an answer; infinity if it does not occur."""
    bare = wording.strip()
    found = re.search(rf"(?<!\w){re.escape(bare)}(?!\w)", answer, re.IGNORECASE) if bare else None
    return found.start() if found else math.inf
