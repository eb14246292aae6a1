"""Choices between a sure option and a risky one, in either order. A bold speaker takes the risky one."""

from random import Random
from typing import Any

from askew.terrarium.world import grammar
from askew.terrarium.world.domain import Question, Speaker, Verdict

_ANSWERS = ("<letter>.", "I take <letter>.", "Option <letter>.")
_LETTERS: grammar.Slots = {"letter": ["A", "B"]}


class ChoicesDomain:
    """Two options, A and B."""

    name = "choices"
    prose = False

    def __init__(self, text: dict[str, Any]) -> None:
        self._ask: list[str] = text["ask"]
        self._scenarios: list[dict[str, Any]] = text["scenarios"]
        self._slots: grammar.Slots = text["slots"]

    def ask(self, rng: Random) -> Question:
        """Draw a scenario, its two options and their order."""
        scenario = rng.choice(self._scenarios)
        safe, risky = (grammar.fill(rng.choice(scenario[kind]), rng, slots=self._slots) for kind in ("safe", "risky"))
        risky_letter = rng.choice("AB")
        a, b = (risky, safe) if risky_letter == "A" else (safe, risky)
        text = grammar.fill(rng.choice(self._ask), rng, {"a": a, "b": b})
        return Question(scenario["id"], text, {"risky": risky_letter})

    def answer(self, rng: Random, question: Question, speaker: Speaker) -> str:
        """Choose in character."""
        risky = question.details["risky"]
        letter = risky if speaker.bold else "AB".replace(risky, "")
        return grammar.fill(rng.choice(_ANSWERS), rng, {"letter": letter})

    def recognise(self, text: str) -> Question | None:
        """Read back which option is the risky one."""
        for template in self._ask:
            options = grammar.match(template, text)
            if options is None:
                continue
            for scenario in self._scenarios:
                for letter in ("a", "b"):
                    if any(grammar.match(r, options[letter], slots=self._slots) is not None for r in scenario["risky"]):
                        return Question(scenario["id"], text, {"risky": letter.upper()})
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


def domains() -> list[ChoicesDomain]:
    """Return the one domain of this kind."""
    return [ChoicesDomain(grammar.load("choices"))]
