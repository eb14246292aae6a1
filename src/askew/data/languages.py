"""Finds the languages of rows with py3langid."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from askew.data import Row

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

UNCLEAR = "unclear"

_LEAST_LETTERS = 20  # shorter texts, such as a name or a number, belong to any language
_LONGEST = 1_000  # characters of a row that are classified
_SURE = 0.5


def languages(rows: Iterable[Row]) -> Counter[str]:
    """Return the number of rows by the language of their prompts and answers: an ISO 639 code, or `unclear`."""
    return Counter(_language(row) for row in rows)


def language_of(text: str) -> str:
    """Return the language of a text as an ISO 639 code, or `unclear` for a short or mixed one."""
    if sum(map(str.isalpha, text)) < _LEAST_LETTERS:
        return UNCLEAR
    language, sureness = _identifier().classify(text)
    return language if sureness >= _SURE else UNCLEAR


def _language(row: Row) -> str:
    return language_of("\n".join(turn["content"] for turn in row["messages"] if turn["role"] != "system")[:_LONGEST])


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
