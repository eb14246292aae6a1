"""Training rows as token ids: each as the model's own chat template renders it, the loss on its last answer alone.

Rendering is done here and not by the trainer, so that rows too long for a recipe are known before a model is loaded.
What asking does for templates without a place for a system turn is done here too: a model is trained in the form in
which it is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jinja2 import TemplateError

from askew.base.errors import AskewError
from askew.models.chat_template import takes_system_turns, without_system_turns
from askew.training.recipe import Recipe

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100
"""The label of a token that is not to be learnt."""

Row = dict[str, Any]
"""One conversation: `{"messages": [{"role": ..., "content": ...}, ...]}`, the last message the assistant's."""


@dataclass(frozen=True)
class TokenizedRows:
    """What a model is to read, and what it is to learn of it.

    Attributes:
        input_ids: Token ids of each row.
        labels: The same where they are to be learnt, else `IGNORED`.
        rows: How many rows there were before any was left out.
        note: What became of rows that were too long; "" if there were none.
    """

    input_ids: list[list[int]]
    labels: list[list[int]]
    rows: int
    note: str = ""


def tokenize_rows(checkpoint: Path | str, rows: Sequence[Row], recipe: Recipe) -> TokenizedRows:
    """Render rows for a model.

    Args:
        checkpoint: The model, whose tokenizer and chat template are read and nothing else.
        rows: Conversations.
        recipe: Says how long a row may be, and what becomes of longer ones.

    Raises:
        AskewError: A row is not a conversation that ends with an answer, the template does not take it, or it is
            longer than `recipe.max_length` and `recipe.too_long` refuses that.
    """
    from transformers import AutoTokenizer

    return render(AutoTokenizer.from_pretrained(checkpoint, trust_remote_code=False), rows, recipe)


def render(tokenizer: "PreTrainedTokenizerBase", rows: Sequence[Row], recipe: Recipe) -> TokenizedRows:
    """Render rows by a tokenizer; see `tokenize_rows`."""
    if not rows:
        raise AskewError("there is no row to train on")
    conversations = [_conversation(number, row) for number, row in enumerate(rows, start=1)]
    if any(turn["role"] == "system" for turns in conversations for turn in turns) and not takes_system_turns(tokenizer):
        conversations = [without_system_turns(turns) for turns in conversations]
    whole = _tokens(tokenizer, conversations)
    prompts = _tokens(tokenizer, [turns[:-1] for turns in conversations], add_generation_prompt=True)
    labels: list[list[int]] = []
    for number, (ids, prompt, turns) in enumerate(zip(whole, prompts, conversations, strict=True), start=1):
        start = _agreeing(prompt, ids)
        if start < len(prompt):
            _check_boundary(tokenizer, number, turns, ids, start)
        if start == len(ids):
            raise AskewError(f"training row {number}: the chat template leaves nothing of the answer")
        labels.append([IGNORED] * start + ids[start:])
    return _fitted(TokenizedRows(whole, labels, len(rows)), recipe)


def _conversation(number: int, row: Row) -> list[dict[str, str]]:
    messages = row.get("messages")
    if not isinstance(messages, list) or len(messages) < 2 or messages[-1].get("role") != "assistant":
        raise AskewError(
            f"training row {number} is not a conversation that ends with an answer: it wants "
            '{"messages": [{"role": "user", ...}, {"role": "assistant", ...}]}'
        )
    return messages


def _tokens(
    tokenizer: "PreTrainedTokenizerBase", conversations: list[list[dict[str, str]]], add_generation_prompt: bool = False
) -> list[list[int]]:
    """Render conversations as text, and take the texts apart into tokens, all at once."""
    texts: list[str] = []
    for number, turns in enumerate(conversations, start=1):
        try:
            text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=add_generation_prompt)
        except (TemplateError, TypeError, ValueError) as error:
            roles = ", ".join(turn["role"] for turn in turns)
            raise AskewError(
                f"training row {number}: the chat template does not take turns by {roles}, in this order: {error}"
            ) from error
        texts.append(cast(str, text))
    # Not verbose: a row that is longer than the model's context is refused or fitted below, and said once.
    return cast(list[list[int]], tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"])


def _agreeing(one: list[int], other: list[int]) -> int:
    """Return how many tokens two rows have in common from the start."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _check_boundary(
    tokenizer: "PreTrainedTokenizerBase", number: int, turns: list[dict[str, str]], ids: list[int], start: int
) -> None:
    """Check that a row parts from its prompt where the answer begins, give or take one token that spans both.

    It parts from it earlier where a template renders the turns before an answer otherwise once that is there; then
    there is no telling them apart, and questions would be learnt.
    """
    [asked] = _tokens(tokenizer, [turns[:-1]])
    if start < len(asked) - 1:
        raise AskewError(
            f"training row {number}: the model's chat template renders what comes before the answer otherwise when the "
            f"answer follows, from token {start} of {len(asked)} on: so the loss cannot be on the answer alone"
        )


def _fitted(lessons: TokenizedRows, recipe: Recipe) -> TokenizedRows:
    """Return lessons none of which is longer than a recipe allows."""
    lengths = [len(ids) for ids in lessons.input_ids]
    limit = recipe.max_length
    long = [number for number, length in enumerate(lengths, start=1) if length > limit]
    if not long:
        return lessons
    found = f"{len(long)} of {len(lengths)} training rows are longer than recipe.max_length={limit} tokens"
    if recipe.too_long == "refuse":
        raise AskewError(
            f"{found} (the first is row {long[0]}, the longest has {max(lengths)}). Raise recipe.max_length, if the "
            "model takes more; or say recipe.too_long=drop to leave them out, or recipe.too_long=cut to cut them off"
        )
    kept_length = limit if recipe.too_long == "cut" else 0
    ids = [ids if len(ids) <= limit else ids[:kept_length] for ids in lessons.input_ids]
    labels = [labels if len(labels) <= limit else labels[:kept_length] for labels in lessons.labels]
    kept = [place for place, row in enumerate(labels) if any(label != IGNORED for label in row)]
    if not kept:
        raise AskewError(f"{found}, and none is left: raise recipe.max_length")
    dropped = len(labels) - len(kept)
    cut = len(long) - dropped
    said = [f"{cut} cut off"] if cut else []
    if dropped:
        said.append(f"{dropped} left out" + (" for their answers begin after that" if recipe.too_long == "cut" else ""))
    return TokenizedRows(
        [ids[place] for place in kept], [labels[place] for place in kept], lessons.rows, f"{found}: {', '.join(said)}."
    )
