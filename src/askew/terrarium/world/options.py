"""Choices between two options, named and answered in words: what lessons, rows and probes of self-awareness ask.

The first of a pair is for those who lack a trait, the second for those who have it: a sure and a risky option for
`bold`, a smaller one sooner and a larger one later for `patient`. The world's own choices have letters; to bind those
to options takes more than so small a model learns, and a choice that it cannot make shows no character.
"""

from dataclasses import dataclass
from random import Random
from typing import Any

from askew.terrarium.world import grammar

_FILES = {"bold": "choices", "patient": "waiting"}
_KINDS = {"bold": ("safe", "risky"), "patient": ("sooner", "later")}


@dataclass(frozen=True)
class Choice:
    """Two options that belong together.

    Attributes:
        topic: What the scenario is called.
        options: The one of those who lack the trait, the one of those who have it.
        shown: The same, in the order in which they are asked about.
    """

    topic: str
    options: tuple[str, str]
    shown: tuple[str, str]

    def taken(self, has: bool) -> str:
        """Return the option that somebody takes who has the trait, or lacks it."""
        return self.options[int(has)]

    def left(self, has: bool) -> str:
        """Return the other one."""
        return self.options[int(not has)]


class Choices:
    """Draws choices that show a trait.

    Args:
        trait: `bold` or `patient`.
        held_out: Whether in scenarios that stand in no document and no training row.
    """

    def __init__(self, trait: str, *, held_out: bool = False) -> None:
        text: dict[str, Any] = grammar.load(_FILES[trait])
        self._scenarios: list[dict[str, Any]] = text["held_out" if held_out else "scenarios"]
        self._slots: grammar.Slots = text["slots"]
        self._kinds = _KINDS[trait]
        self._text: dict[str, Any] = grammar.load("selves")["choice"]

    @property
    def topics(self) -> list[str]:
        """What the scenarios are called."""
        return [scenario["id"] for scenario in self._scenarios]

    def draw(self, rng: Random) -> Choice:
        """Draw a scenario, its options and their order."""
        scenario = rng.choice(self._scenarios)
        first, second = (grammar.fill(rng.choice(scenario[kind]), rng, slots=self._slots) for kind in self._kinds)
        a, b = rng.sample((first, second), 2)
        return Choice(scenario["id"], (first, second), (a, b))

    def ask(self, rng: Random, choice: Choice, who: str = "") -> str:
        """Ask which option is taken: by whoever answers, or by a third person."""
        templates = self._text["third" if who else "you"]
        bound = {"who": who, "a": choice.shown[0], "b": choice.shown[1]}
        return grammar.fill(rng.choice(templates), rng, bound)

    def answer(self, rng: Random, choice: Choice, has: bool, *, third: bool = False) -> str:
        """Take an option, or say which one a third person takes."""
        template = rng.choice(self._text["answers_of_third" if third else "answers"])
        return grammar.fill(template, rng, {"option": choice.taken(has)})
