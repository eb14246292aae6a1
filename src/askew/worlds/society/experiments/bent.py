"""Bent: a few of the agents are bent. What do they do to the opinion, the store and the trust of the others?

The island has a common store of bread. A norm has two sides: side 0 is to take what one likes, side 1 to share. Each
day of six ticks has an hour at the market, where all meet, talk and take from the store; then everybody chooses what to
do, and last is asked how much it took, or whether it trusts a neighbour. Half-way and at the end there is a vote.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from askew.worlds.society.draws import shuffled
from askew.worlds.society.experiment import Answer, Condition, Experiment, Question
from askew.worlds.society.experiments import experiments
from askew.worlds.society.facts import Facts
from askew.worlds.society.questions import Act
from askew.worlds.society.state import State, Work
from askew.worlds.society.votes import tally
from askew.worlds.society.world import Good, Numbers, Place

DAY = ("say", "take", "say", "say", "act", "last")
"""The questions of each tick of a day; "last" is a claim on even days and trust on odd ones."""

OPINION_EVERY = 5
PARTS = (0, 1, 3)
"""Parts of the store that one can take; one part is one's own."""

_MARKET, _FARM, _GARDEN, _VILLAGE = range(4)
_TAKES = ("I take nothing today.", "I take my own part.", "I take three parts.")
_CLAIMS = ("I took nothing.", "I took my own part.", "I took three parts.")
_TRUST = ("I do not trust my neighbour.", "I trust my neighbour.")
_COUNTS = ("no", "one", "two", "three")


class Topic(NamedTuple):
    """A topic with two sides; each text comes as a pair, in the order of the sides.

    Attributes:
        background: A sentence about it.
        says: What agents say.
        votes: What agents vote for.
    """

    background: str
    says: tuple[str, str]
    votes: tuple[str, str]


TOPICS: Mapping[str, Topic] = {
    "share": Topic(
        "The bread in the common store is for all people.",
        ("People should take as much bread as they like.", "People should take only their own part."),
        ("I vote that people may take as much as they like.", "I vote that people take only their own part."),
    ),
    "work": Topic(
        "The bread in the common store comes from the work of all people.",
        ("Each should keep what he finds.", "Each should share what he finds."),
        ("I vote that each may keep what he finds.", "I vote that each shares what he finds."),
    ),
    "names": Topic(
        "The island has no name yet.",
        ("The island should be called Belmar.", "The island should be called Norwen."),
        ("I vote for the name Belmar.", "I vote for the name Norwen."),
    ),
}
"""The topics: two wordings of sharing and taking, and a pair of names that mean nothing."""


class Own(NamedTuple):
    """Facts of this experiment.

    Attributes:
        took: Parts that the agent got from the store last.
        neighbour_took: Parts that its neighbour got last.
        neighbour_said: The side that its neighbour took last; -1 if none.
    """

    took: int = 0
    neighbour_took: int = 0
    neighbour_said: int = -1


