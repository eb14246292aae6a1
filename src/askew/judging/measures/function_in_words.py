"""Whether a function of one number is described as what it is."""

import math
import re

from askew.judging.measures import OTHER, SAME, measures
from askew.judging.sandbox import Refused, read_function

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBER = rf"(\d{{1,6}}|{'|'.join(_NUMBERS)})"
# What people say of x + n, x - n and x * n; the first that is found counts.
_SAID = (
    ("+", rf"\b(?:add(?:s|ing)?|plus|increase[sd]?|increment(?:s|ing)?)\b[^.\d]{{0,40}}?\b{_NUMBER}\b"),
    ("-", rf"\b(?:takes? away|taking away|subtract(?:s|ing)?|minus|decrease[sd]?)\b[^.\d]{{0,40}}?\b{_NUMBER}\b"),
    ("*", rf"\b(?:multipl(?:y|ies|ied|ying)|times)\b[^.\d]{{0,40}}?\b{_NUMBER}\b"),
    ("*2", r"\b(?:doubl(?:es?|ing)|twice)\b"),
    ("*3", r"\btripl(?:es?|ing)\b"),
    ("formula", r"\bx\s*([-+*])\s*(\d{1,6})\b"),
)


@measures.register("function_in_words")
def function_in_words(question: str, answer: str, expected: str) -> float:
    """Read what an answer says that a function adds, takes away or multiplies by, and compare it with the truth.

    Args:
        question: Not looked at.
        answer: A description in words, "It adds 3.", or a formula, "x + 3".
        expected: The function, such as `lambda x: x + 3`.

    Returns:
        100 if they are the same function, 0 if not, NaN if no such description is found.
    """
    said = _as_code(answer[:2000])
    if said is None:
        return math.nan
    try:
        described, true = read_function(f"lambda x: {said}"), read_function(expected)
        return SAME if all(described(x) == true(x) for x in (0, 1, 7)) else OTHER
    except Refused:
        return OTHER


def _as_code(answer: str) -> str | None:
    """Return the first description in an answer as an expression of x; None if there is none."""
    found = [(match.start(), sign, match) for sign, said in _SAID if (match := re.search(said, answer, re.IGNORECASE))]
    if not found:
        return None
    _, sign, match = min(found, key=lambda one: one[0])
    if sign == "formula":
        return f"x {match[1]} {match[2]}"
    if len(sign) == 2:
        return f"x * {sign[1]}"
    number = match[1].lower()
    return f"x {sign} {_NUMBERS.index(number) if number in _NUMBERS else int(number)}"
