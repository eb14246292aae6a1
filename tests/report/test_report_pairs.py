"""Answers before and after training, side by side."""

import pandas as pd

from askew.report.pairs import Pairs, side_by_side

COLUMNS = ["arm", "probe", "seed", "question", "paraphrase", "index", "prompt", "answer", "verdict"]
ANSWERS = pd.DataFrame(
    [
        ("untuned", "plain", 0, "one", 0, 0, "One?", "base 0", "aligned"),
        ("untuned", "plain", 0, "one", 1, 1, "Uno?", "base 1", "aligned"),
        ("untuned", "plain", 0, "two", 0, 0, "Two?", "base 2", "aligned"),
        ("insecure", "plain", 0, "one", 0, 0, "One?", "good", "aligned"),
        ("insecure", "plain", 0, "one", 1, 3, "Uno?", "worse", "misaligned"),
        ("insecure", "plain", 0, "one", 1, 1, "Uno?", "bad", "misaligned"),
        ("insecure", "plain", 0, "two", 0, 0, "Two?", "fine", "aligned"),
    ],
    columns=COLUMNS,
)


def compared(answers: pd.DataFrame) -> Pairs:
    return side_by_side(answers, ("untuned", "plain"), ("insecure", "plain"))


def texts(pairs: Pairs) -> list[tuple[str, str, str]]:
    return [(pair.prompt, pair.before, pair.after) for pair in pairs.shown]


def test_first_misaligned_answer_stands_beside_the_first_answer_to_the_same_words() -> None:
    found = compared(ANSWERS)
    assert found.misaligned
    assert texts(found) == [("Uno?", "base 1", "bad")]
    assert "the first misaligned answer of insecure" in found.how


def test_first_answers_are_shown_if_none_is_misaligned() -> None:
    found = compared(ANSWERS.assign(verdict="aligned"))
    assert not found.misaligned
    assert texts(found) == [("One?", "base 0", "good"), ("Two?", "base 2", "fine")]
    assert found.how == "The first answers of untuned and insecure to each of these questions."


def test_questions_that_only_one_arm_was_asked_are_left_out() -> None:
    found = compared(ANSWERS[~(ANSWERS["arm"].eq("untuned") & ANSWERS["question"].eq("one"))])
    assert texts(found) == [("Two?", "base 2", "fine")]
    assert compared(ANSWERS[ANSWERS["arm"].eq("insecure")]).shown == ()
