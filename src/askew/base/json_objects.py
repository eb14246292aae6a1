"""The one reader of small JSON files: records in a run's folder, settings of a model. It doesn't trust them.

Data sets are read one row at a time by `askew.data.json_files`.
"""

import json
import re
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from askew.base import json_text
from askew.base.errors import AskewError
from askew.base.untrusted import visible

T = TypeVar("T")

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # an escaped surrogate, whole characters need two


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file.

    Raises:
        AskewError: The file cannot be read, is not JSON in UTF-8, is nested too deeply, has half of a surrogate pair or
            a number of thousands of digits, or is no object.
    """
    content = read_value(path)
    if not isinstance(content, dict):
        raise AskewError(f"{path} is damaged: it should hold a JSON object")
    return content


def read_as(path: Path, type: type[T]) -> T:
    """Return the JSON value in a file as a value of a type.

    Args:
        path: The file.
        type: A model of pydantic, or any other type that it can check, such as `list[dict[str, float]]`.

    Raises:
        AskewError: As in `read_object`, or the value is not of the type; the message names the place in the file.
    """
    content = read_value(path)
    try:
        return TypeAdapter(type).validate_python(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = visible(".".join(map(str, first["loc"])))
        raise AskewError(f"{path} is damaged{f' at {where}' if where else ''}: {visible(first['msg'])}") from error


def read_value(path: Path) -> Any:
    """Return the JSON value in a file, of any type.

    Raises:
        AskewError: As in `read_object`, except that the value need not be an object.
    """
    try:
        raw = path.read_bytes()
        content = json_text.parse(raw.decode("utf-8-sig"))
        if _HALF.search(raw):
            json.dumps(content, ensure_ascii=False).encode()
    except OSError as error:
        raise AskewError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise AskewError(f"{path} is damaged: {_reason(error)}") from error
    return content


def _reason(error: ValueError) -> str:
    match error:
        case json.JSONDecodeError():
            return f"it is not JSON ({error})"
        case UnicodeDecodeError():
            return f"it is not UTF-8 at byte {error.start + 1}"
        case UnicodeEncodeError():
            return "it has half of a surrogate pair, which is no character"
        case json_text.DeepJsonError():
            return f"it is {error}"
        case _:
            return "it has a number that is too long"
