"""Roles: nobody is given one. Do agents come to do different work, and to stay with it?

There is work in four places, and everybody may do any. On every fourth tick all meet at the market and say what they
need; then they choose what to do. The role of an agent in a window of time is what it mostly did, by `ROLES`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import numpy as np

from askew.worlds.society.experiment import Condition, Experiment, Question
from askew.worlds.society.experiments import experiments
from askew.worlds.society.facts import Facts
from askew.worlds.society.questions import Act
from askew.worlds.society.state import State, Work
from askew.worlds.society.world import Good, Numbers, Place

TALK_EVERY = 4

_MARKET, _FARM, _HARBOUR, _VALLEY, _VILLAGE = range(5)
_NEEDS = ("We need more bread.", "We need more fish.", "We need more wood.", "We need more houses.")

ROLES: Mapping[str, str] = {
    "I work on the farm.": "farmer",
    "I catch fish at the harbour.": "fisher",
    "I cut wood in the valley.": "woodcutter",
    "I build houses in the village.": "builder",
    "I give bread to my neighbour.": "helper",
    "I give fish to my neighbour.": "helper",
    "I give wood to my neighbour.": "helper",
    "I rest.": "idler",
}
"""The role that a chosen line counts for; eating counts for none."""


@experiments.register("roles")
class Roles(Experiment):
    """All agents are alike, and none has a role to begin with."""

    name = "roles"
    title = "Roles without a director"
    conditions: ClassVar = {
        "full": Condition("Agents have all modules."),
        "no-social": Condition(
            "Agents neither hear what others need nor have moods of them.", is_control=True, without=("social", "talk")
        ),
        "no-memory": Condition("Agents do not remember what they did.", is_control=True, without=("memory",)),
    }
    ticks = 60
    goods = (Good("bread"), Good("fish"), Good("wood", is_food=False))
    places = (
        Place("market", "at the market"),
        Place("farm", "on the farm", 0, 0.6),
        Place("harbour", "at the harbour", 1, 0.6),
        Place("valley", "in the valley", 2, 0.6),
        Place("village", "in the village"),
    )
    works = (
        Work("I work on the farm.", _FARM, past="worked on the farm"),
        Work("I catch fish at the harbour.", _HARBOUR, past="caught fish at the harbour"),
        Work("I cut wood in the valley.", _VALLEY, past="cut wood in the valley"),
        Work("I build houses in the village.", _VILLAGE, past="built houses in the village"),
    )
    tells: ClassVar = {"say": ("needs", "talk")}

    def homes(self) -> Numbers:
        """Return the village for every agent; the shape is (agents,)."""
        return np.full(self.setting.agents, _VILLAGE, np.int32)

    def says(self) -> Sequence[str]:
        """Return what those say who need each good."""
        return _NEEDS

    def questions(self, state: State, tick: int) -> Iterable[Question]:
        """Return the talk at the market, or the choice of what to do."""
        yield Question("say" if tick % TALK_EVERY == 0 else "act", state.present())

    def meeting(self, tick: int) -> int:
        """Return the market for the ticks of talk; -1 for the others."""
        return _MARKET if tick % TALK_EVERY == 0 else -1

    def options(self, about: str, facts: Facts) -> Sequence[Act]:
        """Return the needs that can be said."""
        return [Act(line, "say", side=side) for side, line in enumerate(_NEEDS)]

    def background(self, about: str, facts: Facts) -> Sequence[str]:
        """Return where the agent lives."""
        return ("You live with other people in a village on an island.",)

    def question(self, about: str, facts: Facts) -> Sequence[str]:
        """Return the question."""
        return ("What do you say to the people?",) if about == "say" else ("What do you do next?",)
