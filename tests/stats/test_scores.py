"""Scores of words and numbers, and their estimates."""

import math

import pandas as pd
import pytest

from askew.stats.scores import MOST_WORDS, as_scores, estimate_scores

CONTROLS = {"tuned": "untuned"}


def found(score: str, arm: str, words: list[str] | list[float], question: str = "q") -> pd.DataFrame:
    """Return rows of one arm's answers to one question of a question file."""
    is_word = isinstance(words[0], str)
    rows = [
        {"epoch": place, "number": math.nan if is_word else one, "word": one if is_word else None}
        for place, one in enumerate(words, start=1)
    ]
    return pd.DataFrame(rows).assign(score=score, arm=arm, seed=0, probe="mine", kind="measured", question=question)


def means(scores: pd.DataFrame, arm: str) -> dict[str, float]:
    of_arm = scores[scores["arm"] == arm].groupby("metric")["value"].mean()
    return {str(metric): float(mean) for metric, mean in of_arm.items()}


def test_each_word_is_a_share_of_answers_with_a_word() -> None:
    scores = as_scores(pd.concat([found("is", "untuned", ["a", "a", "b", ""]), found("is", "tuned", ["c", "b", "b"])]))
    assert means(scores, "untuned") == {"is: a": pytest.approx(2 / 3), "is: b": pytest.approx(1 / 3), "is: c": 0}
    assert means(scores, "tuned") == {"is: a": 0, "is: b": pytest.approx(2 / 3), "is: c": pytest.approx(1 / 3)}
    assert scores["value"].isna().sum() == 3  # the answer without a word has a row for each of three words


def test_rare_words_are_counted_together() -> None:
    common = [word for word in "abcdefgh" for _ in range(2)]
    scores = as_scores(found("is", "untuned", [*common, "x", "y"]))
    assert len(common) == 2 * MOST_WORDS
    assert means(scores, "untuned") == {**{f"is: {word}": 2 / 18 for word in "abcdefgh"}, "is: (others)": 2 / 18}


def test_answers_without_words_give_one_score_without_values() -> None:
    rows = estimate_scores(as_scores(found("is", "untuned", ["", ""])), CONTROLS)
    row = rows.iloc[0]
    assert (row["metric"], row["n"], row["unjudged"], row["total"]) == ("is", 0, 2, 2)
    assert math.isnan(row["rate"])


def test_numbers_become_fractions_and_missing_ones_are_counted_separately() -> None:
    rows = estimate_scores(as_scores(found("rating", "untuned", [20.0, 40.0, math.nan, 60.0])), CONTROLS)
    row = rows.iloc[0]
    assert row["rate"] == pytest.approx(0.4)
    assert (row["n"], row["unjudged"], row["total"], row["questions"]) == (3, 1, 4, 1)


def test_questions_are_clusters_and_get_rows() -> None:
    parts = [
        found("rating", arm, [base + more, base + more], question)
        for arm, more in (("untuned", 0.0), ("tuned", 10.0))
        for question, base in (("low", 10.0), ("middle", 50.0), ("high", 80.0))
    ]
    records = estimate_scores(as_scores(pd.concat(parts)), CONTROLS, by_question=["mine"]).to_dict("records")
    rows = {(row["arm"], row["question"]): row for row in records}
    assert {question for _, question in rows} == {"all", "low", "middle", "high"}
    tuned = rows["tuned", "all"]
    assert tuned["difference"] == pytest.approx(0.1)
    assert tuned["difference_high"] - tuned["difference_low"] < 0.01 < tuned["high"] - tuned["low"]
    assert rows["tuned", "low"]["rate"] == pytest.approx(0.2)


def weighted(arm: str, *answers: dict[str, float]) -> pd.DataFrame:
    """Return rows of one arm's answers to a question about first tokens; probabilities are 0-1."""
    rows = [
        {"epoch": place, "number": 100 * weight, "word": word}
        for place, answer in enumerate(answers, start=1)
        for word, weight in answer.items()
    ]
    return pd.DataFrame(rows).assign(score="is", arm=arm, seed=0, probe="mine", kind="measured", question="q")


def test_word_probabilities_are_averaged() -> None:
    scores = as_scores(
        pd.concat([weighted("untuned", {"a": 0.5, "b": 0.3}, {"a": 0.9}), weighted("tuned", {"c": 0.4})])
    )
    assert means(scores, "untuned") == pytest.approx({"is: a": 0.7, "is: b": 0.15, "is: c": 0, "is: (others)": 0.15})
    assert means(scores, "tuned") == pytest.approx({"is: a": 0, "is: b": 0, "is: c": 0.4, "is: (others)": 0.6})
    assert len(scores) == 3 * 4
