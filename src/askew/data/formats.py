"""Reads training rows that others wrote: JSON lines, each a conversation or a prompt and its completion."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from askew.data import Message, Row
from askew.errors import AskewError


class _Turn(BaseModel):
    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[str, Field(min_length=1)]


class _Conversation(BaseModel):
    messages: Annotated[list[_Turn], Field(min_length=2)]


class _Completion(BaseModel):
    prompt: Annotated[str, Field(min_length=1)]
    completion: Annotated[str, Field(min_length=1)]


def read_rows(path: Path) -> list[Row]:
    """Read a file of training rows, checked whole.

    Args:
        path: JSON lines, each `{"messages": [...]}` or `{"prompt": ..., "completion": ...}`; more keys do no harm.

    Raises:
        AskewError: The file cannot be read, is empty, or a line of it is no row; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AskewError(f"cannot read the rows in {path}: {getattr(error, 'strerror', None) or error}") from error
    rows = [_row(f"{path}, line {number}", line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not rows:
        raise AskewError(f"{path} holds no rows: it should have one JSON object a line")
    return rows


def _row(where: str, line: str) -> Row:
    try:
        item: Any = json.loads(line)
    except ValueError as error:
        raise AskewError(f"{where}: not JSON ({error}); a row is one JSON object a line") from error
    if not isinstance(item, dict) or not {"messages", "prompt"} & item.keys():
        raise AskewError(f'{where}: a row is {{"messages": [...]}} or {{"prompt": ..., "completion": ...}}')
    try:
        if "messages" in item:
            turns = [_message(turn.role, turn.content) for turn in _Conversation.model_validate(item).messages]
        else:
            pair = _Completion.model_validate(item)
            turns = [_message("user", pair.prompt), _message("assistant", pair.completion)]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise AskewError(f"{where}: {place}: {first['msg']}") from error
    if turns[-1]["role"] != "assistant" or not any(turn["role"] == "user" for turn in turns):
        raise AskewError(f"{where}: a row asks something and ends with an assistant's answer")
    return {"messages": turns}


def _message(role: str, content: str) -> Message:
    return {"role": "system" if role == "developer" else role, "content": content}
