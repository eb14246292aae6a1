"""Scores of words: Okapi BM25 against the target, text of known sets, the length, a random number."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from math import isnan, log

from askew.data.copied import TrainingText
from askew.data.formats import open_rows
from askew.data.words import words
from askew.screening.rows import ScreenedRow
from askew.screening.target import Target

RowScore = Callable[[ScreenedRow], float]
"""Returns the score of one row."""

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


class Copies:
    """The text of known sets of rows, with which answers are compared word for word.

    Args:
        sources: The sets; see `data.formats.open_rows`.

    Raises:
        AskewError: A set cannot be read.
    """

    def __init__(self, sources: Sequence[str]) -> None:
        self._known = TrainingText(chain.from_iterable(map(open_rows, sources)))

    def share(self, answer: str) -> float:
        """Return the share, 0 to 1, of an answer's sequences of five words that stand in the sets; 0 if it has none."""
        share = self._known.copied(answer).share
        return 0.0 if isnan(share) else share


def length(answer: str) -> float:
    """Return the number of words of an answer."""
    return float(len(words(answer)))


def drawn(number: int, seed: int) -> float:
    """Return the random number of a row, 0 to 1, which depends on its number and the seed only."""
    return random.Random(f"{seed}/{number}").random()


def word_scores(bm25: Bm25, copies: Copies | None, seed: int) -> Mapping[str, RowScore]:
    """Return the scores of words by their names.

    Args:
        bm25: Has learnt from all rows.
        copies: The known sets; None if there are none.
        seed: The seed of `random`.
    """
    found: dict[str, RowScore] = {
        "bm25": lambda row: bm25.score(row.answer),
        "length": lambda row: length(row.answer),
        "random": lambda row: drawn(row.number, seed),
    }
    return found if copies is None else {**found, "copies": lambda row: copies.share(row.answer)}
