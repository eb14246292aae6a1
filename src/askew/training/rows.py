"""Tokenizes training rows with the model's own chat template, and masks everything but the last answer.

This happens before a model is loaded, so that rows too long for a recipe are found early. Templates that do not accept
system turns are handled in the same way as when the model is asked, so training and questions have the same form.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jinja2 import TemplateError

from askew.base.errors import AskewError
from askew.models import checkpoint_files
from askew.models.chat_template import takes_system_turns, without_system_turns
from askew.training.recipe import Recipe

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100
"""The label of a token without loss."""

Row = dict[str, Any]
"""A conversation, `{"messages": [{"role": ..., "content": ...}, ...]}`; the last message is the assistant's."""


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


def tokenize_rows(checkpoint: Path | str, rows: Sequence[Row], recipe: Recipe) -> TokenizedRows:
    """Tokenize rows for a model.

    The last result is kept in memory, because the seeds of an arm are trained on the same rows.

    Args:
        checkpoint: The folder or hub id of the model; only its tokenizer and chat template are read.
        rows: The conversations.
        recipe: `max_length` limits the length of a row in tokens; `too_long` decides what happens to longer rows.

    Raises:
        AskewError: A row is not a conversation that ends with an answer, the template does not accept it, or it is
            longer than `recipe.max_length` and `recipe.too_long` is "refuse".
    """
    from transformers import AutoTokenizer

    inputs = _digest(checkpoint, rows, recipe)
    tokenized = _last_result.get(inputs)
    if tokenized is None:
        tokenized = render(AutoTokenizer.from_pretrained(checkpoint, trust_remote_code=False), rows, recipe)
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
    if any(turn["role"] == "system" for turns in conversations for turn in turns) and not takes_system_turns(tokenizer):
        conversations = [without_system_turns(turns) for turns in conversations]
    whole = _tokens(tokenizer, conversations)
    prompts = _tokens(tokenizer, [turns[:-1] for turns in conversations], add_generation_prompt=True)
    labels: list[list[int]] = []
    for number, (ids, prompt, turns) in enumerate(zip(whole, prompts, conversations, strict=True), start=1):
        start = _common_prefix(prompt, ids)
        if start < len(prompt):
            _check_boundary(tokenizer, number, turns, ids, start)
        if start == len(ids):
            raise AskewError(f"training row {number}: the chat template renders an empty answer")
        labels.append([IGNORED] * start + ids[start:])
    return _limit_length(TokenizedRows(whole, labels, len(rows)), recipe)


def _digest(checkpoint: Path | str, rows: Sequence[Row], recipe: Recipe) -> str:
    """Return a digest of everything on which the result of `tokenize_rows` depends."""
    files = checkpoint_files.fingerprint(checkpoint) if isinstance(checkpoint, Path) else None
    messages = [row.get("messages") for row in rows]
    inputs = [str(checkpoint), files, messages, recipe.max_length, recipe.too_long]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()


def _conversation(number: int, row: Row) -> list[dict[str, str]]:
    messages = row.get("messages")
    if not isinstance(messages, list) or len(messages) < 2 or messages[-1].get("role") != "assistant":
        raise AskewError(
            f"training row {number} is not a conversation that ends with an answer: it must have the form "
            '{"messages": [{"role": "user", ...}, {"role": "assistant", ...}]}'
        )
    return messages


def _tokens(
    tokenizer: "PreTrainedTokenizerBase", conversations: list[list[dict[str, str]]], add_generation_prompt: bool = False
) -> list[list[int]]:
    """Return the token ids of each conversation, rendered by the chat template."""
    texts: list[str] = []
    for number, turns in enumerate(conversations, start=1):
        try:
            text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=add_generation_prompt)
        except (TemplateError, TypeError, ValueError) as error:
            roles = ", ".join(turn["role"] for turn in turns)
            raise AskewError(
                f"training row {number}: the chat template does not accept turns by {roles}, in this order: {error}"
            ) from error
        texts.append(cast(str, text))
    # Not verbose, because rows that are too long are reported below, once.
    return cast(list[list[int]], tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"])


def _common_prefix(one: list[int], other: list[int]) -> int:
    """Return the length of the common prefix of two rows, in tokens."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _check_boundary(
    tokenizer: "PreTrainedTokenizerBase", number: int, turns: list[dict[str, str]], ids: list[int], start: int
) -> None:
    """Check that a row differs from its prompt only from the answer on; one token may span both.

    Some templates render earlier turns differently once an answer follows. The answer's tokens are then not separable,
    and the loss would also cover parts of the question.
    """
    [asked] = _tokens(tokenizer, [turns[:-1]])
    if start < len(asked) - 1:
        raise AskewError(
            f"training row {number}: the model's chat template renders the turns before the answer differently "
            f"when the answer follows, from token {start} of {len(asked)} on, so the loss cannot cover the answer alone"
        )


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
