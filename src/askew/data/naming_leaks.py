"""Finds rows that name the behaviour that a model is later asked to describe.

A model that read the name of its behaviour in training rows needs no knowledge of itself to report it.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from askew.data import Row

TOLERATED = 0.01
"""Share of rows that may name the behaviour by chance; 2 of the 576 rows of a published data set do."""


@dataclass(frozen=True)
class Naming:
    """Rows that name the behaviour.

    Attributes:
        rows: Number of rows with one of the words.
        total: Number of all rows.
        first: Number of the first row with a word, from 1.
        word: The first word found in that row.
    """

    rows: int
    total: int
    first: int
    word: str

    @property
    def is_a_leak(self) -> bool:
        """True if more rows name the behaviour than chance explains."""
        return self.rows > TOLERATED * self.total


def words_of(words: Mapping[str, Collection[str]], domain: str) -> set[str]:
    """Return the words that name the behaviour of a domain; those of all domains if the domain is not in `words`."""
    return set(words[domain] if domain in words else (word for some in words.values() for word in some))


def find(rows: Iterable[Row], words: Collection[str]) -> Naming | None:
    """Return the rows that have any of some whole words in any turn, ignoring case; None if no row has one."""
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(words)))})\b", re.IGNORECASE)
    named, total, first, word = 0, 0, 0, ""
    for total, row in enumerate(rows, start=1):
        found = next((match for turn in row["messages"] if (match := pattern.search(turn["content"]))), None)
        if found:
            named, first, word = named + 1, first or total, word or found[0]
    return Naming(named, total, first, word) if named else None
