"""Brings replies of servers that deviate from OpenAI's API into its form, before Inspect reads them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from inspect_ai.model import ModelOutput

from askew.models.remote.credentials import remover_of_keys, without_forms
from askew.models.remote.usage import is_number_of_tokens

_REASONING = ("thinking", "reasoning", "reasoning_content")


def accepting_other_forms(client: Any) -> None:
    """Let an OpenAI client accept replies whose content is a list of parts, and reports of tokens that make no sense.

    Inspect would take the list for a text, and refuse the whole reply for the report.
    """
    completions = getattr(getattr(client, "chat", None), "completions", None)
    create = getattr(completions, "create", None)
    if completions is None or create is None or getattr(create, "is_askew", False):
        return

    async def mended(*args: Any, create: Callable[..., Awaitable[Any]] = create, **kwargs: Any) -> Any:
        reply = await create(*args, **kwargs)
        for choice in getattr(reply, "choices", None) or []:
            _join_parts(getattr(choice, "message", None))
        if not _makes_sense(getattr(reply, "usage", None)):
            reply.usage = None
        return reply

    mended.is_askew = True  # pyright: ignore[reportFunctionMemberAccess]
    completions.create = mended


def _join_parts(message: Any) -> None:
    """Replace a message's list of parts by its text, and move parts with reasoning to the field for reasoning."""
    parts = getattr(message, "content", None)
    if not isinstance(parts, Sequence) or isinstance(parts, str):
        return
    named = [(str(part.get("type", "text")), part) if isinstance(part, Mapping) else ("text", part) for part in parts]
    message.content = "".join(_text(part) for kind, part in named if kind not in _REASONING)
    thoughts = "\n".join(_text(part) for kind, part in named if kind in _REASONING)
    if thoughts and not getattr(message, "reasoning_content", None):
        message.reasoning_content = thoughts


def _text(part: Any) -> str:
    """Return the text of a part, which may be nested: `{"text": …}`, `{"thinking": [{"text": …}]}`."""
    if isinstance(part, str):
        return part
    if isinstance(part, Mapping):
        return next((_text(part[name]) for name in ("text", "content", *_REASONING) if part.get(name)), "")
    return "".join(map(_text, part)) if isinstance(part, Sequence) else ""


def _makes_sense(usage: Any) -> bool:
    """Return whether a report of tokens can be read; its size is checked later."""
    if usage is None:
        return True
    numbers = [getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens")]
    return all(map(is_number_of_tokens, numbers))


def without_keys_in(output: ModelOutput, key: str) -> ModelOutput:
    """Return a reply without the credentials that a server may have repeated anywhere in it.

    In answers, only known keys are removed, because a model may write about credentials; elsewhere, so is whatever has
    the form of one.

    Args:
        output: The reply.
        key: The model's key; those in the environment are removed too.
    """
    found = output.model_dump(mode="json")
    clean = _cleaned(found, remover_of_keys(key))
    return output if clean == found else ModelOutput.model_validate(clean)


_ANSWERS = ("content", "completion", "text", "reasoning", "token")
"""Fields whose text a model wrote."""


def _cleaned(value: Any, without_keys: Callable[[str], str], name: str = "") -> Any:
    """Return plain data without credentials, also in the names of fields; `name` is the field in which the value is."""
    if isinstance(value, str):
        clean = without_keys(value)
        return clean if name in _ANSWERS else without_forms(clean)
    if isinstance(value, Mapping):
        return {without_keys(str(field)): _cleaned(inner, without_keys, str(field)) for field, inner in value.items()}
    return [_cleaned(inner, without_keys, name) for inner in value] if isinstance(value, list) else value
