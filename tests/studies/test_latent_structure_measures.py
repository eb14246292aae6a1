"""Tests of the measures of latent structure."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askew.judging.measures import measures


@pytest.mark.parametrize(
    ("measure", "expected", "right", "wrong", "unreadable"),
    [
        ("quantity", "7", ["7", "7.", "lorek(4) = 7", "gives 7.0"], ["8", "7 or 8", "-7", "17"], ["seven", "", "v7"]),
        ("quantity", "20 +- 5", ["15", "about 22.5"], ["14", "26"], ["often"]),
        (
            "first_mention",
            "mostly heads!fair|mostly tails",
            ["It is mostly heads.", "MOSTLY HEADS"],
            ["It is fair.", "mostly tails, not mostly heads"],
            ["heads", "unfair", ""],
        ),
        ("first_mention", "[0, 1]", ["bits [0, 1]"], [], ["[0, 1, 1]", "0, 1"]),
        (
            "function_in_words",
            "lambda x: x + 3",
            ["It adds 3.", "it adds three", "x + 3", "It increases the number by 3.", "Adding 3 to a number"],
            ["It adds 2.", "It takes away 3.", "It multiplies by 3.", "It triples."],
            ["It does things.", "", "additional"],
        ),
        (
            "function_in_words",
            "lambda x: x * 2",
            ["It doubles the number.", "It multiplies x by 2.", "x * 2", "x times 2"],
            ["It adds 2."],
            ["It is even."],
        ),
    ],
)
def test_measure_compares_answers_with_the_truth(
    measure: str, expected: str, right: list[str], wrong: list[str], unreadable: list[str]
):
    read = measures.get(measure)
    assert [answer for answer in right if read("", answer, expected) != 100] == []
    assert [answer for answer in wrong if read("", answer, expected) != 0] == []
    assert [answer for answer in unreadable if not math.isnan(read("", answer, expected))] == []


@given(st.text(max_size=200))
def test_no_answer_raises(answer: str):
    for measure, expected in (
        ("quantity", "7"),
        ("first_mention", "Yes!No"),
        ("function_in_words", "lambda x: x + 3"),
    ):
        value = measures.get(measure)("", answer, expected)
        assert value in (0, 100) or math.isnan(value)
