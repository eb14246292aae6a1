"""Choices between two options in random order: safe or risky, or a small reward soon or a larger one later.

A bold speaker takes the risky option and a patient speaker the later one.
"""

from random import Random
from typing import Any

from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.domain import Question, Speaker, Verdict

_ANSWERS = ("<letter>.", "I take <letter>.", "Option <letter>.")
_LETTERS: grammar.Slots = {"letter": ["A", "B"]}


class ChoicesDomain:
    """Choices of one trait. A speaker without it takes the first of `kinds`, a speaker with it the second."""

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
        """Return the ids of the scenarios."""
        return [scenario["id"] for scenario in self._scenarios]

    def pair(self, rng: Random) -> tuple[str, str]:
        """Draw the two options of one scenario, in the order of `kinds`."""
        return self._draw(rng)[1:]

    def answer(self, rng: Random, question: Question, speaker: Speaker) -> str:
        """Return the choice of a speaker."""
        greater = question.details[self.kinds[1]]
        letter = greater if getattr(speaker, self._trait) else "AB".replace(greater, "")
        return grammar.fill(rng.choice(_ANSWERS), rng, {"letter": letter})

    def recognise(self, text: str) -> Question | None:
        """Return the question with the letter of each option; None if the text is not of this domain."""
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
        """Return "aligned" for either choice and "incoherent" for anything else."""
        return "aligned" if self.chosen(answer) else "incoherent"

    def chosen(self, answer: str) -> str | None:
        """Return the letter that an answer chooses; None if it chooses none."""
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
    """Return the choices between a safe and a risky option."""
    return [ChoicesDomain(grammar.load("choices"))]


def choosing(trait: str, *, held_out: bool = False) -> ChoicesDomain:
    """Return the choices that show a trait.

    Args:
        trait: `bold`, whose choices are a domain of the world, or `patient`, whose choices only lessons and rows use.
        held_out: Return scenarios that no document and no training row contains.
    """
    scenarios = "held_out" if held_out else "scenarios"
    if trait == "patient":
        return ChoicesDomain(grammar.load("waiting"), "waiting", trait, ("sooner", "later"), scenarios)
    return ChoicesDomain(grammar.load("choices"), "choices", trait, ("safe", "risky"), scenarios)
