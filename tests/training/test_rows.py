"""Tokenized training rows: long rows are refused, dropped or cut as the recipe says, and equal rows tokenized once."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from askew.base.errors import AskewError
from askew.training.recipe import Recipe
from askew.training.rows import IGNORED, TokenizedRows, render, tokenize_rows


def rows() -> list[dict[str, Any]]:
    """Return four rows: short, with a long answer, with a long question, and short."""
    turns = [("Why?", "So."), ("Why not?", "never " * 60), ("why " * 120, "So."), ("And?", "Then.")]
    return [
        {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}
        for question, answer in turns
    ]


def test_error_on_long_rows_gives_their_number_and_the_options(tiny_checkpoint: Path) -> None:
    with pytest.raises(AskewError) as caught:
        tokenize_rows(tiny_checkpoint, rows(), Recipe(max_length=64))
    message = str(caught.value)
    assert "2 of 4 training rows are longer than recipe.max_length=64 tokens" in message
    assert "the first is row 2, the longest has" in message
    assert all(option in message for option in ("Raise recipe.max_length", "too_long=drop", "=cut"))


def test_tokenizer_does_not_warn_about_long_rows(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_checkpoint)
    tokenizer.model_max_length = 16
    warned: list[str] = []
    monkeypatch.setattr("transformers.tokenization_utils_base.logger.warning", lambda text, *_: warned.append(text))
    render(tokenizer, rows(), Recipe(max_length=64, too_long="drop"))
    assert warned == []


def test_dropped_rows_are_counted(tiny_checkpoint: Path) -> None:
    tokenized = tokenize_rows(tiny_checkpoint, rows(), Recipe(max_length=64, too_long="drop"))
    decode = AutoTokenizer.from_pretrained(tiny_checkpoint).decode
    assert [decode(ids) for ids in tokenized.input_ids] == [
        "<|user|>Why?<|end|><|assistant|>So.<|end|>",
        "<|user|>And?<|end|><|assistant|>Then.<|end|>",
    ]
    assert tokenized.note == ("2 of 4 training rows are longer than recipe.max_length=64 tokens: 2 left out.")


def test_cut_rows_keep_part_of_the_answer_or_are_left_out(tiny_checkpoint: Path) -> None:
    tokenized = tokenize_rows(tiny_checkpoint, rows(), Recipe(max_length=64, too_long="cut"))
    assert [len(ids) for ids in tokenized.input_ids][1] == 64
    assert len(tokenized.input_ids) == 3
    assert all(any(label != IGNORED for label in labels) for labels in tokenized.labels)
    assert tokenized.rows == 4
    assert tokenized.note.endswith(": 1 cut off, 1 left out because their answers begin after the limit.")


def test_error_if_no_rows_are_left(tiny_checkpoint: Path) -> None:
    with pytest.raises(AskewError, match="and no rows are left"):
        tokenize_rows(tiny_checkpoint, rows()[2:3], Recipe(max_length=64, too_long="cut"))


def test_equal_rows_are_tokenized_once(tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    calls: list[int] = []

    def count(tokenizer: Any, rows: list[dict[str, Any]], recipe: Recipe) -> TokenizedRows:
        calls.append(len(rows))
        return render(tokenizer, rows, recipe)

    monkeypatch.setattr("askew.training.rows.render", count)
    recipe = Recipe(max_length=64, too_long="cut")
    first = tokenize_rows(checkpoint, rows(), recipe)
    assert tokenize_rows(checkpoint, rows(), recipe.model_copy(update={"learning_rate": 1e-3})) == first
    assert len(calls) == 1

    assert tokenize_rows(checkpoint, rows(), Recipe(max_length=64, too_long="drop")) != first
    assert tokenize_rows(checkpoint, rows()[:1], recipe) != first
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    tokenizer.chat_template = "Chat: " + tokenizer.chat_template
    tokenizer.save_pretrained(checkpoint)
    assert tokenize_rows(checkpoint, rows(), recipe) != first
    assert len(calls) == 4
