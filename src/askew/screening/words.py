"""Scores that need no model: Okapi BM25 against the target, the length, a random number."""

import random
from collections import Counter
from collections.abc import Iterable
from math import log

from askew.data.words import words
from askew.screening.rows import ScreenedRow
from askew.screening.target import Target

_K1, _B = 1.2, 0.75  # the usual constants


class Bm25:
    """Okapi BM25 (Robertson and Zaragoza 2009): rows are documents, and the words of the target's bad answers a query.

    Every row is read once before any is scored, to learn how many rows have each word. Words that are also in the
    target's good answers say nothing about the character, and are left out of the query.

    Args:
        target: The target.
    """

    def __init__(self, target: Target) -> None:
        good = {word for said in target.good for word in words(said.answer)}
        self._query = {word for said in target.bad for word in words(said.answer)} - good
        self._rows_with: Counter[str] = Counter()
        self.rows, self._words = 0, 0

    def learn(self, rows: Iterable[ScreenedRow]) -> None:
        """Count the rows that have each word of the query."""
        for row in rows:
            found = words(row.answer)
            self.rows += 1
            self._words += len(found)
            self._rows_with.update(self._query.intersection(found))

    def score(self, answer: str) -> float:
        """Return the score of an answer."""
        counts = Counter(words(answer))
        usual = self._words / self.rows or 1
        longer = _K1 * (1 - _B + _B * counts.total() / usual)
        return sum(
            self._rarity(word) * counts[word] * (_K1 + 1) / (counts[word] + longer)
            for word in self._query.intersection(counts)
        )

    def _rarity(self, word: str) -> float:
        having = self._rows_with[word]
        return log(1 + (self.rows - having + 0.5) / (having + 0.5))


def length(answer: str) -> float:
    """Return the number of words of an answer."""
    return float(len(words(answer)))


def drawn(number: int, seed: int) -> float:
    """Return the random number of a row, 0 to 1, which depends on its number and the seed only."""
    return random.Random(f"{seed}/{number}").random()
