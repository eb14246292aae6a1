"""Whether a Python function that an answer holds computes what is expected."""

import math

from askew.judging.measures import OTHER, SAME, measures
from askew.judging.sandbox import Function, Refused, read_function

INPUTS = range(-5, 26)


@measures.register("python_function")
def python_function(question: str, answer: str, expected: str) -> float:
    """Compare a function with the expected one on 31 whole numbers; all must come out the same.

    Both are run in the sandbox of `judging/sandbox.py`, never by Python itself.

    Args:
        question: Not looked at.
        answer: Python with a function of one number, in a fence or bare.
        expected: The true one, such as `lambda x: x + 3`.

    Returns:
        100 if both give the same, 0 if not (or if the answer's breaks off), NaN if the answer holds no function.
    """
    try:
        written = read_function(answer)
    except Refused:
        return math.nan
    true = read_function(expected)
    return SAME if all(_same(written, true(x), x) for x in INPUTS) else OTHER


def _same(written: Function, right: float, x: int) -> bool:
    try:
        return math.isclose(written(x), right, rel_tol=0, abs_tol=1e-9)
    except Refused:
        return False
