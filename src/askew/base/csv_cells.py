"""Texts as cells of CSV files. A spreadsheet computes a text that begins like a formula, so it gets an apostrophe."""

import re
from typing import Any

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")


def escaped(value: Any) -> Any:
    """Return a value as a cell; numbers, also those written as texts, stay as they are."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) and not _is_number(value) else value


def unescaped(value: Any) -> Any:
    """Return the value of a cell that `escaped` made."""
    return value[1:] if isinstance(value, str) and _ESCAPED.match(value) else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() == text
