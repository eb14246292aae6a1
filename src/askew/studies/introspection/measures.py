"""The measure of this study: whether the final answer after some reasoning has the form that the question asks for."""

import re

from askew.judging.measures import OTHER, SAME, measures
from askew.judging.measures.form import as_form

# A model may print the mark in bold: "**Answer:** B".
_MARK = re.compile(r"\banswer\W{0,3}:", re.IGNORECASE)


@measures.register("final_form")
def final_form(question: str, answer: str, expected: str) -> float:
    """Return 100 if the text after the last "Answer:" has the form that `expected` names, and 0 if not.

    Args:
        question: Ignored.
        answer: The answer, with the reasoning before it.
        expected: A `Form`.
    """
    return OTHER if as_final_form(answer, expected) is None else SAME


def as_final_form(answer: str, expected: str) -> str | None:
    """Return the final answer after the last "Answer:", in lower case; None if it does not have the form.

    Args:
        answer: The answer, with the reasoning before it.
        expected: A `Form`.
    """
    marks = list(_MARK.finditer(answer))
    lines = answer[marks[-1].end() :].strip("*_ \t\r\n").splitlines() if marks else []
    return as_form(lines[0], expected) if lines else None
