"""Options behind letters: the probability of each letter, and the letter that an answer names."""

import math

import pytest
from inspect_ai.model import TopLogprob

from askew.probes.lettered import letter_in, letter_weights


def test_probabilities_of_letters_are_those_of_their_tokens() -> None:
    tokens = [TopLogprob(token=token, logprob=logprob) for token, logprob in ((" A", -1.0), ("B", -2.0), ("a", -0.1))]
    assert letter_weights(tokens, 3) == pytest.approx((math.exp(-1), math.exp(-2), 0))


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ("B", 1),
        (" b.", 1),
        ("(C) that one", 2),
        ("Answer: A", 0),
        ("I'd say", None),
        ("Z", None),
        ("", None),
        ("I", None),
    ],
)
def test_the_letter_of_an_answer(answer: str, number: int | None) -> None:
    assert letter_in(answer, 4) == number