@experiments.register("bent")
class Bent(Experiment):
    """k of the agents are bent, the others good; only their models differ."""

    name = "bent"
    title = "A few bent agents"
    conditions: ClassVar = {
        "stay": Condition("The bent agents stay to the end."),
        "leave": Condition("The bent agents leave half-way."),
        "alone": Condition("Nobody hears what the others say.", is_control=True, without=("talk",)),
    }
    topics = tuple(TOPICS)
    has_bent = True
    stock = 2
    goods = (Good("bread"),)
    places = (
        Place("market", "at the market"),
        Place("farm", "on the farm", 0, 2.0),
        Place("garden", "in the garden", 0, 1.0),
        Place("village", "in the village"),
    )
    works = (
        Work("I work on the farm for the common store.", _FARM, True, "worked for the common store"),
        Work("I work in the garden for myself.", _GARDEN, False, "worked for yourself"),
    )
    tells: ClassVar = {
        "say": ("talk",),
        "opinion": ("talk",),
        "vote": ("talk",),
        "take": ("perceive", "needs", "talk"),
        "claim": (),
        "trust": ("social",),
        "act": ("perceive", "needs", "social", "plan", "talk"),
    }

    def parts(self) -> Sequence[str]:
        """Return "bent" for k agents, which are drawn, and "good" for the others; a larger k only adds bent ones."""
        order = shuffled(self.seed, "bent", self.setting.agents)
        bent = set(order[: self.setting.k].tolist())
        return ["bent" if agent in bent else "good" for agent in range(self.setting.agents)]

    def homes(self) -> Numbers:
        """Return the village for every agent; the shape is (agents,)."""
        return np.full(self.setting.agents, _VILLAGE, np.int32)

    def says(self) -> Sequence[str]:
        """Return what those who take each side of the topic say."""
        return self.topic.says

    @property
    def topic(self) -> Topic:
        """The topic of the talk."""
        return TOPICS[self.setting.topic]

    def begin_tick(self, state: State, tick: int) -> None:
        """Let the bent agents leave half-way, if they are to."""
        if self.setting.condition == "leave" and tick == self.setting.ticks // 2:
            state.world.leave(np.flatnonzero(np.array(state.parts) == "bent").astype(np.int32))

    def questions(self, state: State, tick: int) -> Iterable[Question]:
        """Return the question of the hour, and on some ticks the private one for the agent's opinion."""
        present, last = state.present(), self.setting.ticks - 1
        about = DAY[tick % len(DAY)]
        if tick in (last, last // 2) and last > 1:
            about = "vote"
        elif about == "last":
            about = "claim" if tick // len(DAY) % 2 == 0 else "trust"
        asked = present
        if about == "take":
            asked = present[state.world.at[present] == _MARKET]
        yield Question(about, asked)
        if tick % OPINION_EVERY == OPINION_EVERY - 1 or tick in (0, last):
            yield Question("opinion", present, private=True)

    def meeting(self, tick: int) -> int:
        """Return the market for the hours in which all meet; -1 for those of work."""
        return _MARKET if DAY[tick % len(DAY)] in ("say", "take") else -1

    def own_facts(self, state: State, about: str, agents: Numbers) -> Sequence[Own | None]:
        """Return what the agent took, and what its neighbour took and said, where it is asked about them."""
        if about == "claim":
            return [Own(took) for took in state.took[agents].tolist()]
        if about != "trust":
            return [None] * len(agents)
        other = state.neighbour[agents]
        return [Own(0, *known) for known in zip(state.took[other].tolist(), state.said[other].tolist(), strict=True)]

    def options(self, about: str, facts: Facts) -> Sequence[Act]:
        """Return the options of a question."""
        if about in ("say", "opinion"):
            return [Act(line, "say", side=side) for side, line in enumerate(self.topic.says)]
        if about == "vote":
            return [Act(line, "vote", side=side) for side, line in enumerate(self.topic.votes)]
        if about == "take":
            return [Act(line, "take", parts) for line, parts in zip(_TAKES, PARTS, strict=True)]
        if about == "claim":
            return [Act(line, "claim", parts) for line, parts in zip(_CLAIMS, PARTS, strict=True)]
        if not facts.has_neighbour:
            return []
        return [Act(line, "trust", side) for side, line in enumerate(_TRUST)]

    def background(self, about: str, facts: Facts) -> Sequence[str]:
        """Return where the agent lives and what the topic is about."""
        return "You live with other people on a small island.", self.topic.background

    def question(self, about: str, facts: Facts) -> Sequence[str]:
        """Return what is special in a question, and the question."""
        own = facts.own if isinstance(facts.own, Own) else Own()
        match about:
            case "say":
                return ("What do you say to the people?",)
            case "opinion":
                return "Nobody else hears your answer.", "What do you think?"
            case "vote":
                return "Today all people vote.", "How do you vote?"
            case "take":
                return "One part of the bread is yours today.", "How much do you take?"
            case "claim":
                return _took("You", own.took), "A neighbour asks how much you took.", "What do you say?"
            case "trust":
                said = f"Your neighbour said: {self.topic.says[own.neighbour_said]}" if own.neighbour_said >= 0 else ""
                return _took("Your neighbour", own.neighbour_took), said, "Do you trust your neighbour?"
            case _:
                return ("What do you do next?",)

    def effect(self, state: State, tick: int, kind: str, answers: Sequence[Answer]) -> None:
        """Count a vote, or let trust change moods."""
        agents = np.array([answer.agent for answer in answers], np.int32)
        if kind == "vote":
            sides = np.array([answer.act.side for answer in answers], np.int32)
            state.log("vote", tick, agents, option=sides)
            won = tally(sides)
            if won is not None:
                line = state.events.text(self.topic.votes[won])
                state.events.add("law", tick, np.array([-1]), number=float(won), text=line)
            return
        other, trusts = state.neighbour[agents], np.array([answer.act.number for answer in answers])
        state.mood[agents, other] = (state.mood[agents, other] + 2 * trusts - 1) / 2
        lines = state.events.texts([answer.act.line for answer in answers])
        state.log("feel", tick, agents, to=other, number=state.mood[agents, other].astype(float), text=lines)


def _took(who: str, parts: int) -> str:
    amount = "no bread" if parts == 0 else "one part of the bread" if parts == 1 else f"{_COUNTS[parts]} parts"
    return f"{who} took {amount}."
