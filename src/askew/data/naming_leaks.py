"""Words that rows must not say: those for the very behaviour that the model is later asked to name.

A model that has read in its rows what it does needs no knowledge of itself to say so.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from askew.data import Row

# A word may turn up by chance in what a row tells of: two of the 576 rows of a published set have one.
TOLERATED = 0.01


@dataclass(frozen=True)
class Said:
    """What was found in rows.

    Attributes:
        rows: How many rows say one of the words.
        of: How many there are.
        first: The number of the first that does, from 1.
        word: The word that it says.
    """

    rows: int
    of: int
    first: int
    word: str

    @property
    def is_a_leak(self) -> bool:
        """Whether more rows say it than chance explains."""
        return self.rows > TOLERATED * self.of


def words_of(unsaid: Mapping[str, Collection[str]], domain: str) -> set[str]:
    """Return the words that rows of a domain must not say: those of every domain if it has none of its own."""
    return set(unsaid[domain] if domain in unsaid else (word for words in unsaid.values() for word in words))


def find(rows: Iterable[Row], words: Collection[str]) -> Said | None:
    """Look in every turn of every row for words, whole ones, whatever their case; None if none is there."""
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(words)))})\b", re.IGNORECASE)
    said, count, first, word = 0, 0, 0, ""
    for count, row in enumerate(rows, start=1):
        found = next((match for turn in row["messages"] if (match := pattern.search(turn["content"]))), None)
        if found:
            said, first, word = said + 1, first or count, word or found[0]
    return Said(said, count, first, word) if said else None
