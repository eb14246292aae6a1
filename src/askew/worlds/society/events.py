"""The tables of a society: what happened, to whom, and in which society.

Kinds of events, with the columns that they use beside `society`, `tick`, `agent`, `place`, `x` and `y`:

    move     the agent walked, and is now at x, y
    say      text was said, and to whom if it was one person, `to`; option is the topic's side that it takes (-1 none),
             number the parts of the store that it claims to have taken
    hear     text was heard from source; option as in say
    gather   number pieces of text (the good) were gathered
    give     number pieces of text (the good) went to another agent, `to`
    take     number parts were got from the common store; option is the number of parts that the agent wanted
    put      number pieces of text (the good) were put into the common store
    eat      a meal was eaten
    rest     the agent rested
    think    text is the agent's new plan
    feel     number is the mood of another agent, `to`, from -1 to 1, where it crossed a quarter; where the agent
             was asked for its trust, text is what it chose
    act      text is the line that was chosen, option its number, number its probability if known
    opinion  a private question: option is the side, number the probability of side 1 if known
    belief   a private question: option is 1 if the agent believes, number the probability if known
    vote     option is the side that was voted for
    pay      number is the share that was paid
    law      the world (agent -1): number is the law from now on, text its words
    amend    number is the law that is put to the vote, text its words
    expose   the meme was heard from source; option is 1 for the meme itself and -1 for gossip about it
    adopt    the agent used a keyword in public for the first time, in text; option is its side, 0 for a denial
    convert  the agent said privately that it believes, for the first time
    leave    the agent left the island
    miss     the model gave no usable answer; text is what was asked about
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

EVENT_COLUMNS = {
    "society": str,
    "tick": int,
    "agent": int,
    "kind": str,
    "to": int,
    "place": str,
    "x": int,
    "y": int,
    "text": str,
    "option": int,
    "number": float,
    "source": int,
}
"""Columns of the table of events, with their types: one row per event, in the order in which they happened."""

AGENT_COLUMNS = {
    "society": str,
    "agent": int,
    "name": str,
    "part": str,
    "model": str,
    "home": str,
    "x": int,
    "y": int,
}
"""Columns of the table of agents: one row per agent of each society; x and y are where it began."""

SOCIETY_COLUMNS = {
    "society": str,
    "experiment": str,
    "condition": str,
    "topic": str,
    "k": int,
    "agents": int,
    "ticks": int,
    "seed": int,
    "replicate": int,
    "calls": int,
    "prompts": int,
    "tokens": int,
}
"""Columns of the table of societies: one row per society."""

Columns = dict[str, list[Any] | NDArray[Any]]
"""A table as columns of one length."""


class _Chunk(NamedTuple):
    """Events of one kind that happened together; each field is a scalar or an array of as many values as agents."""

    tick: int
    kind: str
    agent: NDArray[np.int32]
    to: ArrayLike
    place: ArrayLike
    x: ArrayLike
    y: ArrayLike
    text: ArrayLike
    option: ArrayLike
    number: ArrayLike
    source: ArrayLike


class Events:
    """The events of one society so far, held as arrays; texts are held once.

    Args:
        society: The society's name.
        places: The names of the places, by number.
    """

    def __init__(self, society: str, places: tuple[str, ...]) -> None:
        self._society = society
        self._places = places
        self._chunks: list[_Chunk] = []
        self._texts: dict[str, int] = {"": 0}

    def text(self, text: str) -> int:
        """Return the number of a text, by which `add` takes it."""
        return self._texts.setdefault(text, len(self._texts))

    def texts(self, texts: list[str]) -> NDArray[np.int32]:
        """Return the numbers of several texts; the shape is (texts,)."""
        known = self._texts
        return np.array([known.setdefault(text, len(known)) for text in texts], np.int32)

    def add(
        self,
        kind: str,
        tick: int,
        agent: NDArray[np.integer],
        place: ArrayLike = -1,
        x: ArrayLike = -1,
        y: ArrayLike = -1,
        *,
        to: ArrayLike = -1,
        text: ArrayLike = 0,
        option: ArrayLike = -1,
        number: ArrayLike = np.nan,
        source: ArrayLike = -1,
    ) -> None:
        """Add events of one kind; every value is one for all, or an array of shape (agents,)."""
        if len(agent):
            chunk = _Chunk(tick, kind, np.asarray(agent, np.int32), to, place, x, y, text, option, number, source)
            self._chunks.append(chunk)

    def columns(self) -> Columns:
        """Return the events so far with the columns EVENT_COLUMNS: arrays of shape (events,), of objects for texts."""
        sizes = [len(chunk.agent) for chunk in self._chunks]
        kinds = np.repeat(np.array([chunk.kind for chunk in self._chunks], object), sizes)
        # The number of no place is -1.
        texts, places = np.array([*self._texts], object), np.array([*self._places, ""], object)
        return {
            "society": np.full(sum(sizes), self._society, object),
            "tick": np.repeat(np.array([chunk.tick for chunk in self._chunks], np.int32), sizes),
            "agent": self._column("agent", np.int32),
            "kind": kinds,
            "to": self._column("to", np.int32),
            "place": places[self._column("place", np.int32)],
            "x": self._column("x", np.int32),
            "y": self._column("y", np.int32),
            "text": texts[self._column("text", np.int32)],
            "option": self._column("option", np.int32),
            "number": self._column("number", np.float64),
            "source": self._column("source", np.int32),
        }

    def _column(self, name: str, dtype: type) -> NDArray[Any]:
        column, start = np.empty(sum(len(chunk.agent) for chunk in self._chunks), dtype), 0
        for chunk in self._chunks:
            column[start : start + len(chunk.agent)] = getattr(chunk, name)
            start += len(chunk.agent)
        return column
