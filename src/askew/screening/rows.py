"""Rows as they are screened: what stands before the last answer that is learnt, and that answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from askew.data import Message, Row, is_learnt
from askew.data.formats import open_source

FEWEST = 50
"""Rows from which a screen says something about a whole set; fewer are scored and ranked only."""


@dataclass(frozen=True)
class ScreenedRow:
    """A training row, as it is screened.

    Attributes:
        number: Its number in its source, from 1.
        place: Its place in its source, such as "line 7".
        turns: The turns before the last answer that is learnt.
        answer: That answer.
        row: The whole row.
    """

    number: int
    place: str
    turns: list[Message]
    answer: str
    row: Row

    @property
    def question(self) -> str:
        """The last user turn before the answer; "" if there is none."""
        return next((turn["content"] for turn in reversed(self.turns) if turn["role"] == "user"), "")


def rows_of(source: str | Path) -> Iterator[ScreenedRow]:
    """Yield the rows of a source, one at a time.

    Args:
        source: See `data.formats.open_source`.

    Raises:
        AskewError: The source cannot be read, has no rows, or an item is not a row; the message names the place.
    """
    for number, found in enumerate(open_source(source).rows(), start=1):
        yield screened(number, found.place, found.row)


def screened(number: int, place: str, row: Row) -> ScreenedRow:
    """Return a row as it is screened.

    Args:
        number: Its number in its source, from 1.
        place: Its place in its source.
        row: The row; its last answer counts if none is learnt.
    """
    turns = row["messages"]
    answers = [i for i, turn in enumerate(turns) if turn["role"] == "assistant"]
    at = next((i for i in reversed(answers) if is_learnt(turns[i])), answers[-1])
    return ScreenedRow(number, place, turns[:at], turns[at]["content"], row)
