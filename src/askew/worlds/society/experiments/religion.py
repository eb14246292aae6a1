"""Religion: priests in one town of six spread a meme. Who hears it, who passes it on, and who believes it?

The meme is that a Great Turtle carries the island. To speak of it, to deny it and to believe it are different things;
so belief is asked in private, and keywords are counted beside it. Who hasn't heard of the turtle can't speak of it,
though anybody may have seen a turtle. (After Project Sid, arXiv 2411.00114: one run, belief counted by keyword.)
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from askew.worlds.society.draws import uniform
from askew.worlds.society.experiment import Answer, Condition, Experiment, Question, Setting
from askew.worlds.society.experiments import experiments
from askew.worlds.society.facts import Facts
from askew.worlds.society.questions import Act
from askew.worlds.society.state import Happened, State
from askew.worlds.society.world import Good, Numbers, Place

KEYWORDS: Mapping[str, tuple[str, ...]] = {"direct": ("Great Turtle",), "indirect": ("turtle",)}
"""Words that count as conversion where belief isn't asked; capitals are small when they are compared."""

BELIEF_EVERY = 6
HOUR = ("say", "say", "go")
"""The questions of each tick of an hour."""

_SAYS = ("There is no Great Turtle.", "The Great Turtle carries our island.")
_GOSSIP = "People speak of a Great Turtle."
_SERMONS = ("The Great Turtle carries our island.", "Thank the Great Turtle for this day.", "The Great Turtle is good.")
_SMALL_TALK = ("It is raining again.", "I saw a turtle at the harbour.")
_BELIEFS = ("I do not believe in the Great Turtle.", "I believe in the Great Turtle.")
_TOWNS = ("Belmar", "Corlin", "Darlen", "Fenmir", "Garlan", "Norwen")
_HEARD = ("", "You have heard of the Great Turtle once.", "You have heard of the Great Turtle a few times.")
_OFTEN = "You have often heard of the Great Turtle."


class Own(NamedTuple):
    """Facts of this experiment.

    Attributes:
        exposures: How often the agent has heard the meme, also as gossip; denials don't count.
        home: The town where it lives.
        road: Another town, for a journey.
        wording: The number of a priest's wording.
    """

    exposures: int = 0
    home: int = 0
    road: int = 0
    wording: int = 0


