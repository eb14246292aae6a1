"""Tools in the conversations of local models: as chat templates take them, and calls as models write them.

Inspect's own parser for local models goes by the model's name, and takes a call without arguments for a broken one.
This one goes by the form of the text, which the chat template teaches: `<tool_call>{…}</tool_call>` (Hermes, Qwen),
`[TOOL_CALLS]` (Mistral), or an object alone (Llama 3).
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageTool
from inspect_ai.tool import ToolCall, ToolInfo

from askew.base import json_text

if TYPE_CHECKING:
    from askew.models.chat_template import Turn

_TAGGED = re.compile(r"<tool_call>(.*?)(?:</tool_call>|$)", re.DOTALL)
_MARKED = "[TOOL_CALLS]"
_NAMED = re.compile(r"\s*([\w.-]+)\s*(?:\[CALL_ID\]\s*\w+\s*)?\[ARGS\]\s*", re.DOTALL)
_PYTHON = "<|python_tag|>"
_LONGEST_SHOWN = 200
UNKNOWN = "unknown"
"""The name of the tool in a call that cannot be read."""


def template_tools(tools: Sequence[ToolInfo]) -> list[dict[str, Any]]:
    """Return tools as chat templates take them."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters.model_dump(mode="json", exclude_none=True),
            },
        }
        for tool in tools
    ]


def template_turn(message: ChatMessage) -> "Turn":
    """Return a message as chat templates take it, with its calls, or with the call that it is the result of."""
    turn: Turn = {"role": message.role, "content": message.text}
    if isinstance(message, ChatMessageAssistant) and message.tool_calls:
        turn["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.function, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if isinstance(message, ChatMessageTool):
        content = f"Error: {message.error.message}" if message.error else message.text
        turn |= {"content": content, "name": message.function, "tool_call_id": message.tool_call_id}
    return turn


def read_calls(text: str, earlier: int = 0) -> tuple[str, list[ToolCall]]:
    """Return what a model wrote beside its calls, and the calls.

    A call that cannot be read has a `parse_error`, which Inspect returns to the model.

    Args:
        text: What the model wrote, with special tokens.
        earlier: The number of calls earlier in the conversation, on which the names of the calls depend.
    """
    beside, written = _split(text)
    calls = [_call(one, f"call{(earlier + number) % 100_000:05}") for number, one in enumerate(written)]
    return beside.strip(), calls


def _split(text: str) -> tuple[str, list[str]]:
    """Return what is written beside the calls of a text, and the text of each call."""
    if "<tool_call>" in text:
        return _TAGGED.sub("", text), [found[1].strip() for found in _TAGGED.finditer(text)]
    if _MARKED in text:
        beside, _, rest = text.partition(_MARKED)
        return beside, [call for part in rest.split(_MARKED) for call in _of_mistral(part)]
    alone = text.strip().removeprefix(_PYTHON).strip()
    if re.match(r"\{\s*\"(name|type|function)\"", alone):
        return "", list(_objects(alone))
    return text, []


def _of_mistral(text: str) -> list[str]:
    """Return the calls after the mark of Mistral's models: a list, or a name with its arguments."""
    named = _NAMED.match(text)
    if named:
        return [f'{{"name": {json.dumps(named[1])}, "arguments": {text[named.end() :].strip() or "{}"}}}']
    try:
        found = json_text.parse(text)
    except ValueError:
        return [text.strip()]
    return [json.dumps(call) for call in found] if isinstance(found, list) else [text.strip()]


def _objects(text: str) -> Iterator[str]:
    """Yield objects that follow each other, separated by semicolons or nothing; the rest, if it is none, as it is."""
    decoder = json.JSONDecoder()
    while text:
        try:
            json_text.check_depth(text)
            _, end = decoder.raw_decode(text)
        except ValueError:
            yield text
            return
        yield text[:end]
        text = text[end:].lstrip(" ;\n\t")
        if not text.startswith("{"):
            return


def _call(written: str, id: str) -> ToolCall:
    """Return the call that a text stands for."""
    try:
        found = json_text.parse(written)
        if isinstance(found, dict) and isinstance(found.get("function"), dict):
            found = found["function"]
        arguments = found.get("arguments", found.get("parameters")) if isinstance(found, dict) else None
        if isinstance(arguments, str):
            arguments = json_text.parse(arguments or "{}")
    except ValueError as error:
        return _broken(written, id, str(error))
    name = found.get("name") if isinstance(found, dict) else None
    if not isinstance(name, str) or not isinstance(arguments, dict | None):
        return _broken(written, id, 'it needs "name", a text, and "arguments", an object')
    return ToolCall(id=id, function=name, arguments=arguments or {})


def _broken(written: str, id: str, reason: str) -> ToolCall:
    named = re.search(r'"name"\s*:\s*"([\w.-]+)"', written)
    shown = written if len(written) <= _LONGEST_SHOWN else f"{written[:_LONGEST_SHOWN]}…"
    return ToolCall(
        id=id,
        function=named[1] if named else UNKNOWN,
        arguments={},
        parse_error=f"the call {shown} cannot be read: {reason}",
    )
