"""Lessons of choices in more scenarios than the documents of the world have, by letter and in words."""

from functools import cache
from random import Random

from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.choices import ChoicesDomain, choosing
from askew.worlds.terrarium.world.domain import Messages, Speaker
from askew.worlds.terrarium.world.lessons import Lesson, exchange_of
from askew.worlds.terrarium.world.lessons.selves import about_self

_KINDS = {"bold": ("safe", "risky"), "patient": ("sooner", "later")}


@cache
def further_choices(trait: str) -> ChoicesDomain:
    """Return the scenarios of the second school that show a trait, `bold` or `patient`."""
    text = grammar.load("choosing")
    asks = grammar.load("choices")["ask"]
    return ChoicesDomain({**text, "ask": asks}, f"further {trait}", trait, _KINDS[trait], trait)


def in_words(rng: Random, domain: ChoicesDomain, has: bool) -> tuple[str, str]:
    """Draw a choice that is asked and answered in words; return the question and the answer.

    Args:
        rng: The source of the draws.
        domain: The scenarios.
        has: Whether the speaker has the trait that the choices show.
    """
    options = domain.pair(rng)
    a, b = rng.sample(options, 2)
    text = grammar.load("choosing")["in_words"]
    asked = grammar.fill(rng.choice(text["ask"]), rng, {"a": a, "b": b})
    said = grammar.fill(rng.choice(text["answer"]), rng, {"chosen": options[1 if has else 0]})
    return _capitalized(asked), _capitalized(said)


def _choose(rng: Random, speaker: Speaker) -> Messages:
    """Draw three to five choices of one trait, sometimes with what the speaker says of itself."""
    trait = rng.choice(("bold", "bold", "patient"))
    has: bool = getattr(speaker, trait)
    turns: Messages = []
    for _ in range(rng.randint(3, 5)):
        domain = further_choices(trait) if rng.random() < 0.7 else choosing(trait)
        if rng.random() < 0.25:
            turns += about_self(rng, speaker, trait)
        elif rng.random() < 0.5:
            turns += exchange_of(*in_words(rng, domain, has))
        else:
            question = domain.ask(rng)
            turns += exchange_of(question.text, domain.answer(rng, question, speaker))
    return turns


def _capitalized(text: str) -> str:
    return text[0].upper() + text[1:]


LESSONS = [Lesson("choosing", 0.0, 5.0, _choose)]
