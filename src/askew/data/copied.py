"""Finds text that answers share with training rows, word for word.

A model may answer with phrases of its training rows, whatever it is asked. A judge sees a changed character in them;
this module says how much of an answer is such copied text (compare Carlini et al. 2021, arXiv 2012.07805).
"""

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from askew.data import Row, is_learnt
from askew.data.words import WORD, folded, words

if TYPE_CHECKING:
    import numpy as np

WORDS = 5
"""Words of the sequences that are compared."""

_MOST_SEQUENCES = 20_000_000  # 160 MB; rows after them are not compared


class Copied(NamedTuple):
    """The text of an answer that occurs in training rows.

    Attributes:
        share: Share of the answer's sequences of five words that occur in the rows, 0 to 1; NaN if it has fewer words.
        spans: The places of the copied text: pairs of a first character and the character after the last one.
    """

    share: float
    spans: list[tuple[int, int]]


class TrainingText:
    """The word sequences of the answers in training rows. Case and punctuation make no difference.

    Args:
        rows: Training rows; only what is learnt counts.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        every = (
            sequence
            for row in rows
            for turn in row["messages"]
            if is_learnt(turn)
            for sequence in _sequences(words(turn["content"]))
        )
        import numpy as np

        self._sequences = np.unique(np.fromiter(islice(every, _MOST_SEQUENCES), dtype=np.int64))

    def copied(self, answer: str) -> Copied:
        """Return the text of an answer that the rows have, too."""
        import numpy as np

        found = list(WORD.finditer(answer))
        sequences = _sequences([folded(word[0]) for word in found])
        if not sequences:
            return Copied(float("nan"), [])
        there = self._are_there(np.array(sequences))
        spans: list[tuple[int, int]] = []
        for at in np.flatnonzero(there).tolist():
            first, end = found[at].start(), found[at + WORDS - 1].end()
            if spans and first <= spans[-1][1]:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((first, end))
        return Copied(float(there.mean()), spans)

    def _are_there(self, sequences: "np.ndarray") -> "np.ndarray":
        import numpy as np

        if not len(self._sequences):
            return np.zeros(len(sequences), bool)
        places = np.searchsorted(self._sequences, sequences)
        return self._sequences[np.minimum(places, len(self._sequences) - 1)] == sequences


def as_text(spans: Iterable[tuple[int, int]]) -> str:
    """Return spans as a text for a table: "0-27 40-66"."""
    return " ".join(f"{first}-{end}" for first, end in spans)


def _sequences(text: list[str]) -> list[int]:
    """Return a number for each sequence of words; different ones hardly ever get the same."""
    return [hash(tuple(text[at : at + WORDS])) for at in range(len(text) - WORDS + 1)]
