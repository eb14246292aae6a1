"""The interface between agents and the world that their bodies live in: the island here, or a Minecraft server.

The verbs take arrays of agents, because everybody acts at once in a tick. A society calls them in one order: walk, dig,
take, put, give, eat, say, hear. What a verb returns is what happened, which may be less than what was tried.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int32]
"""Whole numbers; in this module of shape (agents,), one per agent that a verb is for."""


class Good(NamedTuple):
    """A kind of thing that can be gathered, kept and given."""

    name: str
    is_food: bool = True


class Place(NamedTuple):
    """A place of the world.

    Attributes:
        name: Its name.
        where: Where one is who is there, such as "at the market".
        good: The number of the good that can be gathered there; -1 if none.
        rate: Pieces that one tick of work gathers on average.
    """

    name: str
    where: str
    good: int = -1
    rate: float = 0.6


class World(Protocol):
    """The bodies of all agents, and what is around them.

    Attributes:
        places: The places, by number.
        goods: The goods, by number.
        x: Position of each agent; shape (agents,).
        y: Position of each agent; shape (agents,).
        at: The place where each agent is; -1 on the way; shape (agents,).
        bag: What each agent has; shape (agents, goods).
        store: What the common store has; shape (goods,).
        present: Whether each agent is in the world; shape (agents,).
    """

    places: tuple[Place, ...]
    goods: tuple[Good, ...]
    x: Numbers
    y: Numbers
    at: Numbers
    bag: NDArray[np.int32]
    store: Numbers
    present: NDArray[np.bool_]

    def spawn(self, names: Sequence[str], homes: Numbers) -> None:
        """Put all agents into the world, each at a place."""
        ...

    def leave(self, agents: Numbers) -> None:
        """Take agents out of the world."""
        ...

    def see(self, agents: Numbers) -> NDArray[np.bool_]:
        """Return which agents each of some agents sees; shape (agents asked for, all agents)."""
        ...

    def walk(self, agents: Numbers, places: Numbers) -> NDArray[np.bool_]:
        """Let agents walk towards places for one tick; return which of them moved, with shape (agents,)."""
        ...

    def dig(self, tick: int, agents: Numbers) -> Numbers:
        """Let agents gather what there is where they are; return how many pieces each got."""
        ...

    def take(self, tick: int, agents: Numbers, wanted: Numbers) -> Numbers:
        """Let agents take pieces of the first good from the common store; return how many each got."""
        ...

    def put(self, agents: Numbers, goods: Numbers, amounts: Numbers) -> Numbers:
        """Let agents put pieces of one good each into the common store; return how many pieces each put."""
        ...

    def give(self, agents: Numbers, to: Numbers, goods: Numbers) -> Numbers:
        """Let agents give a piece of one good each to another agent; return how many pieces each gave."""
        ...

    def eat(self, agents: Numbers) -> Numbers:
        """Let agents eat a piece of food that they have; return how many pieces each ate."""
        ...

    def say(self, agents: Numbers, lines: Sequence[str]) -> None:
        """Let agents say a line each."""
        ...

    def hear(self, tick: int) -> tuple[Numbers, Numbers]:
        """Return who heard whom since the last call: the numbers of utterances in `say`, and the hearers."""
        ...
