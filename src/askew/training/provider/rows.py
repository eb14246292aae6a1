"""Training rows as a provider takes them: checked before they are sent, written as one file, counted in tokens.

The bounds are those that OpenAI documents for chat models: ten rows, 65,536 tokens a row, 512 MB a file.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from askew.base.errors import AskewError
from askew.models.remote.prices import about_tokens

FEWEST_ROWS, LONGEST_ROW, LARGEST_FILE = 10, 65_536, 512 * 2**20
_ROLES = ("system", "user", "assistant")
# What the chat format puts around a message and around a conversation, as OpenAI's own counting example has it.
_AROUND_MESSAGE, _AROUND_ROW = 3, 3
# Vocabularies of models whose names the library of tokenizers does not know: those of today's models.
_USUAL_ENCODING = "o200k_base"

Rows = Sequence[Mapping[str, Any]]
"""Conversations: `{"messages": [{"role": ..., "content": ...}, ...]}`, the last message the assistant's."""


@dataclass(frozen=True)
class RowsFile:
    """Training rows, ready to be sent.

    Attributes:
        content: JSON Lines.
        digest: The SHA-256 of the content, in hexadecimal.
        rows: How many there are.
        tokens: How many tokens they have; each is paid for once per epoch.
        is_counted: Whether tokens were counted by the model's own tokenizer; else they are an estimate.
    """

    content: bytes
    digest: str
    rows: int
    tokens: int
    is_counted: bool

    @property
    def name(self) -> str:
        """What the file is called at the server, by which it is found again."""
        return f"askew-{self.digest[:32]}.jsonl"


def rows_file(base: str, rows: Rows) -> RowsFile:
    """Check rows and make a file of them; nothing is sent.

    Args:
        base: The provider's name of the model to be trained, which says how tokens are counted.
        rows: What to learn.

    Raises:
        AskewError: There are too few rows or too many bytes, or a row is no conversation that the API takes.
    """
    if len(rows) < FEWEST_ROWS:
        raise AskewError(f"there are {len(rows)} training rows, and the fine-tuning API takes no fewer than 10")
    for number, row in enumerate(rows, start=1):
        _check(number, row)
    count, is_counted = _counter(base)
    lengths = [_length(row, count) for row in rows]
    if max(lengths) > LONGEST_ROW:
        about = "" if is_counted else "about "
        raise AskewError(
            f"training row {lengths.index(max(lengths)) + 1} has {about}{max(lengths):,} tokens, and the fine-tuning "
            f"API takes no more than {LONGEST_ROW:,} in a row: shorten it"
        )
    lines = (json.dumps({"messages": _plain(row)}, ensure_ascii=False) for row in rows)
    content = "".join(f"{line}\n" for line in lines).encode()
    if len(content) > LARGEST_FILE:
        raise AskewError(f"the training rows make {len(content):,} bytes, and the fine-tuning API takes 512 MB at most")
    return RowsFile(content, hashlib.sha256(content).hexdigest(), len(rows), sum(lengths), is_counted)


def _check(number: int, row: Mapping[str, Any]) -> None:
    messages = row.get("messages")
    if not isinstance(messages, list) or not all(isinstance(message, Mapping) for message in messages):
        raise AskewError(f'training row {number} is no conversation: it wants {{"messages": [...]}}')
    for message in messages:
        role, content = message.get("role"), message.get("content")
        if role not in _ROLES:
            raise AskewError(f"training row {number}: the role {role!r} is none of {', '.join(_ROLES)}")
        if not isinstance(content, str) or not content.strip():
            raise AskewError(f"training row {number}: what the {role} says is empty, or not text")
    roles = [message["role"] for message in messages]
    if "user" not in roles or roles[-1] != "assistant":
        raise AskewError(f"training row {number} must ask something as the user, and end with an assistant's answer")


def _plain(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a row's messages without what else may stand in them: the API refuses what it does not know."""
    return [{"role": message["role"], "content": message["content"]} for message in row["messages"]]


def _length(row: Mapping[str, Any], count: Callable[[str], int]) -> int:
    turns = (_AROUND_MESSAGE + count(message["role"]) + count(message["content"]) for message in row["messages"])
    return _AROUND_ROW + sum(turns)


def _counter(base: str) -> tuple[Callable[[str], int], bool]:
    """Return what counts the tokens of a text, and whether it counts or estimates."""
    try:
        import tiktoken

        try:
            encoding = tiktoken.encoding_for_model(base)
        except KeyError:
            encoding = tiktoken.get_encoding(_USUAL_ENCODING)
    except (ImportError, OSError):  # it fetches vocabularies from the network when first asked for one
        return lambda text: about_tokens(len(text.encode())), False
    return lambda text: len(encoding.encode(text, disallowed_special=())), True
