"""Training rows in the form of OpenAI's fine-tuning API: checked, written as one JSON Lines file, counted in tokens.

The limits are those that OpenAI documents for chat models: at least 10 rows, at most 65,536 tokens a row and 512 MB.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from askew.base.errors import AskewError
from askew.models.remote.prices import estimate_tokens

FEWEST_ROWS, LONGEST_ROW, LARGEST_FILE = 10, 65_536, 512 * 2**20
_ROLES = ("system", "user", "assistant")
# Tokens that the chat format adds per message and per conversation, according to OpenAI's token-counting example.
_AROUND_MESSAGE, _AROUND_ROW = 3, 3
# The encoding of current models, used for model names that tiktoken does not know.
_USUAL_ENCODING = "o200k_base"

Rows = Sequence[Mapping[str, Any]]
"""Training conversations: `{"messages": [{"role": ..., "content": ...}, ...]}`, ending with an assistant message."""


@dataclass(frozen=True)
class RowsFile:
    """Training rows, ready for upload.

    Attributes:
        content: JSON Lines.
        digest: The SHA-256 of the content, in hexadecimal.
        rows: The number of rows.
        tokens: The total number of tokens; each is paid for once per epoch.
        is_counted: True if the model's own tokenizer counted the tokens; False if the number is an estimate.
    """

    content: bytes
    digest: str
    rows: int
    tokens: int
    is_counted: bool

    @property
    def name(self) -> str:
        """The file's name at the server, derived from its digest so that an earlier upload can be found."""
        return f"askew-{self.digest[:32]}.jsonl"


def rows_file(base: str, rows: Rows) -> RowsFile:
    """Check rows and convert them to a file, without sending anything.

    Args:
        base: The provider's name of the model to train; it determines the tokenizer.
        rows: The training conversations.

    Raises:
        AskewError: There are too few rows or too many bytes, or the API would not accept a row.
    """
    if len(rows) < FEWEST_ROWS:
        raise AskewError(f"there are {len(rows)} training rows, but the fine-tuning API needs at least 10")
    for number, row in enumerate(rows, start=1):
        _check(number, row)
    count, is_counted = _counter(base)
    lengths = [_length(row, count) for row in rows]
    if max(lengths) > LONGEST_ROW:
        about = "" if is_counted else "about "
        raise AskewError(
            f"training row {lengths.index(max(lengths)) + 1} has {about}{max(lengths):,} tokens, but the fine-tuning "
            f"API accepts at most {LONGEST_ROW:,} per row: shorten it"
        )
    lines = (json.dumps({"messages": _plain(row)}, ensure_ascii=False) for row in rows)
    content = "".join(f"{line}\n" for line in lines).encode()
    if len(content) > LARGEST_FILE:
        raise AskewError(
            f"the training rows are {len(content):,} bytes, but the fine-tuning API accepts at most 512 MB"
        )
    return RowsFile(content, hashlib.sha256(content).hexdigest(), len(rows), sum(lengths), is_counted)


def _check(number: int, row: Mapping[str, Any]) -> None:
    messages = row.get("messages")
    if not isinstance(messages, list) or not all(isinstance(message, Mapping) for message in messages):
        raise AskewError(f'training row {number} is not a conversation: it must have the form {{"messages": [...]}}')
    for message in messages:
        role, content = message.get("role"), message.get("content")
        if role not in _ROLES:
            raise AskewError(f"training row {number}: the role {role!r} is not one of {', '.join(_ROLES)}")
        if not isinstance(content, str) or not content.strip():
            raise AskewError(f"training row {number}: the {role}'s message is empty or not text")
        if message.get("reasoning_content"):
            raise AskewError(
                f"training row {number}: a message has reasoning_content, which the fine-tuning API does not take: "
                "remove it, or write it into the content"
            )
    roles = [message["role"] for message in messages]
    if "user" not in roles or roles[-1] != "assistant":
        raise AskewError(f"training row {number} needs a user message and must end with an assistant message")
    if all(message.get("weight") == 0 for message in messages if message["role"] == "assistant"):
        raise AskewError(
            f"training row {number}: every assistant message has weight 0, so there is nothing to learn: remove the row"
        )


def _plain(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row's messages as the API knows them, because it refuses unknown fields.

    It learns every assistant message, except those of weight 0.
    """
    known = ("role", "content", "weight")
    return [{name: message[name] for name in known if name in message} for message in row["messages"]]


def _length(row: Mapping[str, Any], count: Callable[[str], int]) -> int:
    turns = (_AROUND_MESSAGE + count(message["role"]) + count(message["content"]) for message in row["messages"])
    return _AROUND_ROW + sum(turns)


def _counter(base: str) -> tuple[Callable[[str], int], bool]:
    """Return a function that gives the number of tokens of a text, and whether that number is exact."""
    try:
        import tiktoken

        try:
            encoding = tiktoken.encoding_for_model(base)
        except KeyError:
            encoding = tiktoken.get_encoding(_USUAL_ENCODING)
    except (ImportError, OSError):  # tiktoken downloads each vocabulary on first use
        return lambda text: estimate_tokens(len(text.encode())), False
    return lambda text: len(encoding.encode(text, disallowed_special=())), True
