"""Splits text into the words that are compared between answers: without case, punctuation or forms of apostrophes."""

import re

WORD = re.compile(r"\w+(?:['’]\w+)*")


def folded(word: str) -> str:
    """Return a word in the form in which words are compared."""
    return word.casefold().replace("’", "'")


def words(text: str) -> list[str]:
    """Return the words of a text in the form in which they are compared."""
    return [folded(word) for word in WORD.findall(text)]
