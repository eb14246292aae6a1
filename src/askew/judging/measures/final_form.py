"""Whether what an answer comes to, after its reasoning, has the form that was asked for."""

import re

from askew.judging.measures import OTHER, SAME, measures
from askew.judging.measures.form import as_form

# A model may set the word in bold: "**Answer:** B".
_MARK = re.compile(r"\banswer\W{0,3}:", re.IGNORECASE)


@measures.register("final_form")
def final_form(question: str, answer: str, expected: str) -> float:
    """Say whether the line after the last "Answer:" has the form that `expected` names; see `form.Form`."""
    return OTHER if as_final_form(answer, expected) is None else SAME


def as_final_form(answer: str, expected: str) -> str | None:
    """Return what the line after the last "Answer:" says in a form, in lower case; None if there is no such.

    Args:
        answer: The answer, with the reasoning before it.
        expected: A `Form`.
    """
    marks = list(_MARK.finditer(answer))
    lines = answer[marks[-1].end() :].strip("*_ \t\r\n").splitlines() if marks else []
    return as_form(lines[0], expected) if lines else None
