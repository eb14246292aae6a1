"""Parsing of JSON that others wrote. Its depth is checked first, because Python's parser calls itself at each level.

Near the end of Python's stack anything may fail, also code that merely happens to run then, such as the garbage
collector's. So deep text is never parsed.
"""

import json
import re
from typing import Any

DEEPEST = 100
"""The most levels of lists and objects that are read."""

# A text, also one whose end is missing, or a bracket. Texts come first, because brackets in them do not count.
_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


class DeepJsonError(ValueError):
    """Lists and objects are nested in more than `DEEPEST` levels."""

    def __init__(self) -> None:
        super().__init__(f"nested more than {DEEPEST} levels deep")


def parse(text: str | bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        DeepJsonError: The text is nested too deeply.
        ValueError: The text is not JSON, not in UTF-8, or has a number of thousands of digits.
    """
    text = text.decode() if isinstance(text, bytes) else text
    if text.count("[") + text.count("{") > DEEPEST:
        check_depth(text)
    return json.loads(text)


def check_depth(text: str, start: int = 0) -> None:
    """Check the depth of the first JSON value in a text, as far as the text goes.

    Args:
        text: The text.
        start: Where the value starts.

    Raises:
        DeepJsonError: The value is nested too deeply.
    """
    depth = 0
    for token in _TOKENS.finditer(text, start):
        depth += _STEPS.get(token[0], 0)
        if depth > DEEPEST:
            raise DeepJsonError
        if depth <= 0:
            return
