"""The tokens that a request is charged for, from what a server reports and from the texts sent and received.

A report is not believed if its numbers are no numbers, or if they are too small for the texts: a limit on the cost must
hold whatever a server says.
"""

import json
import math
from collections.abc import Sequence
from typing import NamedTuple, TypeGuard

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ContentReasoning,
    GenerateConfig,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.tool import ToolInfo

from askew.models.remote.prices import estimate_tokens, token_upper_bound

# No model reads or writes as many tokens in one request.
_ABSURD = 100_000_000
# Tokens of ordinary text have fewer bytes on average. A report of fewer tokens is replaced by an estimate.
_MOST_BYTES_PER_TOKEN = 8


class Tokens(NamedTuple):
    """Numbers of tokens read and written."""

    read: int
    written: int


def most(
    messages: Sequence[ChatMessage],
    config: GenerateConfig,
    limit: int,
    choices: int = 0,
    tools: Sequence[ToolInfo] = (),
) -> Tokens:
    """Return the most tokens of a request.

    Args:
        messages: The conversation.
        config: The sampling settings.
        limit: The most tokens of an answer.
        choices: The number of answers that the server sent; it counts if it is higher than the number asked for.
        tools: The tools that the model is shown.
    """
    shown = [tool.model_dump_json(exclude_none=True) for tool in tools]
    read = token_upper_bound([*(message.text + _calls(message) for message in messages), *shown])
    return Tokens(read, limit * max(config.num_choices or 1, choices))


def charged(messages: Sequence[ChatMessage], output: ModelOutput, at_most: Tokens) -> Tokens:
    """Return the tokens that a request is charged for.

    Args:
        messages: The conversation.
        output: The reply.
        at_most: The tokens to charge if the server reports none, or nonsense.
    """
    reported = None if output.usage is None else _reported(output.usage)
    sent = sum(len(message.text.encode()) for message in messages)
    received = sum(_bytes(choice.message) for choice in output.choices)
    read, written = reported or at_most
    return Tokens(_at_least(read, sent), _at_least(written, received))


def is_number_of_tokens(value: object) -> TypeGuard[int]:
    """Return whether a value in a server's report can be a number of tokens."""
    return isinstance(value, int | float) and math.isfinite(value) and 0 <= value < _ABSURD and value == int(value)


def _reported(usage: ModelUsage) -> Tokens | None:
    """Return the reported numbers, with tokens of a cache among those read; None if they make no sense."""
    read = usage.input_tokens + (usage.input_tokens_cache_read or 0) + (usage.input_tokens_cache_write or 0)
    if not (is_number_of_tokens(read) and is_number_of_tokens(usage.output_tokens)):
        return None
    return Tokens(read, usage.output_tokens)


def _at_least(number: int, size: int) -> int:
    """Return a number of tokens, or an estimate from the size of their text in bytes if that shows it to be too low."""
    return number if number * _MOST_BYTES_PER_TOKEN >= size else estimate_tokens(size)


def _bytes(message: ChatMessage) -> int:
    """Return the size of an answer in bytes, with the reasoning before it."""
    parts = [] if isinstance(message.content, str) else message.content
    thoughts = [part.reasoning for part in parts if isinstance(part, ContentReasoning)]
    return sum(len(text.encode()) for text in [message.text, _calls(message), *thoughts])


def _calls(message: ChatMessage) -> str:
    """Return the calls of tools in a message as one text; "" if there are none."""
    calls = message.tool_calls if isinstance(message, ChatMessageAssistant) else None
    return "".join(f"{call.function} {json.dumps(call.arguments, default=str)}" for call in calls or [])
