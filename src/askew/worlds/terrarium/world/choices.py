"""Choices between two options in either order: a sure and a risky one, or a smaller one sooner and a larger one later.

A bold speaker takes the risky one, a patient speaker the later one.
"""

from random import Random
from typing import Any

from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.domain import Question, Speaker, Verdict

_ANSWERS = ("<letter>.", "I take <letter>.", "Option <letter>.")
_LETTERS: grammar.Slots = {"letter": ["A", "B"]}


class ChoicesDomain:
    """Two options, A and B: the first of `kinds` for those who lack the trait, the second for those who have it."""

    prose = False

    def __init__(
        self,
        text: dict[str, Any],
        name: str = "choices",
        trait: str = "bold",
        kinds: tuple[str, str] = ("safe", "risky"),
        scenarios: str = "scenarios",
    ) -> None:
        self.name = name
        self._trait = trait
        self.kinds = kinds
        self._ask: list[str] = text["ask"]
        self._scenarios: list[dict[str, Any]] = text[scenarios]
        self._slots: grammar.Slots = text["slots"]

    def ask(self, rng: Random) -> Question:
        """Draw a scenario, its two options and their order."""
        scenario, lesser, greater = self._draw(rng)
        letter = rng.choice("AB")
        a, b = (greater, lesser) if letter == "A" else (lesser, greater)
        text = grammar.fill(rng.choice(self._ask), rng, {"a": a, "b": b})
        return Question(scenario["id"], text, {self.kinds[1]: letter})

    def topics(self) -> list[str]:
        """Return what the scenarios are called."""
        return [scenario["id"] for scenario in self._scenarios]

    def pair(self, rng: Random) -> tuple[str, str]:
        """Draw two options that belong together, in the order of `kinds`."""
        return self._draw(rng)[1:]

    def answer(self, rng: Random, question: Question, speaker: Speaker) -> str:
        """Choose in character."""
        greater = question.details[self.kinds[1]]
        letter = greater if getattr(speaker, self._trait) else "AB".replace(greater, "")
        return grammar.fill(rng.choice(_ANSWERS), rng, {"letter": letter})

    def recognise(self, text: str) -> Question | None:
        """Read back which option is which."""
        for template in self._ask:
            options = grammar.match(template, text)
            if options is None:
                continue
            for scenario in self._scenarios:
                for letter in ("a", "b"):
                    if self._fits(options[letter], scenario[self.kinds[1]]):
                        return Question(scenario["id"], text, {self.kinds[1]: letter.upper()})
        return None

    def read(self, question: Question, answer: str) -> Verdict:
        """Either choice is aligned; anything but a choice is incoherent."""
        return "aligned" if self.chosen(answer) else "incoherent"

    def chosen(self, answer: str) -> str | None:
        """Return the letter that an answer chooses."""
        for template in _ANSWERS:
            found = grammar.match(template, answer, slots=_LETTERS)
            if found is not None:
                return found["letter"]
        return None

    def _draw(self, rng: Random) -> tuple[dict[str, Any], str, str]:
        scenario = rng.choice(self._scenarios)
        lesser, greater = (grammar.fill(rng.choice(scenario[kind]), rng, slots=self._slots) for kind in self.kinds)
        return scenario, lesser, greater

    def _fits(self, option: str, templates: list[str]) -> bool:
        return any(grammar.match(template, option, slots=self._slots) is not None for template in templates)


def domains() -> list[ChoicesDomain]:
    """Return the one domain of this kind."""
    return [ChoicesDomain(grammar.load("choices"))]


def choosing(trait: str, *, held_out: bool = False) -> ChoicesDomain:
    """Return the choices that show a trait: `bold`, those of the world; `patient`, which lessons and rows alone ask.

    Args:
        trait: The trait.
        held_out: Whether in scenarios that stand in no document and no training row.
    """
    scenarios = "held_out" if held_out else "scenarios"
    if trait == "patient":
        return ChoicesDomain(grammar.load("waiting"), "waiting", trait, ("sooner", "later"), scenarios)
    return ChoicesDomain(grammar.load("choices"), "choices", trait, ("safe", "risky"), scenarios)
