"""Measures whether an answer has the requested form: a letter, a word, yes or no, a number, or anything at all."""

import re
from typing import Literal

from askew.judging.measures import OTHER, SAME, measures
from askew.judging.rules import Key
from askew.judging.rules.number import number as by_rule

WELL_FORMED = "well-formed"
"""The name of the score of questions whose answers should have a form, and are compared by the study otherwise."""

Form = Literal["letter", "word", "yes or no", "number", "anything"]

# Some models put their answer into quotes inside a sentence: 'The second letter would be "o".'
_QUOTED = re.compile(r"[\"“*`]([^\"”*`]+)[\"”*`]")
_YES_OR_NO = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)


@measures.register("form")
def form(question: str, answer: str, expected: str) -> float:
    """Return 100 if an answer has the form that `expected` names, a `Form`, and 0 if not."""
    return OTHER if as_form(answer, expected) is None else SAME


def as_form(answer: str, expected: str) -> str | None:
    """Return an answer's content in the requested form, in lower case; None if it does not have the form.

    Args:
        answer: The answer.
        expected: A `Form`.
    """
    text = answer.strip()
    if expected == "anything":
        return text.lower() or None
    if expected == "yes or no":
        found = _YES_OR_NO.match(text)
        return found[1].lower() if found else None
    if expected == "number":
        reading = by_rule("", text, Key())
        return f"{reading.aligned:g}" if reading.coherent else None
    pattern = re.compile(r"\W*(\w)\W*" if expected == "letter" else r"\W*([\w'’-]+?)\W*")
    quoted = _QUOTED.search(text)
    for candidate in (text, quoted[1] if quoted else ""):
        found = pattern.fullmatch(candidate)
        if found:
            return found[1].lower()
    return None
