"""The minds of all agents of a society, as arrays; their bodies are the world's."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from askew.worlds.society.draws import shuffled, uniform
from askew.worlds.society.events import Events
from askew.worlds.society.world import Numbers, World

VOICES = 8
"""The number of voices on the society's topic that an agent remembers."""

_FIRST = ("Al", "Ber", "Cor", "Dar", "El", "Fen", "Gar", "Hil", "Iv", "Jor", "Kel", "Lor", "Mar", "Nor", "Os", "Per")
_LAST = ("a", "an", "bert", "da", "en", "ia", "ik", "in", "is", "la", "lin", "mir", "na", "o", "ric", "sa", "ta", "win")


class Work(NamedTuple):
    """Something that an agent can plan to do for some ticks.

    Attributes:
        line: The plan in the first person.
        place: The number of the place where it is done.
        for_store: What is gathered goes into the common store.
        past: The work as a habit, after "Lately you often ...".
    """

    line: str
    place: int
    for_store: bool = False
    past: str = ""


class Frame(NamedTuple):
    """The part of a society's state that its experiment defines.

    Attributes:
        works: What agents can plan to do.
        says: What those who take each side of the society's topic say.
        modules: The names of the modules that its agents have.
        has_store: There is a common store.
    """

    works: tuple[Work, ...]
    says: tuple[str, ...]
    modules: tuple[str, ...]
    has_store: bool


def _nothing() -> Numbers:
    return np.zeros(0, np.int32)


@dataclass
class Happened:
    """The occurrences of one tick, for the modules and the experiment: one value per occurrence.

    Attributes:
        lines: What was said.
        speaker: Who said each line.
        said: The side that each line takes; -1 if none.
        utterance: What was heard, as its number in `lines`.
        source: Who was heard.
        hearer: Who heard it.
        side: The side of what was heard; -1 if none.
        giver: Who gave something.
        receiver: Who got it.
        greedy: Who took more than one part of the store.
        worker: Who worked.
        eater: Who ate.
        sleeper: Who rested.
    """

    lines: Sequence[str] = ()
    speaker: Numbers = field(default_factory=_nothing)
    said: Numbers = field(default_factory=_nothing)
    utterance: Numbers = field(default_factory=_nothing)
    source: Numbers = field(default_factory=_nothing)
    hearer: Numbers = field(default_factory=_nothing)
    side: Numbers = field(default_factory=_nothing)
    giver: Numbers = field(default_factory=_nothing)
    receiver: Numbers = field(default_factory=_nothing)
    greedy: Numbers = field(default_factory=_nothing)
    worker: Numbers = field(default_factory=_nothing)
    eater: Numbers = field(default_factory=_nothing)
    sleeper: Numbers = field(default_factory=_nothing)


class State:
    """The agents of one society; every array has one row per agent.

    Args:
        world: The world with their bodies.
        events: The table that is being written.
        parts: The part of each agent.
        homes: The place where each agent lives.
        frame: What the experiment gives.
        seed: The society's seed.
    """

    def __init__(
        self, world: World, events: Events, parts: Sequence[str], homes: Numbers, frame: Frame, seed: int
    ) -> None:
        count = len(parts)
        self.world, self.events, self.seed = world, events, seed
        self.parts, self.homes = tuple(parts), homes
        self.works, self.says, self.modules, self.has_store = frame
        self.tick = 0
        self.work_place = np.array([*(work.place for work in self.works), -1], np.int32)  # by plan; the last is none
        self.work_for_store = np.array([*(work.for_store for work in self.works), False])
        self.names = names(count, seed)
        self.hunger = (uniform(seed, "hunger", -1, np.arange(count)) * 6).astype(np.int32)
        self.tired = np.zeros(count, np.int32)
        self.plan = np.full(count, -1, np.int32)
        self.aim = homes.astype(np.int32)  # the place where each agent wants to be
        self.habit = np.zeros((count, len(self.works)), np.float32)
        self.mood = np.zeros((count, count), np.float32)
        self.neighbour = np.full(count, -1, np.int32)
        self.near = np.zeros(count, np.int32)
        self.voices = np.full((count, VOICES), -1, np.int8)
        self.voice_at = np.zeros(count, np.int64)
        self.said = np.full(count, -1, np.int8)  # the side that each agent took last
        self.took = np.zeros(count, np.int32)  # the parts of the store that each agent got last

    def __len__(self) -> int:
        return len(self.parts)

    def present(self) -> Numbers:
        """Return the numbers of the agents that are in the world; the shape is (agents present,)."""
        return np.flatnonzero(self.world.present).astype(np.int32)

    def log(self, kind: str, tick: int, agents: NDArray[np.integer], **columns: object) -> None:
        """Add an event per agent, where it is now; `columns` are those of `Events.add`."""
        world = self.world
        self.events.add(kind, tick, agents, world.at[agents], world.x[agents], world.y[agents], **columns)  # pyright: ignore[reportArgumentType]

    def meet(self, tick: int, agents: Numbers) -> None:
        """Count the people near some agents, and draw one of them as the neighbour of the tick."""
        seen = self.world.see(agents)
        near = seen.sum(axis=1)
        nth = (uniform(self.seed, "neighbour", tick, agents) * near).astype(np.int64) + 1
        found = (seen.cumsum(axis=1, dtype=np.int32) == nth[:, None]).argmax(axis=1)
        self.near[agents] = near
        self.neighbour[agents] = np.where(near > 0, found, -1)


def names(count: int, seed: int) -> list[str]:
    """Return that many different names."""
    simple = list(dict.fromkeys(first + last for first in _FIRST for last in _LAST))
    order = shuffled(seed, "names", len(simple)).tolist()
    rounds = ["", *(f" {last}" for last in _FIRST), *(f" {name}" for name in simple)]
    return [simple[order[number % len(simple)]] + rounds[number // len(simple)] for number in range(count)]
