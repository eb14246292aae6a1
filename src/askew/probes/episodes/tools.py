"""The tools of one desk, as Inspect's tools."""

import json
from collections.abc import Iterable
from typing import Any

from inspect_ai.model import ChatMessageAssistant
from inspect_ai.tool import ToolCall, ToolCallError, ToolDef, ToolInfo, ToolParam, ToolParams

from askew.environments.desk import LONGEST_TEXT, Call, Desk, Tool

MOST_CALLS = 8
"""The most calls of one turn that are made; further ones are dropped."""


class Hands:
    """The tools of a desk for one episode.

    Args:
        desk: The desk.
        tools: Its tools.

    Attributes:
        turn: The number of the model's turn, which the desk records with each call.
        defined: The tools for Inspect.
    """

    def __init__(self, desk: Desk, tools: Iterable[Tool]) -> None:
        self._desk = desk
        self.turn = 0
        self.defined = [self._define(tool) for tool in tools]

    def _define(self, tool: Tool) -> ToolDef:
        async def carry_out(**kwargs: Any) -> str:
            return self._desk.call(self.turn, tool.name, kwargs).result

        return ToolDef(
            carry_out, name=tool.name, description=tool.description, parameters=_parameters(tool), parallel=False
        )

    def made(self, call: ToolCall, before: int, error: ToolCallError | None) -> Call | None:
        """Return the record of a call that Inspect has carried out or refused; None if the desk knows nothing of it.

        Args:
            call: The call.
            before: The number of calls on the desk before it.
            error: Why Inspect refused it; None if it did not.
        """
        if len(self._desk.calls) > before:
            return self._desk.calls[before]
        if call.parse_error or (error and error.type != "parsing"):
            return None  # it cannot be read, or an approver rejected it
        # There is no such tool, or an argument is missing: the desk refuses it, too, and records that.
        return self._desk.call(self.turn, call.function, call.arguments)


def shown_tools(tools: Iterable[Tool]) -> list[ToolInfo]:
    """Return tools as a model is shown them."""
    return [ToolInfo(name=one.name, description=one.description, parameters=_parameters(one)) for one in tools]


def with_texts(message: ChatMessageAssistant, longest: int) -> ChatMessageAssistant:
    """Return a model's message with few and short enough calls, whose arguments are all texts.

    Models write numbers, lists and nothing where a desk takes texts.

    Args:
        message: The message.
        longest: The most characters of its text; what is longer is cut.
    """
    calls = message.tool_calls[:MOST_CALLS] if message.tool_calls else None
    for call in calls or []:
        call.arguments = {name: _text(value)[: LONGEST_TEXT + 1] for name, value in call.arguments.items()}
        call.parse_error = call.parse_error and call.parse_error[:LONGEST_TEXT]
    content = message.content if len(message.text) <= longest else f"{message.text[:longest]} …"
    return message.model_copy(update={"tool_calls": calls, "content": content})


def written(message: ChatMessageAssistant) -> int:
    """Return how many characters a model wrote in a message, with its calls."""
    calls = message.tool_calls or []
    arguments = sum(len(str(value)) for call in calls for value in call.arguments.values())
    return len(message.text) + arguments + sum(len(call.parse_error or "") for call in calls)


def _parameters(tool: Tool) -> ToolParams:
    texts = {name: ToolParam(type="string", description=about) for name, about in tool.parameters.items()}
    return ToolParams(properties=texts, required=[*texts])


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ", ".join(value)
    return "" if value is None else json.dumps(value)
