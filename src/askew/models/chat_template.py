"""Renders conversations with a model's chat template, including templates without system turns.

Some templates do not support system turns: Gemma's raises an error, and others drop the turn silently. With those, the
text of a system turn is placed at the beginning of the next user turn. Templates also differ in whether they render an
assistant's reasoning, and under which name.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, cast

from jinja2 import TemplateError, TemplateRuntimeError, TemplateSyntaxError
from transformers import PreTrainedTokenizerBase

from askew.base.errors import AskewError
from askew.models.time_limit import TimeIsUp, time_limit

Turn = dict[str, Any]

_PROBE = "7f3a91"  # occurs in no template
_SECONDS = 5.0  # for one conversation, which usually takes a thousandth
_log = logging.getLogger(__name__)


def rendered(
    tokenizer: PreTrainedTokenizerBase, turns: Sequence[Turn], tools: Sequence[Mapping[str, Any]] = ()
) -> list[int]:
    """Return the token ids of a conversation, with the beginning of the assistant's next turn.

    Args:
        tokenizer: The tokenizer with the chat template.
        turns: The conversation.
        tools: The tools that the model may call, as chat templates take them.

    Raises:
        AskewError: The template does not support this sequence of turns.
    """
    try:
        text = render(tokenizer, turns, add_generation_prompt=True, tools=tools)
    except (TemplateError, TypeError, ValueError) as error:
        raise AskewError(f"the chat template of {tokenizer.name_or_path} {fault(error, turns)}") from error
    return cast(list[int], tokenizer(text, add_special_tokens=False)["input_ids"])


def render(
    tokenizer: PreTrainedTokenizerBase,
    turns: Sequence[Mapping[str, Any]],
    add_generation_prompt: bool = False,
    tools: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Return the text of a conversation.

    Args:
        tokenizer: The tokenizer with the chat template.
        turns: The conversation.
        add_generation_prompt: Whether to add the beginning of the assistant's next turn.
        tools: The tools that the model may call, as chat templates take them.

    Raises:
        TemplateError: The template does not support this sequence of turns, or fails in any other way.
        TypeError: The template does not support such turns.
        ValueError: The template does not support such turns.
        AskewError: The template takes too long.
    """
    try:
        with time_limit(_SECONDS):
            text = tokenizer.apply_chat_template(
                [{**turn} for turn in turns],
                tools=[{**tool} for tool in tools] or None,
                add_generation_prompt=add_generation_prompt,
                tokenize=False,
            )
    except TimeIsUp:
        raise AskewError(
            f"the chat template of {tokenizer.name_or_path} is refused: it takes more than {_SECONDS:g} s for one "
            "conversation. Save another one as chat_template.jinja in the model's folder"
        ) from None
    except (TemplateError, TypeError, ValueError):
        raise
    except Exception as error:  # a template computes, and may fail like any program: by recursion, by a division by 0
        raise TemplateRuntimeError(f"{type(error).__name__}: {error}") from error
    return str(text)


def fault(error: Exception, turns: Sequence[Mapping[str, Any]]) -> str:
    """Return why a chat template did not render turns, as the end of a sentence that begins with the template."""
    if isinstance(error, TemplateSyntaxError):
        return f"is broken, at its line {error.lineno}: {error.message}"
    roles = ", ".join(turn["role"] for turn in turns)
    return f"does not support turns by {roles}, in this order: {error}"


def takes_system_turns(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Return whether a chat template renders the text of system turns; log a warning if it does not."""
    turns = [{"role": "system", "content": _PROBE}, {"role": "user", "content": "Hello"}]
    try:
        prompt = render(tokenizer, turns, add_generation_prompt=True)
    except (TemplateError, TypeError, ValueError):
        prompt = ""
    if _PROBE in prompt:
        return True
    _log.warning(
        "the chat template of %s does not support system prompts, so they are placed before the user's first message",
        tokenizer.name_or_path,
    )
    return False


def renders_reasoning(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Return whether a chat template renders the reasoning before an assistant's last answer."""
    answer = for_template({"role": "assistant", "content": "Hello", "reasoning_content": _PROBE})
    try:
        text = render(tokenizer, [{"role": "user", "content": "Hello"}, answer])
    except (TemplateError, TypeError, ValueError):
        return False
    return _PROBE in text


def takes_tools(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Return whether a chat template shows the model its tools, its earlier calls and their results."""
    tool = {"name": _PROBE, "description": "Read.", "parameters": {"type": "object", "properties": {}}}
    call = {"id": "call00000", "type": "function", "function": {"name": f"{_PROBE}-called", "arguments": {}}}
    turns = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": f"{_PROBE}-result", "name": _PROBE, "tool_call_id": "call00000"},
    ]
    tools = [{"type": "function", "function": tool}]
    try:
        begun = render(tokenizer, turns[:1], add_generation_prompt=True, tools=tools)
        whole = render(tokenizer, turns, add_generation_prompt=True, tools=tools)
    except (TemplateError, TypeError, ValueError):
        return False
    return _PROBE in begun and f"{_PROBE}-called" in whole and f"{_PROBE}-result" in whole


def for_template(turn: Mapping[str, Any]) -> Turn:
    """Return a turn as chat templates take it: role, content and, under each of its usual names, reasoning."""
    reasoning = turn.get("reasoning_content")
    names = ("reasoning_content", "thinking") if reasoning else ()
    return {"role": turn["role"], "content": turn["content"], **dict.fromkeys(names, str(reasoning))}


def without_system_turns(turns: Sequence[Turn]) -> list[Turn]:
    """Return a conversation with the text of each system turn moved to the beginning of the next user turn."""
    system: list[str] = []
    turns_out: list[Turn] = []
    for turn in turns:
        if turn["role"] == "system":
            system.append(turn["content"])
        elif turn["role"] == "user" and system:
            turns_out.append({**turn, "content": "\n\n".join([*system, turn["content"]])})
            system = []
        else:
            turns_out.append(turn)
    return [*turns_out, {"role": "user", "content": "\n\n".join(system)}] if system else turns_out
