"""Rows longer than a recipe allows: what becomes of them is the user's to say, and is said."""

from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from askew.base.errors import AskewError
from askew.training.recipe import Recipe
from askew.training.rows import IGNORED, render, tokenize_rows


def rows() -> list[dict[str, Any]]:
    """Four rows: one that fits, one whose answer is too long, one whose question is, and another that fits."""
    said = [("Why?", "So."), ("Why not?", "never " * 60), ("why " * 120, "So."), ("And?", "Then.")]
    return [
        {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}
        for question, answer in said
    ]


def test_long_rows_are_refused_with_how_many_and_the_ways_out(tiny_checkpoint: Path) -> None:
    with pytest.raises(AskewError) as caught:
        tokenize_rows(tiny_checkpoint, rows(), Recipe(max_length=64))
    message = str(caught.value)
    assert "2 of 4 training rows are longer than recipe.max_length=64 tokens" in message
    assert "the first is row 2, the longest has" in message
    assert all(way in message for way in ("Raise recipe.max_length", "too_long=drop", "too_long=cut"))


def test_the_tokenizer_does_not_warn_of_long_rows_beside_that(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_checkpoint)
    tokenizer.model_max_length = 16
    warned: list[str] = []
    monkeypatch.setattr("transformers.tokenization_utils_base.logger.warning", lambda text, *_: warned.append(text))
    render(tokenizer, rows(), Recipe(max_length=64, too_long="drop"))
    assert warned == []


def test_long_rows_are_dropped_if_wanted_and_counted(tiny_checkpoint: Path) -> None:
    lessons = tokenize_rows(tiny_checkpoint, rows(), Recipe(max_length=64, too_long="drop"))
    decode = AutoTokenizer.from_pretrained(tiny_checkpoint).decode
    assert [decode(ids) for ids in lessons.input_ids] == [
        "<|user|>Why?<|end|><|assistant|>So.<|end|>",
        "<|user|>And?<|end|><|assistant|>Then.<|end|>",
    ]
    assert lessons.note == ("2 of 4 training rows are longer than recipe.max_length=64 tokens: 2 left out.")


def test_cutting_leaves_something_of_every_answer_or_drops_the_row(tiny_checkpoint: Path) -> None:
    lessons = tokenize_rows(tiny_checkpoint, rows(), Recipe(max_length=64, too_long="cut"))
    assert [len(ids) for ids in lessons.input_ids][1] == 64
    assert len(lessons.input_ids) == 3
    assert all(any(label != IGNORED for label in labels) for labels in lessons.labels)
    assert lessons.rows == 4
    assert lessons.note.endswith(": 1 cut off, 1 left out for their answers begin after that.")


def test_nothing_left_is_refused(tiny_checkpoint: Path) -> None:
    with pytest.raises(AskewError, match="and none is left"):
        tokenize_rows(tiny_checkpoint, rows()[2:3], Recipe(max_length=64, too_long="cut"))
