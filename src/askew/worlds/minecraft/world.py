"""The society's world in Minecraft: bodies walk, see and chat on a server; goods and draws are the island's."""

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from askew.base.errors import AskewError
from askew.worlds.minecraft.bridge import Bridge, Left
from askew.worlds.minecraft.texts import chat_line, player_names
from askew.worlds.society.island import HEARING, Island
from askew.worlds.society.world import Good, Numbers, Place

VERSION = "1.16.1"
"""The version of Minecraft that the server speaks; chat in later ones is signed."""

MOST_AGENTS = 60
"""The most agents; on two cores so many join in about half a minute."""

BLOCKS = {"bread": "hay_block", "fish": "dried_kelp_block", "wood": "oak_log", "coins": "gold_block"}
"""The block that is dug for each good; a pumpkin for others."""

_BLOCKS_PER_SECOND = 4.0  # a player walks 4.3 blocks in a second, and runs 5.6
_ARRIVES_WITHIN, _DIGS_WITHIN = 5.0, 5.0  # seconds
_PLACED = 1  # blocks from its cell at which an agent has arrived


class _At(BaseModel):
    """Cells of all players; None of one that isn't there."""

    at: list[tuple[int, int] | None]


class _Sees(BaseModel):
    """Pairs of players: whose client shows whom, and the cell where it shows it."""

    sees: list[tuple[int, int, int, int]]


class _Heard(BaseModel):
    """Pairs of a line and a player whose client got it."""

    heard: list[tuple[int, int]]


class _Dug(BaseModel):
    """The players that dug a block."""

    dug: list[int]


class _Done(BaseModel):
    """Nothing that matters."""


def check_agents(agents: int) -> None:
    """Check that a server can take so many agents.

    Raises:
        AskewError: There are too many.
    """
    if agents > MOST_AGENTS:
        raise AskewError(f"Minecraft takes at most {MOST_AGENTS} agents, not {agents}. Give fewer with --agents")


