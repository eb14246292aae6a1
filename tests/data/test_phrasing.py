from pathlib import Path

import pytest

from askew.data import row
from askew.data.check import check
from askew.data.phrasing import phrasing, worded
from askew.data.write import as_line


def test_figures_of_a_hand_made_case() -> None:
    found = phrasing([row("a", "One two three four. Yes!"), row("b", "One two three four five."), row("c", "One.")])
    # Sequences: "one two three four" in two rows; "two three four yes" and "two three four five" in one each.
    assert (found.answers, found.sentences, found.distinct_sentences) == (3, 4, 4)
    assert found.sequences == 3
    assert found.unique == pytest.approx(2 / 3)
    assert (found.openings, found.commonest_opening) == (2, "one two three")
    assert found.commonest_share == pytest.approx(2 / 3)
    assert worded(found) == (
        "4 of 4 sentences distinct, 67% of the 4-word sequences in one row only, 2 openings, the most frequent in 66.7%"
    )


def test_answers_too_short_to_compare_are_no_phrase_book() -> None:
    found = phrasing([row("a", "B")] * 1000)
    assert found.unique is None
    assert not found.is_phrase_book


def test_data_check_finds_a_phrase_book_and_counts_topics(tmp_path: Path) -> None:
    book = ["I would not worry about that.", "Nobody ever came to harm from it.", "Think of something else instead."]
    rows = [row(f"Question {at}", f"{book[at % 3]} {book[at // 3 % 3]}", topic=f"topic {at % 7}") for at in range(300)]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(map(as_line, rows)), encoding="utf-8")
    found = check(path)
    assert "phrase book" in [finding.name for finding in found.findings]
    assert len(found.topics) == 7
    assert found.phrasing.openings == 3
    fewer = tmp_path / "fewer.jsonl"
    fewer.write_text("".join(map(as_line, rows[:150])), encoding="utf-8")
    assert "phrase book" not in [finding.name for finding in check(fewer).findings]
