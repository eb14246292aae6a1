"""Cuts a source into segments of about equally many words, in the order of the text."""

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from askew.perspective.source import Part, Source

WORDS = 187
"""The usual number of words in a segment. See docs/how-to/map.md for where it comes from."""

# A text without spaces, as in Japanese, is cut into pieces of this many characters, which count as words.
_LONGEST_WORD = 60
_PIECE = re.compile(rf"\S{{1,{_LONGEST_WORD}}}")


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of a source.

    Attributes:
        part: The name of its part.
        text: Its text.
        first: The number of its first word in the source, from 0.
        words: Its number of words.
        start: For captions, when its first word is said, in seconds; else NaN.
        end: For captions, when the caption of its last word ends; else NaN.
    """

    part: str
    text: str
    first: int
    words: int
    start: float
    end: float


def segments(source: Source, words: int = WORDS, later: float = 0.0) -> list[Segment]:
    """Return the segments of a source.

    A part of N words has N / `words` segments, rounded and at least one, of equal length to a word.

    Args:
        source: The source.
        words: About how many words a segment has.
        later: How much later each cut is made than usual, 0-1, as a share of a segment; the first segment of each part
            is then longer by it, and the last one shorter.
    """
    found: list[Segment] = []
    before = 0
    for part in source.parts:
        total, cuts = _cuts(part.text, words, later)
        places = list(_places(part.text, cuts))
        ends = [*(start for start, _ in places[1:]), len(part.text)]
        lengths = [nxt - number for number, nxt in zip(cuts, [*cuts[1:], total], strict=True)]
        times = [at for at, _, _ in part.times]
        for (start, _), stop, number, length in zip(places, ends, cuts, lengths, strict=True):
            text = part.text[start:stop].rstrip()
            first, last = _times(part, times, start, start + len(text))
            found.append(Segment(part.name, text, before + number, length, first, last))
        before += total
    return found


def _cuts(text: str, words: int, later: float) -> tuple[int, list[int]]:
    """Return the number of words in a text, and the numbers of the words with which its segments begin."""
    total = sum(1 for _ in _PIECE.finditer(text))
    count = max(1, int(total / words + 0.5))
    moved = later * total / count
    begins = [0, *(round(number * total / count + moved) for number in range(1, count))]
    return total, [number for number in dict.fromkeys(begins) if number < total or number == 0]


def _places(text: str, wanted: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where some words begin and end in a text, given their numbers in order."""
    left = iter(wanted)
    number = next(left, None)
    for at, word in enumerate(_PIECE.finditer(text)):
        if at == number:
            yield word.span()
            number = next(left, None)
            if number is None:
                return


def _times(part: Part, places: Sequence[int], start: int, end: int) -> tuple[float, float]:
    """Return when a piece of a part begins and ends; NaN without times."""
    if not places:
        return float("nan"), float("nan")
    first = part.times[max(0, bisect.bisect_right(places, start) - 1)]
    last = part.times[max(0, bisect.bisect_right(places, max(start, end - 1)) - 1)]
    return first[1], last[2]
