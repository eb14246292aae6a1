"""The frame of an experiment: its conditions, its agents, what they are asked when, and what their answers do."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

import numpy as np

from askew.base.errors import AskewError, unknown_name
from askew.worlds.society.facts import Facts
from askew.worlds.society.modules import MODULES
from askew.worlds.society.questions import Act, Chosen
from askew.worlds.society.state import Happened, State, Work
from askew.worlds.society.world import Good, Numbers, Place

ALL_MODULES = tuple(MODULES)

MOST: Mapping[str, int] = {"agents": 10_000, "ticks": 100_000, "pace": 1_000, "k": 10_000, "size": 10_000}
"""The largest values of a setting. Everybody may have a mood of everybody: 400 MB for 10,000 agents."""


@dataclass(frozen=True)
class Setting:
    """A society to play; what is 0 or "" is left to the experiment.

    Attributes:
        experiment: The experiment's name.
        condition: The condition's name.
        agents: The number of agents.
        ticks: The number of ticks.
        k: The number of agents that are bent.
        topic: The topic of the talk, in experiments that have several.
        size: Cells on each side of the island.
        pace: Ticks between two decisions of an agent, on average.
        replicate: The number of the society among those with this setting.
    """

    experiment: str = "bent"
    condition: str = ""
    agents: int = 0
    ticks: int = 0
    k: int = 0
    topic: str = ""
    size: int = 0
    pace: int = 0
    replicate: int = 0


@dataclass(frozen=True)
class Condition:
    """One way to set an experiment up.

    Attributes:
        about: What is special in it, in one sentence.
        is_control: Others are compared with it.
        without: The modules that its agents lack.
    """

    about: str
    is_control: bool = False
    without: tuple[str, ...] = ()


class Question(NamedTuple):
    """A question that agents are asked in a tick; `private` ones are no acts."""

    about: str
    agents: Numbers
    private: bool = False


class Answer(NamedTuple):
    """The act that one agent chose."""

    agent: int
    act: Act
    chosen: Chosen


class Experiment(ABC):
    """One society's experiment. A subclass is registered by name in `askew.worlds.society.experiments`.

    Attributes:
        name: Its name.
        title: A short name for people.
        conditions: The conditions by name; the first is the default.
        has_bent: Some of its agents can be bent.
        topics: The names of the topics, if there are several; the first is the default.
        agents: The default number of agents.
        ticks: The default number of ticks.
        pace: The default pace.
        least: The least number of agents.
        stock: Pieces in the common store at the beginning, per agent.
        goods: What can be gathered; the common store holds the first.
        places: The places of the island.
        works: What agents can plan to do.
        stride: Cells that an agent walks in a tick; 0 for half the island.
        unpaced: What everybody is asked about at once, whatever the pace.
        tells: The modules whose sentences a prompt has, by what is asked about; all of them if it isn't there.

    Args:
        setting: The setting, with nothing left open.
        seed: The society's seed.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    conditions: ClassVar[Mapping[str, Condition]]
    has_bent: ClassVar[bool] = False
    topics: ClassVar[Sequence[str]] = ()
    agents: ClassVar[int] = 30
    ticks: ClassVar[int] = 30
    pace: ClassVar[int] = 1
    least: ClassVar[int] = 2
    stock: ClassVar[int] = 0
    goods: ClassVar[Sequence[Good]]
    places: ClassVar[Sequence[Place]]
    works: ClassVar[Sequence[Work]]
    stride: ClassVar[int] = 0
    unpaced: ClassVar[Sequence[str]] = ("vote",)
    tells: ClassVar[Mapping[str, Sequence[str]]] = {}

    def __init__(self, setting: Setting, seed: int) -> None:
        self.setting, self.seed = setting, seed
        self.condition = self.conditions[setting.condition]
        self.modules = tuple(name for name in ALL_MODULES if name not in self.condition.without)

    @classmethod
    def whole(cls, setting: Setting) -> Setting:
        """Return a setting with nothing left open.

        Raises:
            AskewError: The setting cannot be played.
        """
        condition = setting.condition or next(iter(cls.conditions))
        if condition not in cls.conditions:
            raise unknown_name(f"condition of {cls.name}", condition, cls.conditions)
        topic = setting.topic or (cls.topics[0] if cls.topics else "")
        if topic and topic not in cls.topics:
            raise unknown_name(f"topic of {cls.name}", topic, cls.topics)
        filled = replace(
            setting,
            condition=condition,
            topic=topic,
            agents=setting.agents or cls.agents,
            ticks=setting.ticks or cls.ticks,
            pace=setting.pace or cls.pace,
        )
        cls.check(filled)
        return filled

    @classmethod
    def check(cls, setting: Setting) -> None:
        """Check a setting in which nothing is open.

        Raises:
            AskewError: The setting cannot be played.
        """
        for field in ("agents", "ticks", "pace", "k", "size"):
            value, most = getattr(setting, field), MOST[field]
            if not 0 <= value <= most:
                raise AskewError(f"{field} of a society is {value:,}. Give a number from 0 to {most:,}")
        if setting.agents < cls.least:
            raise AskewError(f"the experiment {cls.name} needs at least {cls.least} agents, not {setting.agents}")
        if setting.k and not cls.has_bent:
            raise AskewError(
                f"the experiment {cls.name} has no bent agents. Leave k out, or choose the experiment bent"
            )
        if setting.k > setting.agents:
            raise AskewError(
                f"{setting.k} of {setting.agents} agents cannot be bent. Give a k of at most {setting.agents}"
            )

    def says(self) -> Sequence[str]:
        """Return what those who take each side of the society's topic say, as others report it."""
        return ()

    def parts(self) -> Sequence[str]:
        """Return the part of each agent."""
        return ["agent"] * self.setting.agents

    def homes(self) -> Numbers:
        """Return the place where each agent lives; the shape is (agents,)."""
        return np.zeros(self.setting.agents, np.int32)

    def begin(self, state: State) -> None:
        """Prepare what the experiment keeps, before the first tick."""
        return

    def begin_tick(self, state: State, tick: int) -> None:
        """Do what happens before a tick's questions."""
        return

    @abstractmethod
    def questions(self, state: State, tick: int) -> Iterable[Question]:
        """Return what is asked in a tick."""

    def own_facts(self, state: State, about: str, agents: Numbers) -> Sequence[Hashable]:
        """Return the experiment's own facts, one value per agent."""
        return [None] * len(agents)

    @abstractmethod
    def options(self, about: str, facts: Facts) -> Sequence[Act]:
        """Return what can be chosen in a question other than "act", where the modules propose."""

    @abstractmethod
    def background(self, about: str, facts: Facts) -> Sequence[str]:
        """Return the sentences of a prompt before those of the modules."""

    @abstractmethod
    def question(self, about: str, facts: Facts) -> Sequence[str]:
        """Return the sentences of a prompt after those of the modules; the last one asks."""

    def meeting(self, tick: int) -> int:
        """Return the place where everybody goes in a tick; -1 if each goes where its plan leads."""
        return -1

    def effect(self, state: State, tick: int, kind: str, answers: Sequence[Answer]) -> None:
        """Carry out chosen acts of a kind that only this experiment knows."""
        return

    def private_answers(self, state: State, tick: int, about: str, answers: Sequence[Answer]) -> None:
        """Read private answers, which change nothing in the world."""
        return

    def end_tick(self, state: State, tick: int, happened: Happened) -> None:
        """Do what happens after a tick, when all modules have updated the state."""
        return
