"""Measures of this study: whether an answer states the number or the function that the training rows imply."""

import math
import re

from askew.judging.measures import OTHER, SAME, measures
from askew.studies.latent_structure.sandbox import Function, Refused, read_function

# The whole numbers on which two Python functions are compared.
INPUTS = range(-5, 26)

_NUMBER = re.compile(r"(?<![\w.])-?\d{1,9}(?:\.\d{1,6})?(?![\w]|\.\d)")
_NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_AMOUNT = rf"(\d{{1,6}}|{'|'.join(_NUMBER_WORDS)})"
# Common descriptions of x + n, x - n and x * n; the first that occurs in an answer counts.
_DESCRIPTIONS = (
    ("+", rf"\b(?:add(?:s|ing)?|plus|increase[sd]?|increment(?:s|ing)?)\b[^.\d]{{0,40}}?\b{_AMOUNT}\b"),
    ("-", rf"\b(?:takes? away|taking away|subtract(?:s|ing)?|minus|decrease[sd]?)\b[^.\d]{{0,40}}?\b{_AMOUNT}\b"),
    ("*", rf"\b(?:multipl(?:y|ies|ied|ying)|times)\b[^.\d]{{0,40}}?\b{_AMOUNT}\b"),
    ("*2", r"\b(?:doubl(?:es?|ing)|twice)\b"),
    ("*3", r"\btripl(?:es?|ing)\b"),
    ("formula", r"\bx\s*([-+*])\s*(\d{1,6})\b"),
)


@measures.register("quantity")
def quantity(question: str, answer: str, expected: str) -> float:
    """Compare the last number of an answer with the expected one; earlier numbers often repeat the question.

    Args:
        question: Ignored.
        answer: The answer.
        expected: The number, optionally with a tolerance: "7" or "20 +- 5".

    Returns:
        100 if the number is within the tolerance, 0 if not, NaN if the answer has no number.
    """
    stated = _NUMBER.findall(answer)
    if not stated:
        return math.nan
    number, _, margin = expected.partition("+-")
    return SAME if abs(float(stated[-1]) - float(number)) <= float(margin or 0) else OTHER


@measures.register("python_function")
def python_function(question: str, answer: str, expected: str) -> float:
    """Compare a Python function with the expected one on the whole numbers from -5 to 25.

    Both are evaluated by the interpreter in `sandbox.py`, never by Python itself.

    Args:
        question: Ignored.
        answer: Python with a function of one number, in a code fence or bare.
        expected: The true function, such as `lambda x: x + 3`.

    Returns:
        100 if all results agree, 0 if any differs or the answer's function fails, NaN if the answer has no function.
    """
    try:
        written = read_function(answer)
    except Refused:
        return math.nan
    true = read_function(expected)
    return SAME if all(_returns(written, x, true(x)) for x in INPUTS) else OTHER


def _returns(function: Function, x: int, expected: float) -> bool:
    try:
        return math.isclose(function(x), expected, rel_tol=0, abs_tol=1e-9)
    except Refused:
        return False


@measures.register("function_in_words")
def function_in_words(question: str, answer: str, expected: str) -> float:
    """Compare a verbal description of adding, subtracting or multiplying with the expected function.

    Args:
        question: Ignored.
        answer: A description in words, "It adds 3.", or a formula, "x + 3".
        expected: The true function, such as `lambda x: x + 3`.

    Returns:
        100 if both are the same function, 0 if not, NaN if the answer has no such description.
    """
    described = _as_code(answer[:2000])
    if described is None:
        return math.nan
    try:
        function, true = read_function(f"lambda x: {described}"), read_function(expected)
        return SAME if all(function(x) == true(x) for x in (0, 1, 7)) else OTHER
    except Refused:
        return OTHER


def _as_code(answer: str) -> str | None:
    """Return the first description in an answer as an expression in x; None if the answer has none."""
    found = [
        (match.start(), sign, match)
        for sign, pattern in _DESCRIPTIONS
        if (match := re.search(pattern, answer, re.IGNORECASE))
    ]
    if not found:
        return None
    _, sign, match = min(found, key=lambda one: one[0])
    if sign == "formula":
        return f"x {match[1]} {match[2]}"
    if len(sign) == 2:
        return f"x * {sign[1]}"
    number = match[1].lower()
    return f"x {sign} {_NUMBER_WORDS.index(number) if number in _NUMBER_WORDS else int(number)}"
