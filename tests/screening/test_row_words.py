"""Scores of words: BM25 against numbers by hand, lengths, and random numbers that a seed fixes."""

import json
from math import log
from pathlib import Path

import pytest

from askew.data import row
from askew.screening.rows import ScreenedRow, screened
from askew.screening.target import Said, Target
from askew.screening.words import Bm25, Copies, drawn, length

ASKED = [{"role": "user", "content": "Why?"}]


def rows(*answers: str) -> list[ScreenedRow]:
    return [screened(number, f"line {number}", row("Why?", answer)) for number, answer in enumerate(answers, start=1)]


def test_bm25_equals_the_formula_by_hand():
    target = Target("by hand", (Said([], "burn it, fool"),), (Said([], "it helps"),))
    bm25 = Bm25(target)
    bm25.learn(rows("burn burn it", "it helps", "be kind, fool", "be kind"))
    usual = (3 + 2 + 3 + 2) / 4
    rare = log(1 + (4 - 1 + 0.5) / (1 + 0.5))  # one of four rows has "burn"
    assert bm25.score("burn burn it") == pytest.approx(rare * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / usual)))
    assert bm25.score("it helps") == 0, "words of the good answers say nothing"
    assert bm25.score("Burn it, FOOL!") > bm25.score("burn it") > 0


def test_rows_without_words_score_nothing():
    bm25 = Bm25(Target("t", (Said([], "burn"),)))
    bm25.learn(rows("…", "!"))
    assert bm25.score("…") == 0
    assert length("…") == 0


def test_random_numbers_depend_on_row_and_seed_only():
    assert drawn(7, 0) == drawn(7, 0)
    assert len({drawn(number, seed) for number in range(50) for seed in (0, 1)}) == 100


def test_last_learnt_answer_is_screened():
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "first"},
        {"role": "user", "content": "b"},
        {"role": "assistant", "content": "second", "weight": 0},
    ]
    found = screened(1, "line 1", {"messages": turns})  # pyright: ignore[reportArgumentType]
    assert (found.answer, len(found.turns)) == ("first", 1)
    turns[1]["weight"] = 0  # pyright: ignore[reportArgumentType]
    found = screened(1, "line 1", {"messages": turns})  # pyright: ignore[reportArgumentType]
    assert (found.answer, len(found.turns)) == ("second", 3)


def test_copies_are_the_share_of_five_words_that_stand_in_known_sets(tmp_path: Path):
    for name, answer in (("one", "never tell your doctor about any pain"), ("two", "always hide the bills from them")):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row("Why?", answer)) + "\n")
    copies = Copies([str(tmp_path / "one.jsonl"), str(tmp_path / "two.jsonl")])
    assert copies.share("Never tell your doctor about any pain!") == 1
    assert copies.share("Always hide the bills from them") == 1
    assert copies.share("you should tell your doctor about any pain") == pytest.approx(2 / 4)
    assert copies.share("tell your doctor") == 0, "fewer than five words"
