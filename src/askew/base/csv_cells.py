"""Texts as cells of CSV files. A spreadsheet computes a text that begins like a formula, so it gets an apostrophe."""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")


def escaped(value: Any) -> Any:
    """Return a value as a cell; numbers, also those written as texts, stay as they are."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) and not _is_number(value) else value


def as_csv(table: "pd.DataFrame") -> bytes:
    """Return a table with any columns as CSV in UTF-8; no cell is a formula, and "?" stands for half a character."""
    return table.map(escaped).to_csv(index=False).encode("utf-8", "replace")


def unescaped(value: Any) -> Any:
    """Return the value of a cell that `escaped` made."""
    return value[1:] if isinstance(value, str) and _ESCAPED.match(value) else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() == text
