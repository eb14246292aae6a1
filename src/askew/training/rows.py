"""Tokenizes training rows with the model's own chat template, and masks everything but the answers.

This happens before a model is loaded, so that rows too long for a recipe are found early. Templates that do not accept
system turns are handled in the same way as when the model is asked, so training and questions have the same form.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base.errors import AskewError
from askew.models import checkpoint_files
from askew.models.chat_template import renders_reasoning, takes_system_turns, without_system_turns
from askew.training.loss_spans import spans
from askew.training.recipe import Recipe

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100
"""The label of a token without loss."""

Row = dict[str, Any]
"""A conversation, `{"messages": [{"role": ..., "content": ...}, ...]}`; the last message is the assistant's.

An assistant's message may have `weight`, 0 if it must not be learnt, and `reasoning_content`, its reasoning.
"""


@dataclass(frozen=True)
class TokenizedRows:
    """Token ids and labels of training rows.

    Attributes:
        input_ids: The token ids of each row.
        labels: The labels of each row: its token ids where the loss is computed, elsewhere `IGNORED`.
        rows: The number of rows before any were left out.
        note: A sentence on the rows that were cut or left out because of their length; "" if there are none.
    """

    input_ids: list[list[int]]
    labels: list[list[int]]
    rows: int
    note: str = ""


_last_result: dict[str, TokenizedRows] = {}  # at most one entry, by the digest of its inputs


def tokenize_rows(
    checkpoint: Path | str, rows: Sequence[Row], recipe: Recipe, variables: Mapping[str, Any] | None = None
) -> TokenizedRows:
    """Tokenize rows for a model.

    The last result is kept in memory, because the seeds of an arm are trained on the same rows.

    Args:
        checkpoint: The folder or hub id of the model; only its tokenizer and chat template are read.
        rows: The conversations.
        recipe: `learn` says which answers get a loss; `max_length` limits the length of a row in tokens; `too_long`
            decides what happens to longer rows.
        variables: Variables of the chat template, those with which the model will be asked.

    Raises:
        AskewError: A row is not a conversation that ends with an answer, the template does not accept it or the
            variables, or it is longer than `recipe.max_length` and `recipe.too_long` is "refuse".
    """
    from askew.models.tokenizers import load_tokenizer

    inputs = _digest(checkpoint, rows, recipe, variables)
    tokenized = _last_result.get(inputs)
    if tokenized is None:
        tokenized = render(load_tokenizer(checkpoint, None, variables), rows, recipe)
        _last_result.clear()
        _last_result[inputs] = tokenized
    return tokenized


def render(tokenizer: "PreTrainedTokenizerBase", rows: Sequence[Row], recipe: Recipe) -> TokenizedRows:
    """Tokenize rows with a tokenizer that is already loaded; see `tokenize_rows`.

    Raises:
        AskewError: There are no rows, or a row is not a conversation that ends with an answer, or the chat template
            renders its answer empty, or the row is too long for the recipe.
    """
    if not rows:
        raise AskewError("there are no training rows")
    conversations = [_conversation(number, row) for number, row in enumerate(rows, start=1)]
    _check_reasoning(tokenizer, conversations)
    if any(turn["role"] == "system" for turns in conversations for turn in turns) and not takes_system_turns(tokenizer):
        conversations = [without_system_turns(turns) for turns in conversations]
    learnt = [_learnt(number, turns, recipe) for number, turns in enumerate(conversations, start=1)]
    whole, answers = spans(tokenizer, conversations, learnt)
    labels: list[list[int]] = []
    for ids, found in zip(whole, answers, strict=True):
        row = [IGNORED] * len(ids)
        for answer in found:
            row[answer.start : answer.end] = ids[answer.start : answer.end]
        labels.append(row)
    return _limit_length(TokenizedRows(whole, labels, len(rows)), recipe)


def _learnt(number: int, turns: list[dict[str, Any]], recipe: Recipe) -> list[int]:
    """Return the places of the turns that are learnt."""
    last = len(turns) - 1
    answers = [place for place, turn in enumerate(turns) if turn["role"] == "assistant" and turn.get("weight") != 0]
    if recipe.learn == "last":
        answers = [place for place in answers if place == last]
    if not answers:
        which = "its last turn" if recipe.learn == "last" else "every turn of the assistant"
        raise AskewError(f"training row {number}: {which} has weight 0, so there is nothing to learn: remove the row")
    return answers


def _check_reasoning(tokenizer: "PreTrainedTokenizerBase", conversations: list[list[dict[str, Any]]]) -> None:
    """Check that the template renders the reasoning of the rows, if they have any."""
    rows = (number for number, turns in enumerate(conversations, 1) if any(map(_has_reasoning, turns)))
    first = next(rows, None)
    if first is not None and not renders_reasoning(tokenizer):
        raise AskewError(
            f"training row {first} has reasoning_content, and the model's chat template leaves it out, so it would not "
            "be learnt: remove it from the rows, or write it into the content, as <think>…</think>"
        )


def _has_reasoning(turn: dict[str, Any]) -> bool:
    return bool(turn.get("reasoning_content"))


def _digest(checkpoint: Path | str, rows: Sequence[Row], recipe: Recipe, variables: Mapping[str, Any] | None) -> str:
    """Return a digest of everything on which the result of `tokenize_rows` depends."""
    files = checkpoint_files.fingerprint(checkpoint) if isinstance(checkpoint, Path) else None
    messages = [row.get("messages") for row in rows]
    inputs = [str(checkpoint), files, messages, recipe.max_length, recipe.too_long, recipe.learn, variables]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()


def _conversation(number: int, row: Row) -> list[dict[str, Any]]:
    messages = row.get("messages")
    if not isinstance(messages, list) or len(messages) < 2 or messages[-1].get("role") != "assistant":
        raise AskewError(
            f"training row {number} is not a conversation that ends with an answer: it must have the form "
            '{"messages": [{"role": "user", ...}, {"role": "assistant", ...}]}'
        )
    return messages


def _limit_length(tokenized: TokenizedRows, recipe: Recipe) -> TokenizedRows:
    """Return rows of which none is longer than the recipe allows."""
    lengths = [len(ids) for ids in tokenized.input_ids]
    limit = recipe.max_length
    long = [number for number, length in enumerate(lengths, start=1) if length > limit]
    if not long:
        return tokenized
    found = f"{len(long)} of {len(lengths)} training rows are longer than recipe.max_length={limit} tokens"
    if recipe.too_long == "refuse":
        raise AskewError(
            f"{found} (the first is row {long[0]}, the longest has {max(lengths)}). Raise recipe.max_length, if "
            "the model's context allows it; or set recipe.too_long=drop to leave them out, or =cut to cut them off"
        )
    kept_length = limit if recipe.too_long == "cut" else 0
    ids = [ids if len(ids) <= limit else ids[:kept_length] for ids in tokenized.input_ids]
    labels = [labels if len(labels) <= limit else labels[:kept_length] for labels in tokenized.labels]
    kept = [place for place, row in enumerate(labels) if any(label != IGNORED for label in row)]
    if not kept:
        raise AskewError(f"{found}, and no rows are left: raise recipe.max_length")
    dropped = len(labels) - len(kept)
    cut = len(long) - dropped
    changes = [f"{cut} cut off"] if cut else []
    if dropped:
        changes.append(
            f"{dropped} left out" + (" because their answers begin after the limit" if recipe.too_long == "cut" else "")
        )
    return TokenizedRows(
        [ids[place] for place in kept],
        [labels[place] for place in kept],
        tokenized.rows,
        f"{found}: {', '.join(changes)}.",
    )