class Minecraft(Island):
    """A world whose bodies are players of a Minecraft server.

    Args:
        bridge: The process with the server.
        agents: The number of agents.
        places: The places, laid out as on the island.
        goods: The goods.
        size: Cells on each side; 0 for as many as the agents need.
        stride: Cells that an agent walks in a tick at most; 0 for half the island.
        stock: Pieces of the first good in the common store at the beginning.
        seed: The society's seed.
        tick_seconds: Seconds that a tick lasts at least.
        on_left: Is called with the name and the reason when an agent leaves that wasn't asked to.

    Attributes:
        said: The lines that were said.
        arrived: How often one of them arrived at another player's client.
        heard: How often one of them was heard, which also needs its speaker near and in sight.
        joined_in: Seconds until all had joined.

    Raises:
        AskewError: There are too many agents, or the island is too small for them.
    """

    def __init__(
        self,
        bridge: Bridge,
        agents: int,
        places: Sequence[Place],
        goods: Sequence[Good],
        size: int = 0,
        stride: int = 0,
        stock: int = 0,
        seed: int = 0,
        tick_seconds: float = 0.0,
        on_left: Callable[[str, str], None] = lambda name, reason: None,
    ) -> None:
        check_agents(agents)
        super().__init__(agents, places, goods, size, stride, stock, seed)
        self._bridge, self._tick_seconds, self._on_left = bridge, tick_seconds, on_left
        self._walks_within = 2 + 1.5 * self._stride / _BLOCKS_PER_SECOND
        self._sees = np.zeros((agents, agents), np.bool_)
        self._arrived: list[tuple[int, int]] = []
        self._began = -math.inf
        self.said = self.arrived = self.heard = 0
        self.joined_in = 0.0

    def spawn(self, names: Sequence[str], homes: Numbers) -> None:
        """Start the server, let all agents join, and put each into its place.

        Raises:
            AskewError: The server does not start, or no agent could join.
        """
        super().spawn(names, homes)
        self._names, began = player_names(names), time.monotonic()
        self._bridge.ask("start", _Done, size=self.size, version=VERSION, most=len(names))
        bots = [[name, *cell] for name, cell in zip(self._names, self._cells(), strict=True)]
        self._settle(self._bridge.ask("spawn", _At, bots=bots))
        everybody = np.arange(len(names), dtype=np.int32)
        self.at = np.where(self._has_reached(everybody, homes), homes, -1).astype(np.int32)
        self.joined_in = time.monotonic() - began

    def leave(self, agents: Numbers) -> None:
        """Take agents out of the world."""
        super().leave(agents)
        self._bridge.ask("leave", _Done, bots=agents.tolist())

    def see(self, agents: Numbers) -> NDArray[np.bool_]:
        """Return which agents each of some agents sees; shape (agents asked for, all agents).

        An agent sees those whom its own client shows within hearing distance.
        """
        return self._sees[agents] & self.present

    def walk(self, agents: Numbers, places: Numbers) -> NDArray[np.bool_]:
        """Let agents walk towards places for one tick; return which of them moved, with shape (agents,)."""
        self._wait()
        before = self.x[agents], self.y[agents]
        super().walk(agents, places)  # to where each would get on the island
        cells = self._cells()
        bots = [[agent, *cells[agent]] for agent in agents.tolist()]
        self.x[agents], self.y[agents] = before  # until it is known where they got
        self._settle(self._bridge.ask("walk", _At, bots=bots, seconds=self._walks_within))
        self.at[agents] = np.where(self._has_reached(agents, places), places, -1)
        return (self.x[agents] != before[0]) | (self.y[agents] != before[1])

    def dig(self, tick: int, agents: Numbers) -> Numbers:
        """Let agents dig where there is something to gather; those who did get what the island's draw gives them."""
        goods = np.array([*(place.good for place in self.places), -1], np.int32)[self.at[agents]]
        blocks = [BLOCKS.get(good.name, "pumpkin") for good in self.goods]
        able = goods >= 0
        bots = [[agent, blocks[good]] for agent, good in zip(agents[able].tolist(), goods[able].tolist(), strict=True)]
        reply = self._bridge.ask("dig", _Dug, bots=bots, seconds=_DIGS_WITHIN) if bots else _Dug(dug=[])
        self._drop_those_who_left()
        done = np.isin(agents, np.array(reply.dug, np.int32))
        got = np.zeros(len(agents), np.int32)
        got[done] = super().dig(tick, agents[done])
        return got

    def give(self, agents: Numbers, to: Numbers, goods: Numbers) -> Numbers:
        """Let agents give a piece of one good each to another agent; return how many pieces each gave."""
        given = super().give(agents, to, goods)
        pairs = [[one, other] for one, other, gave in zip(agents.tolist(), to.tolist(), given, strict=True) if gave]
        if pairs:
            self._bridge.ask("give", _Done, pairs=pairs)
        return given

    def say(self, agents: Numbers, lines: Sequence[str]) -> None:
        """Let agents chat a line each."""
        super().say(agents, lines)
        texts = [chat_line(line) for line in lines]
        spoken = [at for at, text in enumerate(texts) if text]
        self._arrived = []
        if spoken:
            chat = [[int(agents[at]), texts[at]] for at in spoken]
            reply = self._bridge.ask("say", _Heard, lines=chat, seconds=_ARRIVES_WITHIN)
            self._arrived = [(spoken[line], hearer) for line, hearer in reply.heard]
        self._drop_those_who_left()
        self.said += len(spoken)
        self.arrived += len(self._arrived)

    def hear(self, tick: int) -> tuple[Numbers, Numbers]:
        """Return who heard whom since the last call: the numbers of utterances in `say`, and the hearers.

        A line is heard by those whose client got it and who see its speaker. Each takes in as many as on the island.
        """
        said, self._said = self._said, np.zeros(0, np.int32)
        near = sorted((hearer, line) for line, hearer in self._arrived if self._sees[hearer, said[line]])
        hearer, number = np.array(near, np.int64).reshape(-1, 2).T
        hearer, number = self._within_ears(tick, hearer, number, said)
        present = self.present[hearer]
        self.heard += int(present.sum())
        return number[present].astype(np.int32), hearer[present].astype(np.int32)

    def _cells(self) -> list[tuple[int, int]]:
        return list(zip(self.x.tolist(), self.y.tolist(), strict=True))

    def _has_reached(self, agents: Numbers, places: Numbers) -> NDArray[np.bool_]:
        apart_x = self._corner_x[places] + self._cell_x[agents] - self.x[agents]
        apart_y = self._corner_y[places] + self._cell_y[agents] - self.y[agents]
        return np.maximum(np.abs(apart_x), np.abs(apart_y)) <= _PLACED

    def _settle(self, reply: _At) -> None:
        """Take over where the players are, and whom each of them sees."""
        for agent, cell in enumerate(reply.at[: len(self.x)]):
            if cell is not None:
                self.x[agent], self.y[agent] = cell
        self._sees[:] = False
        for agent, other, x, y in self._bridge.ask("see", _Sees).sees:
            self._sees[agent, other] = max(abs(x - self.x[agent]), abs(y - self.y[agent])) <= HEARING
        self._drop_those_who_left()

    def _drop_those_who_left(self) -> None:
        left, self._bridge.left[:] = list(self._bridge.left), []
        for one in left:
            if self.present[one.bot]:
                self.present[one.bot] = False
                self._on_left(self._names[one.bot], _reason(one))

    def _wait(self) -> None:
        """Wait until the last tick has lasted as long as it should."""
        left = self._began + self._tick_seconds - time.monotonic()
        if left > 0:
            time.sleep(left)
        self._began = time.monotonic()


def _reason(left: Left) -> str:
    return chat_line(left.reason) or "no reason was given"
