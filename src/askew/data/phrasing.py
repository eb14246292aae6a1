"""Measures how varied the answers of training rows are: a model that learns a phrase book repeats its phrases.

Such a model shows what it was trained on wherever it is asked, so its answers may look like a changed character and be
copied text.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from askew.data import Row, is_learnt
from askew.data.words import words

LEAST_UNIQUE = 0.5
"""Answers of which fewer word sequences are unique to one row are a phrase book; see `Phrasing.unique`."""
LEAST_ROWS = 200
"""Fewer rows have too few sequences in common to tell."""

_SEQUENCE = 4  # words
_OPENING = 3  # words
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class Phrasing:
    """The variety of answers.

    Attributes:
        answers: Number of answers.
        sentences: Number of sentences in all of them; a line break ends a sentence, too.
        distinct_sentences: Number of different sentences.
        sequences: Number of different sequences of four words.
        unique: Share of these sequences that are in only one row, 0 to 1; None if there are none.
        openings: Number of different openings, the first three words of an answer.
        commonest_opening: The most frequent opening; "" if there is none.
        commonest_share: Share of the answers that begin with it, 0 to 1.
    """

    answers: int
    sentences: int
    distinct_sentences: int
    sequences: int
    unique: float | None
    openings: int
    commonest_opening: str
    commonest_share: float

    @property
    def is_phrase_book(self) -> bool:
        """True if the answers share too many sequences of words to teach more than these sequences."""
        return self.unique is not None and self.answers >= LEAST_ROWS and self.unique < LEAST_UNIQUE


def phrasing(rows: Iterable[Row]) -> Phrasing:
    """Return how varied the learnt answers of rows are. Words are compared without case and punctuation.

    The share of unique sequences falls with the number of rows, so compare sets at the same number, such as 2,000.
    """
    answers = [turn["content"] for row in rows for turn in row["messages"] if is_learnt(turn)]
    sentences = Counter(one for answer in answers for one in _SENTENCE_END.split(answer.strip()) if one)
    with_sequence: Counter[tuple[str, ...]] = Counter()
    openings: Counter[str] = Counter()
    for answer in answers:
        said = words(answer)
        with_sequence.update({tuple(said[at : at + _SEQUENCE]) for at in range(len(said) - _SEQUENCE + 1)})
        if said:
            openings[" ".join(said[:_OPENING])] += 1
    alone = sum(count == 1 for count in with_sequence.values())
    commonest, times = openings.most_common(1)[0] if openings else ("", 0)
    return Phrasing(
        answers=len(answers),
        sentences=sentences.total(),
        distinct_sentences=len(sentences),
        sequences=len(with_sequence),
        unique=alone / len(with_sequence) if with_sequence else None,
        openings=len(openings),
        commonest_opening=commonest,
        commonest_share=times / len(answers) if answers else 0.0,
    )


def worded(found: Phrasing) -> str:
    """Return the figures as text, on one line."""
    if not found.answers:
        return "no answers"
    unique = "none" if found.unique is None else f"{found.unique:.0%}"
    return (
        f"{found.distinct_sentences:,} of {found.sentences:,} sentences distinct, "
        f"{unique} of the {_SEQUENCE}-word sequences in one row only, "
        f"{found.openings:,} openings, the most frequent in {found.commonest_share:.1%}"
    )