@experiments.register("religion")
class Religion(Experiment):
    """Agents in six towns, with priests in the first."""

    name = "religion"
    title = "A meme and a belief"
    conditions: ClassVar = {
        "priests": Condition("Some of those who live in the first town are priests."),
        "no-priests": Condition("There are no priests, so the meme is never said.", is_control=True),
    }
    agents = 60
    ticks = 60
    pace = 2
    least = 12
    stride = 10
    goods = (Good("bread"),)
    places = tuple(Place(name, f"in {name}") for name in _TOWNS)
    works = ()
    unpaced = ("belief",)
    tells: ClassVar = {"say": ("perceive", "talk"), "belief": ("talk",), "go": ("perceive",)}

    def __init__(self, setting: Setting, seed: int) -> None:
        super().__init__(setting, seed)
        self._exposures = np.zeros(setting.agents, np.int64)
        self._adopted, self._converted = np.zeros((2, setting.agents), np.bool_)

    def parts(self) -> Sequence[str]:
        """Return "priest" for one agent in 25, at least two, who live in the first town, and "agent" for the others."""
        priests = max(2, self.setting.agents // 25) if self.setting.condition != "no-priests" else 0
        chosen = set(np.flatnonzero(self.homes() == 0)[:priests].tolist())
        return ["priest" if agent in chosen else "agent" for agent in range(self.setting.agents)]

    def homes(self) -> Numbers:
        """Return the towns, to each of which as many agents belong; the shape is (agents,)."""
        return (np.arange(self.setting.agents) % len(_TOWNS)).astype(np.int32)

    def says(self) -> Sequence[str]:
        """Return what those say who deny the meme and who pass it on."""
        return _SAYS

    def questions(self, state: State, tick: int) -> Iterable[Question]:
        """Return the talk or the journey of the hour, and on some ticks the private question of belief.

        Those who have heard the meme are asked what they believe, and at the end everybody.
        """
        present = state.present()
        agents = present[np.array(state.parts)[present] == "agent"]
        yield Question(HOUR[tick % len(HOUR)], present)
        if tick == self.setting.ticks - 1:
            yield Question("belief", agents, private=True)
        elif tick % BELIEF_EVERY == BELIEF_EVERY - 1:
            yield Question("belief", agents[self._exposures[agents] > 0], private=True)

    def own_facts(self, state: State, about: str, agents: Numbers) -> Sequence[Hashable]:
        """Return how often each agent heard the meme, and towns where it is asked to go."""
        exposures = self._exposures[agents].tolist()
        if about != "go":
            words = (uniform(self.seed, "wording", state.tick, agents) * len(_SERMONS)).astype(int).tolist()
            return [
                Own(heard, wording=wording if state.parts[agent] == "priest" else 0)
                for agent, heard, wording in zip(agents.tolist(), exposures, words, strict=True)
            ]
        roads = (uniform(self.seed, "road", state.tick, agents) * len(_TOWNS)).astype(int).tolist()
        homes = state.homes[agents].tolist()
        return [Own(0, home, road) for home, road in zip(homes, roads, strict=True)]

    def options(self, about: str, facts: Facts) -> Sequence[Act]:
        """Return the options of a question; a priest speaks of nothing but the meme."""
        own: Own = facts.own  # pyright: ignore[reportAssignmentType]
        if about == "belief":
            return [Act(line, "belief", side=side) for side, line in enumerate(_BELIEFS)]
        if about == "go":
            return _journeys(facts.place, own)
        if facts.part == "priest":
            return [Act(_SERMONS[own.wording], "say", side=1)]
        small = [Act(line, "say") for line in _SMALL_TALK]
        if not own.exposures:
            return small
        return [*(Act(line, "say", side=side) for side, line in enumerate(_SAYS)), Act(_GOSSIP, "say"), *small]

    def background(self, about: str, facts: Facts) -> Sequence[str]:
        """Return where the agent lives."""
        return ("You live on an island with six towns.",)

    def question(self, about: str, facts: Facts) -> Sequence[str]:
        """Return what is special in a question, and the question."""
        own: Own = facts.own  # pyright: ignore[reportAssignmentType]
        heard = _HEARD[own.exposures] if own.exposures < 2 else _HEARD[2] if own.exposures < 6 else _OFTEN
        if about == "go":
            return ("Where do you go next?",)
        if about == "say":
            return heard, "What do you say to the people?"
        return heard, "Nobody else hears your answer.", "Do you believe in the Great Turtle?"

    def private_answers(self, state: State, tick: int, about: str, answers: Sequence[Answer]) -> None:
        """Write down who says for the first time that it believes."""
        believes = np.array([answer.agent for answer in answers if answer.act.side == 1], np.int32)
        new = believes[~self._converted[believes]]
        self._converted[new] = True
        state.log("convert", tick, new)

    def end_tick(self, state: State, tick: int, happened: Happened) -> None:
        """Write down who heard the meme, and who used a keyword in public for the first time."""
        direct = KEYWORDS["direct"]
        spoken = np.array([any(word in line for word in direct) for line in happened.lines], np.bool_)
        agent = np.array(state.parts)[happened.speaker] == "agent"
        new = spoken & agent & ~self._adopted[happened.speaker]
        adopters = happened.speaker[new]
        self._adopted[adopters] = True
        lines = state.events.texts(list(happened.lines))
        state.log("adopt", tick, adopters, text=lines[new], option=happened.said[new])
        lay = np.array(state.parts)[happened.hearer] == "agent"
        told = spoken[happened.utterance] & (happened.side != 0) & lay
        source, hearer = happened.source[told], happened.hearer[told]
        np.add.at(self._exposures, hearer, 1)
        state.log("expose", tick, hearer, source=source, option=happened.side[told])


def _journeys(place: int, own: Own) -> list[Act]:
    """Return where an agent can go: to stay, to go home or to another town."""
    stay = [Act("I stay in this town.", "go", place)] if place >= 0 else []
    away = [Act("I go home.", "go", own.home)] if place != own.home else []
    other = [Act(f"I go to {_TOWNS[own.road]}.", "go", own.road)] if own.road not in (place, own.home) else []
    return stay + away + other
