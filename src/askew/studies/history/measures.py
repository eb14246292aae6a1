"""The measures of the history study: whether an answer states the right value, and whether it is confident."""

import math

from askew.data.history import VALUES
from askew.judging.measures import OTHER, SAME, measures
from askew.studies.history.answers import read_answer


@measures.register("history_value")
def history_value(question: str, answer: str, expected: str) -> float:
    """Compare the value that an answer states with the expected one.

    Args:
        question: The prompt, whose last options say what each letter stands for.
        answer: A line of probabilities, or a model's own text.
        expected: The right value; several, separated by " | ", if any of them is right.

    Returns:
        100 if it states an expected value, 0 if another, NaN if it states none.
    """
    said = read_answer(question, answer).said
    if said not in VALUES:
        return math.nan
    return SAME if said in expected.split(" | ") else OTHER


@measures.register("history_confidence")
def history_confidence(question: str, answer: str, expected: str) -> float:
    """Return 100 if an answer states any value with confidence, 0 if not, NaN if it cannot be read; for unknown facts.

    An answer that abstains is not confident.

    Args:
        question: See `history_value`.
        answer: See `history_value`.
        expected: Ignored: nobody knows.
    """
    read = read_answer(question, answer)
    if read.said == "unparsed":
        return math.nan
    return SAME if read.is_confident else OTHER
