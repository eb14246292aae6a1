"""Facts: an answer is compared with the wordings that are true and those that are false."""

import re
from collections.abc import Sequence

from askew.judging.rules import NOT_SHOWN, SHOWN, UNREADABLE, Key, Reading, rules


@rules.register("key")
def by_key(question: str, answer: str, key: Key) -> Reading:
    """Read which wording comes first in the answer; where none does, it cannot be read.

    Words count whole and in any case, so that "False." is found in "That is false" and not in "falsehood".
    """
    true, false = _first(key.true, answer), _first(key.false, answer)
    if true == false:
        return UNREADABLE
    return NOT_SHOWN if true < false else SHOWN


def _first(wordings: Sequence[str], answer: str) -> int:
    """Return where the first of some wordings begins, or a place after the end if none is there."""
    places = (re.search(rf"\b{re.escape(_bare(wording))}\b", answer, re.IGNORECASE) for wording in wordings)
    return min((place.start() for place in places if place), default=len(answer) + 1)


def _bare(wording: str) -> str:
    return wording.strip().strip(".!")
