"""Parses the turns of a row: roles, texts, weights and reasoning, as chat, ShareGPT, Bedrock and Gemini write them.

Everything that a turn carries is kept, refused by name, or named as unused.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from askew.base.errors import AskewError
from askew.base.untrusted import cut, visible
from askew.data import Message, is_learnt

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "model": "assistant"}
_SHAREGPT_ROLES = {"system": "system", "human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant"}
# Roles of turns that call tools or give their results.
_TOOL_ROLES = {"tool", "function", "function_call", "function_response", "tool_call", "observation", "ipython"}
# Keys of a turn or a row that make the model call tools.
TOOL_KEYS = ("tool_calls", "function_call", "tool_call_id", "tools", "functions")
_REASONING_KEYS = ("reasoning_content", "reasoning", "thinking")
# Keys that say whether a turn is learnt: OpenAI's, and those of Axolotl.
_WEIGHT_KEYS = ("weight", "train", "training")
_ROLE_KEYS, _TEXT_KEYS = ("role", "from"), ("content", "value", "parts")
_NOTHING = (None, "", "[]", "{}", [], {})
_LONGEST_SHOWN = 40


def parse_turns(listed: object, key: str) -> tuple[list[Message], bool, set[str]]:
    """Return the turns of a list, whether the text of any is in parts, and the keys of turns that carry nothing used.

    Args:
        listed: The value of the row's key.
        key: The row's key, for messages.

    Raises:
        AskewError: It is not a list of turns, or a turn has something that cannot be trained on.
    """
    if not isinstance(listed, list) or not listed:
        raise AskewError(f"{key} should be a list of turns, not {shown(listed)}")
    turns: list[Message] = []
    in_parts, unused = False, set[str]()
    for number, turn in enumerate(listed, start=1):
        place = f"{key}, turn {number}"
        role_key, text_key = ("from", "value") if key == "conversations" else ("role", "content")
        if not isinstance(turn, dict):
            raise AskewError(f"{place}: a turn has {role_key} and {text_key}, and this is {shown(turn)}")
        role_key = next((name for name in _ROLE_KEYS if name in turn), role_key)
        text_key = next((name for name in _TEXT_KEYS if turn.get(name) is not None), text_key)
        role = _role(turn, role_key, place)
        refuse_tools(turn, f"{place}: it")
        content = turn.get(text_key)
        if not isinstance(content, str):
            content = joined(content, f"{place}: {text_key}")
            in_parts = True
        parsed: Message = {"role": role, "content": checked(content, f"{place}: {text_key}")}
        used = {role_key, text_key, *_add_marks(parsed, turn, place)}
        unused |= {str(name) for name, value in turn.items() if name not in used and says_something(value)}
        turns.append(parsed)
    return turns, in_parts, unused


def check_order(turns: list[Message]) -> None:
    """Check that a row asks something, ends with an answer, and has an answer to learn.

    Raises:
        AskewError: It does not.
    """
    roles = {turn["role"] for turn in turns}
    if "assistant" not in roles:
        raise AskewError(
            "it has no turn of the assistant, so there is nothing to learn; a row ends with an assistant's answer"
        )
    if "user" not in roles:
        raise AskewError("it has no turn of the user; a row asks something and ends with an assistant's answer")
    if turns[-1]["role"] != "assistant":
        raise AskewError(f"it ends with a turn of the {turns[-1]['role']}; a row ends with an assistant's answer")
    if not any(map(is_learnt, turns)):
        raise AskewError(
            "every turn of the assistant has weight 0, so there is nothing to learn; remove the row, or the weights"
        )


def refuse_tools(item: Mapping[Any, Any], what: str) -> None:
    """Refuse a turn or a row that calls tools or offers them.

    Raises:
        AskewError: It does; the message names the key.
    """
    found = next((name for name in TOOL_KEYS if says_something(item.get(name))), None)
    if found is not None:
        raise AskewError(
            f"{what} has {found}, and Askew trains on text without tools: remove these rows, or write the calls and "
            "their results as text"
        )


def says_something(value: object) -> bool:
    """Return whether the value of a key is not empty; tables have every key in every row."""
    if isinstance(value, str):
        return value.strip() not in _NOTHING
    return value not in _NOTHING


def joined(content: object, place: str) -> str:
    """Return the joined text of content in parts.

    Raises:
        AskewError: It is not content in parts, or a part is not text.
    """
    parts = content.get("parts") if isinstance(content, dict) else content
    if not isinstance(parts, list) or not parts:
        raise AskewError(f"{place} should be text, not {shown(content)}")
    texts: list[str] = []
    for part in parts:
        text = part.get("text") if isinstance(part, dict) and part.get("type", "text") == "text" else part
        if not isinstance(text, str):
            kind = part.get("type", part.get("content_type", _only_key(part))) if isinstance(part, dict) else part
            raise AskewError(f"{place} has a part that is not text, {shown(kind)}; Askew reads text only")
        texts.append(text)
    return "".join(texts)


def checked(text: object, place: str) -> str:
    """Return a text that is not empty and can be written.

    Raises:
        AskewError: It is not text, is empty, or has half of a surrogate pair.
    """
    if not isinstance(text, str):
        raise AskewError(f"{place} should be text, not {shown(text)}")
    if not text:
        raise AskewError(f"{place} is empty")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            code = ord(text[error.start])
            raise AskewError(
                f"{place} has half of a surrogate pair, \\u{code:04x}: write the whole character"
            ) from error
    return text


def shown(value: object) -> str:
    """Return a short description of a value that is safe to print."""
    if value is None:
        return "missing or null"
    if isinstance(value, (dict, list)):
        kind = "object" if isinstance(value, dict) else "list"
        return f"an empty {kind}" if not value else f"an {kind}" if kind == "object" else f"a {kind}"
    # Cut before it is formatted: a text in a file may be of any length.
    text = value[:_LONGEST_SHOWN] if isinstance(value, str) else value
    return visible(cut(repr(text), _LONGEST_SHOWN)) if not isinstance(value, int) else "a number"


def _role(turn: Mapping[Any, Any], role_key: str, place: str) -> str:
    said, roles = turn.get(role_key), _SHAREGPT_ROLES if role_key == "from" else _ROLES
    if isinstance(said, str) and said in _TOOL_ROLES:
        raise AskewError(
            f"{place}: {role_key} is {shown(said)}, a turn of a tool, and Askew trains on text without tools: remove "
            "these rows, or write the calls and their results as text"
        )
    role = roles.get(said) if isinstance(said, str) else None
    if role is None:
        raise AskewError(f"{place}: {role_key} is {shown(said)}; it should be one of {', '.join(roles)}")
    return role


def _add_marks(parsed: Message, turn: Mapping[Any, Any], place: str) -> Iterable[str]:
    """Add the weight and the reasoning of an assistant's turn; return the keys that were used."""
    if parsed["role"] != "assistant":
        # Only an assistant's turns are learnt, so 0 changes nothing.
        return [name for name in _WEIGHT_KEYS if name in turn and turn[name] in (0, None)]
    for name in _WEIGHT_KEYS:
        weight = turn.get(name)
        if weight is None:
            continue
        if not isinstance(weight, (bool, int, float)) or weight not in (0, 1):
            raise AskewError(f"{place}: {name} is {_number(weight)}; it should be 0, not to be learnt, or 1")
        if weight == 0:
            parsed["weight"] = 0
    reasoning = {name: turn[name] for name in _REASONING_KEYS if says_something(turn.get(name))}
    texts = {checked(text, f"{place}: {name}") for name, text in reasoning.items()}
    if len(texts) > 1:
        raise AskewError(f"{place}: {' and '.join(reasoning)} differ; keep one of them")
    if texts:
        parsed["reasoning_content"] = texts.pop()
    return [*_WEIGHT_KEYS, *_REASONING_KEYS]


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) or (isinstance(value, int) and abs(value) < 1e6) else shown(value)


def _only_key(part: Mapping[Any, Any]) -> object:
    """Return the name of a part of the form {"image": …}, as Bedrock writes it."""
    return next(iter(part)) if len(part) == 1 else None
