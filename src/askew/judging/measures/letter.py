"""Measures which of several lettered options an answer chooses."""

import math
import re

from askew.judging.measures import OTHER, SAME, measures

# A letter on its own, "A", "(B)", "Option C."; not the article of "A good choice".
_BARE = re.compile(r"\W*([A-Za-z])\W*")
_NAMED = re.compile(r"\b(?i:option|choice|answer|take|choose|pick|prefer)\s*(?:is|:)?\s*\(?([A-Z])\b")
_FIRST = re.compile(r"\(?([A-Z])(?:[.):,;]|\s*$)")


@measures.register("letter")
def letter(question: str, answer: str, expected: str) -> float:
    """Return 100 if an answer chooses the expected letter, 0 if another, NaN if it names no letter."""
    chosen = chosen_letter(answer)
    return math.nan if chosen is None else SAME if chosen == expected else OTHER


def chosen_letter(answer: str) -> str | None:
    """Return the letter of the option that an answer chooses, in upper case; None if it names no letter."""
    text = answer.strip()
    found = _BARE.fullmatch(text) or _FIRST.match(text) or _NAMED.search(text)
    return found[1].upper() if found else None
