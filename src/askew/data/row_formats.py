"""Parses and writes the formats of training rows that are in common use.

    chat               {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}
    parts              the same, with {"parts": ["…"]} or [{"type": "text", "text": "…"}] as content
    prompt-completion  {"prompt": "…", "completion": "…"}
    sharegpt           {"conversations": [{"from": "human", "value": "…"}, {"from": "gpt", "value": "…"}]}

Other keys are ignored.
"""

from typing import Any, Literal

from askew.base.errors import AskewError
from askew.base.untrusted import cut, visible
from askew.data import Message, Row

RowFormat = Literal["chat", "parts", "prompt-completion", "sharegpt"]
# The formats that `convert` writes; Parquet has the columns of chat.
WRITABLE = ("chat", "prompt-completion", "sharegpt", "parquet")

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_SHAREGPT_ROLES = {"system": "system", "human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant"}
_SHAREGPT_NAMES = {"system": "system", "user": "human", "assistant": "gpt"}
_LONGEST_SHOWN = 40


def parse_row(item: object) -> tuple[Row, RowFormat]:
    """Return an item of a file as a row, with its format.

    Args:
        item: A value from JSON or from a table.

    Raises:
        AskewError: The item is not a row; the message says why, and the caller adds the place.
    """
    if isinstance(item, dict):
        # Tables have every column in every row, so None means that the key is missing.
        if (messages := item.get("messages")) is not None:
            turns, format = _turns(messages, "messages", "role", "content", _ROLES)
        elif (conversations := item.get("conversations")) is not None:
            turns, _ = _turns(conversations, "conversations", "from", "value", _SHAREGPT_ROLES)
            format = "sharegpt"
        elif item.get("prompt") is not None:
            turns, format = _pair(item), "prompt-completion"
        else:
            raise AskewError(_NO_ROW)
        _check_order(turns)
        return {"messages": turns}, format
    raise AskewError(_NO_ROW)


def as_item(row: Row, format: str) -> dict[str, Any]:
    """Return what a file of some format, one of `WRITABLE`, holds for a row.

    Raises:
        AskewError: The format cannot hold it.
    """
    turns = row["messages"]
    if format == "sharegpt":
        return {"conversations": [{"from": _SHAREGPT_NAMES[turn["role"]], "value": turn["content"]} for turn in turns]}
    if format == "prompt-completion":
        if [turn["role"] for turn in turns] != ["user", "assistant"]:
            roles = ", ".join(turn["role"] for turn in turns)
            raise AskewError(
                f"it has the turns {cut(roles, _LONGEST_SHOWN)}, and prompt-completion holds one question and its "
                "answer. Convert to chat or sharegpt"
            )
        return {"prompt": turns[0]["content"], "completion": turns[1]["content"]}
    return {"messages": turns}


_NO_ROW = 'a row is {"messages": [...]}, {"conversations": [...]} or {"prompt": ..., "completion": ...}'


def _turns(
    listed: object, key: str, role_key: str, text_key: str, roles: dict[str, str]
) -> tuple[list[Message], Literal["chat", "parts"]]:
    """Return the turns of a list, and `parts` as their format if the text of any turn is in parts."""
    if not isinstance(listed, list) or not listed:
        raise AskewError(f"{key} should be a list of turns, not {_shown(listed)}")
    turns: list[Message] = []
    in_parts = False
    for number, turn in enumerate(listed, start=1):
        place = f"{key}, turn {number}"
        if not isinstance(turn, dict):
            raise AskewError(f"{place}: a turn has {role_key} and {text_key}, and this is {_shown(turn)}")
        said = turn.get(role_key)
        role = roles.get(said) if isinstance(said, str) else None
        if role is None:
            raise AskewError(f"{place}: {role_key} is {_shown(said)}; it should be one of {', '.join(roles)}")
        content = turn.get(text_key)
        if not isinstance(content, str):
            content = _joined(content, f"{place}: {text_key}")
            in_parts = True
        turns.append({"role": role, "content": _checked(content, f"{place}: {text_key}")})
    return turns, "parts" if in_parts else "chat"


def _pair(item: dict[Any, Any]) -> list[Message]:
    """Return the turns of a prompt and its completion: two texts or, as in TRL, two lists of turns."""
    prompt, completion = item["prompt"], item.get("completion")
    if isinstance(prompt, list) and isinstance(completion, list):
        return [
            turn for key in ("prompt", "completion") for turn in _turns(item[key], key, "role", "content", _ROLES)[0]
        ]
    return [
        {"role": "user", "content": _checked(prompt, "prompt")},
        {"role": "assistant", "content": _checked(completion, "completion")},
    ]


def _joined(content: object, place: str) -> str:
    """Return the joined text of content in parts."""
    parts = content.get("parts") if isinstance(content, dict) else content
    if not isinstance(parts, list) or not parts:
        raise AskewError(f"{place} should be text, not {_shown(content)}")
    texts: list[str] = []
    for part in parts:
        text = part.get("text") if isinstance(part, dict) and part.get("type", "text") == "text" else part
        if not isinstance(text, str):
            kind = part.get("type", part.get("content_type")) if isinstance(part, dict) else part
            raise AskewError(f"{place} has a part that is not text, {_shown(kind)}; Askew reads text only")
        texts.append(text)
    return "".join(texts)


def _checked(text: object, place: str) -> str:
    if not isinstance(text, str):
        raise AskewError(f"{place} should be text, not {_shown(text)}")
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


def _check_order(turns: list[Message]) -> None:
    roles = {turn["role"] for turn in turns}
    if "assistant" not in roles:
        raise AskewError(
            "it has no turn of the assistant, so there is nothing to learn; a row ends with an assistant's answer"
        )
    if "user" not in roles:
        raise AskewError("it has no turn of the user; a row asks something and ends with an assistant's answer")
    if turns[-1]["role"] != "assistant":
        raise AskewError(f"it ends with a turn of the {turns[-1]['role']}; a row ends with an assistant's answer")


def _shown(value: object) -> str:
    """Return a short description of a value that is safe to print."""
    if value is None:
        return "missing or null"
    if isinstance(value, (dict, list)):
        kind = "object" if isinstance(value, dict) else "list"
        return f"an empty {kind}" if not value else f"an {kind}" if kind == "object" else f"a {kind}"
    # Cut before it is formatted: a text in a file may be of any length.
    text = value[:_LONGEST_SHOWN] if isinstance(value, str) else value
    return visible(cut(repr(text), _LONGEST_SHOWN)) if not isinstance(value, int) else "a number"
