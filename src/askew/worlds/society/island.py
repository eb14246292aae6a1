"""The island: a deterministic world on a grid of cells, with places, a common store, and voices that carry some way.

Each place is a square with a cell for every agent, so a whole society can meet at one of them.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from askew.base.errors import AskewError
from askew.worlds.society.draws import shuffled, uniform
from askew.worlds.society.world import Good, Numbers, Place

HEARING = 6
"""Cells, in either direction, that a voice carries and an eye sees."""

EARS = 4
"""The most voices that an agent takes in during one tick; which ones is drawn."""


class Island:
    """A world of `size` by `size` cells.

    Args:
        agents: The number of agents.
        places: The places, spread over the island in rows.
        goods: The goods.
        size: Cells on each side; 0 for as many as the agents need.
        stride: Cells that an agent walks in a tick; 0 for half the island.
        stock: Pieces of the first good in the common store at the beginning.
        seed: The society's seed.

    Raises:
        AskewError: The island is too small for its agents.
    """

    def __init__(
        self,
        agents: int,
        places: Sequence[Place],
        goods: Sequence[Good],
        size: int = 0,
        stride: int = 0,
        stock: int = 0,
        seed: int = 0,
    ) -> None:
        self.places, self.goods = tuple(places), tuple(goods)
        self._seed = seed
        rows = math.ceil(math.sqrt(len(places)))
        width = math.ceil(math.sqrt(agents))  # of the square of a place
        least = rows * (width + 1)
        self.size = size or rows * (width + HEARING + 2)
        if self.size < least:
            raise AskewError(
                f"an island of {self.size} by {self.size} cells is too small for {agents} agents at {len(places)} "
                f"places. Give it a size of at least {least}, or fewer agents"
            )
        self._stride = stride or max(8, math.ceil(self.size / 2))
        pitch, number = self.size / rows, np.arange(len(places))
        self._corner_x = ((number % rows + 0.5) * pitch - width / 2).astype(np.int32)
        self._corner_y = ((number // rows + 0.5) * pitch - width / 2).astype(np.int32)
        cell = shuffled(seed, "cell", width * width)[:agents]
        self._cell_x, self._cell_y = (cell % width).astype(np.int32), (cell // width).astype(np.int32)
        self.x, self.y, self.at = (np.full(agents, -1, np.int32) for _ in range(3))
        self.bag = np.zeros((agents, len(goods)), np.int32)
        self.store = np.zeros(len(goods), np.int32)
        self.store[0] = stock
        self.present = np.zeros(agents, np.bool_)
        self._said = np.zeros(0, np.int32)

    def centre(self, place: int) -> tuple[int, int]:
        """Return the cell in the middle of a place."""
        half = math.ceil(math.sqrt(len(self.x))) // 2
        return int(self._corner_x[place]) + half, int(self._corner_y[place]) + half

    def spawn(self, names: Sequence[str], homes: Numbers) -> None:
        """Put all agents into the world, each at a place."""
        self.x, self.y = self._corner_x[homes] + self._cell_x, self._corner_y[homes] + self._cell_y
        self.at = homes.astype(np.int32)
        self.present[:] = True

    def leave(self, agents: Numbers) -> None:
        """Take agents out of the world."""
        self.present[agents] = False

    def see(self, agents: Numbers) -> NDArray[np.bool_]:
        """Return which agents each of some agents sees; shape (agents asked for, all agents)."""
        near = _within(self.x, agents) & _within(self.y, agents) & self.present
        near[np.arange(len(agents)), agents] = False
        return near

    def walk(self, agents: Numbers, places: Numbers) -> NDArray[np.bool_]:
        """Let agents walk towards places for one tick; return which of them moved, with shape (agents,)."""
        go_x = self._corner_x[places] + self._cell_x[agents] - self.x[agents]
        go_y = self._corner_y[places] + self._cell_y[agents] - self.y[agents]
        moved = (go_x != 0) | (go_y != 0)
        self.x[agents] += np.clip(go_x, -self._stride, self._stride)
        self.y[agents] += np.clip(go_y, -self._stride, self._stride)
        arrived = np.maximum(np.abs(go_x), np.abs(go_y)) <= self._stride
        self.at[agents] = np.where(arrived, places, -1)
        return moved

    def dig(self, tick: int, agents: Numbers) -> Numbers:
        """Let agents gather what there is where they are; return how many pieces each got."""
        good = np.array([place.good for place in self.places] + [-1], np.int32)[self.at[agents]]
        rate = np.array([place.rate for place in self.places] + [0.0])[self.at[agents]]
        got = np.floor(rate + uniform(self._seed, "dig", tick, agents)).astype(np.int32) * (good >= 0)
        self.bag[agents, good] += got  # with -1, nothing is added to the last good
        return got

    def take(self, tick: int, agents: Numbers, wanted: Numbers) -> Numbers:
        """Let agents take pieces of the first good from the common store; return how many each got.

        Those who come first, in an order that is drawn, get what they want while there is some.
        """
        order = np.argsort(uniform(self._seed, "queue", tick, agents), kind="stable")
        before = np.cumsum(wanted[order]) - wanted[order]
        got = np.zeros_like(wanted)
        got[order] = np.clip(self.store[0] - before, 0, wanted[order])
        self.store[0] -= got.sum()
        self.bag[agents, 0] += got
        return got

    def put(self, agents: Numbers, goods: Numbers, amounts: Numbers) -> Numbers:
        """Let agents put pieces of one good each into the common store; return how many pieces each put."""
        amount = np.minimum(amounts, self.bag[agents, goods])
        self.bag[agents, goods] -= amount
        np.add.at(self.store, goods, amount)
        return amount

    def give(self, agents: Numbers, to: Numbers, goods: Numbers) -> Numbers:
        """Let agents give a piece of one good each to another agent; return how many pieces each gave."""
        given = ((self.bag[agents, goods] > 0) & (to >= 0)).astype(np.int32)
        self.bag[agents, goods] -= given
        np.add.at(self.bag, (to, goods), given)
        return given

    def eat(self, agents: Numbers) -> Numbers:
        """Let agents eat a piece of food that they have; return how many pieces each ate."""
        food = np.array([good.is_food for good in self.goods])
        has = (self.bag[agents] > 0) & food
        eaten = np.array(has.any(axis=1), np.int32)
        self.bag[agents, has.argmax(axis=1)] -= eaten
        return eaten

    def say(self, agents: Numbers, lines: Sequence[str]) -> None:
        """Let agents say a line each."""
        self._said = agents

    def hear(self, tick: int) -> tuple[Numbers, Numbers]:
        """Return who heard whom since the last call: the numbers of utterances in `say`, and the hearers.

        An agent takes in at most EARS voices. The pairs are in the order of the hearers.
        """
        said, self._said = self._said, np.zeros(0, np.int32)
        if not len(said):
            return said, said
        hearer, number = np.nonzero(self.see(said).T)
        hearer, number = self._within_ears(tick, hearer, number, said)
        present = self.present[hearer]
        return number[present].astype(np.int32), hearer[present].astype(np.int32)

    def _within_ears(
        self, tick: int, hearer: NDArray[np.int64], number: NDArray[np.int64], said: Numbers
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        voices = np.bincount(hearer, minlength=len(self.x))
        if voices.max(initial=0) <= EARS:
            return hearer, number
        loudness = uniform(self._seed, "ears", tick, hearer * len(self.x) + said[number])
        order = np.argsort(hearer + loudness)
        rank = np.arange(len(hearer)) - np.repeat(np.cumsum(voices) - voices, voices)
        kept = np.sort(order[rank < EARS])
        return hearer[kept], number[kept]


def _within(line: Numbers, agents: Numbers) -> NDArray[np.bool_]:
    """Return which agents are in hearing distance of some agents along one axis."""
    small = line.astype(np.int16)  # no island is larger; and small numbers are quick
    apart = small[agents, None] - (small - np.int16(HEARING))
    return apart.view(np.uint16) <= 2 * HEARING  # a negative number is a large one without its sign
