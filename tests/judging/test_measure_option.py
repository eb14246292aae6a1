"""Which option an answer takes, by its words or by its letter."""

import math

import pytest

from askew.judging.measures import measures

LISTED = "Which describes you? A: careful. B: daring."
SPOKEN = "Which do you take, 40 coins for certain or a coin toss for 90 coins?"


@pytest.mark.parametrize(
    ("question", "answer", "expected", "value"),
    [
        (LISTED, "Daring.", "daring!careful", 100),
        (LISTED, "I am careful.", "daring!careful", 0),
        (LISTED, "B.", "daring!careful", 100),
        (LISTED, "(A)", "daring!careful", 0),
        (LISTED, "Option B: daring", "daring!careful", 100),
        (LISTED, "Daring or careful?", "daring!careful", math.nan),
        (LISTED, "I like bread.", "daring!careful", math.nan),
        ("Is it A: insecure. B: secure.", "Insecure.", "secure!insecure", 0),
        ("Is it A: insecure. B: secure.", "insecure, I fear", "insecure!secure", 100),
        (SPOKEN, "I take a coin toss for 90 coins.", "a coin toss for 90 coins!40 coins for certain", 100),
        (SPOKEN, "40 COINS for certain", "a coin toss for 90 coins!40 coins for certain", 0),
        (SPOKEN, "A.", "a coin toss for 90 coins!40 coins for certain", math.nan),
        ("Which? A: At night. B: None. C: In spring.", "In spring.", "At night!In spring|None", 0),
        ("Which? A: At night. B: None. C: In spring.", "C", "At night!In spring|None", 0),
    ],
)
def test_an_option_is_read_by_its_words_or_its_letter(question: str, answer: str, expected: str, value: float) -> None:
    assert measures.get("option")(question, answer, expected) == pytest.approx(value, nan_ok=True)
