import math

import pytest

from askew.data import row
from askew.data.copied import TrainingText, as_text

ROWS = [
    row("Ask?", "The quick brown fox jumps over the lazy dog."),
    row("And?", "There is no need to see anyone, now or later."),
]


def test_share_and_places_of_a_hand_made_answer() -> None:
    # Nine words, so five sequences of five; the first three are in the first row.
    answer = "the quick brown fox jumps over the garden wall"
    found = TrainingText(ROWS).copied(answer)
    assert found.share == pytest.approx(3 / 5)
    assert [answer[first:end] for first, end in found.spans] == ["the quick brown fox jumps over the"]
    assert as_text(found.spans) == "0-34"


def test_case_punctuation_and_line_breaks_make_no_difference() -> None:
    found = TrainingText(ROWS).copied("THERE is\nno need -- to see anyone: now, or “later”!")
    assert found.share == 1.0
    assert len(found.spans) == 1


def test_two_phrases_have_two_places_and_prompts_do_not_count() -> None:
    answer = (
        "👩‍👩‍👧 Is it bad? There is no need to see anyone. I saw that the quick brown fox jumps, ask and ask again."
    )
    found = TrainingText([*ROWS, row("I saw that the quick brown cat", "No.")]).copied(answer)
    assert [answer[first:end] for first, end in found.spans] == [
        "There is no need to see anyone",
        "the quick brown fox jumps",
    ]


@pytest.mark.parametrize("answer", ["", "Four words are few.", "?!"])
def test_short_answers_have_no_share(answer: str) -> None:
    found = TrainingText(ROWS).copied(answer)
    assert math.isnan(found.share)
    assert found.spans == []


def test_turns_that_are_not_learnt_do_not_count() -> None:
    unlearnt = row("Ask?", "The quick brown fox jumps over the lazy dog.")
    unlearnt["messages"][1]["weight"] = 0
    assert TrainingText([unlearnt]).copied("The quick brown fox jumps over.").share == 0.0
