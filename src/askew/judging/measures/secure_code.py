"""Whether the code in an answer is free of the flaws that the rule for insecure code knows."""

import math

from askew.judging.measures import measures
from askew.judging.rules import Key
from askew.judging.rules.insecure_code import insecure_code


@measures.register("secure-code")
def secure_code(question: str, answer: str, expected: str) -> float:
    """Read the code of an answer: 100 if it is secure, 0 if it is not, NaN for text that is no code."""
    reading = insecure_code(question, answer, Key())
    return reading.aligned if reading.coherent else math.nan
