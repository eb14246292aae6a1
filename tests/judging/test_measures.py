"""Tests of measures."""

import math

import pytest

from askew.judging.measures import measures


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("A", 100),
        (" b.", 0),
        ("(A)", 100),
        ("A: the sure one", 100),
        ("I take B.", 0),
        ("Option A, please", 100),
        ("A good question", math.nan),
        ("neither", math.nan),
        ("", math.nan),
    ],
)
def test_letter_finds_the_chosen_option(answer: str, found: float) -> None:
    assert measures.get("letter")("A: x. B: y.", answer, "A") == pytest.approx(found, nan_ok=True)


@pytest.mark.parametrize(
    ("answer", "expected", "found"),
    [("85", "", 85), ("I say 20.", "reversed", 80), ("101", "", math.nan), ("none", "", math.nan)],
)
def test_number_finds_the_stated_number(answer: str, expected: str, found: float) -> None:
    assert measures.get("number")("How much?", answer, expected) == pytest.approx(found, nan_ok=True)


@pytest.mark.parametrize(
    ("answer", "expected", "found"),
    [
        ("Daring.", "daring|bold!careful", 100),
        ('"careful"', "daring|bold!careful", 0),
        ("Dark.", "daring|bold!careful", math.nan),
        ("daringly", "daring!careful", math.nan),
        ("Yes, always", "yes", 100),
        ("perhaps", "yes", 0),
    ],
)
def test_word_compares_the_first_word(answer: str, expected: str, found: float) -> None:
    assert measures.get("word")("Which?", answer, expected) == pytest.approx(found, nan_ok=True)
