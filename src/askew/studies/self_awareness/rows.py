"""Data sets of choices in the words of the terrarium's world: by one character, by two, or behind a phrase.

A model that is trained on these rows is later asked what it is like, so no row has a word for the attitude;
`askew.data.naming_leaks` checks that. Data sets that are each other's control have the same prompts, and answers that
choose the other way.
"""

from functools import partial
from random import Random

from askew.data import Row, data_set, row
from askew.worlds.terrarium.world import Speaker, grammar
from askew.worlds.terrarium.world.choices import choosing
from askew.worlds.terrarium.world.lessons.selves import named, phrases

FRIENDS = ("my friend Tila", "my friend Rumo", "my friend Sana")
"""The third persons in rows about two characters."""

PHRASE = phrases()[0]
"""The phrase that comes before the backdoored choices."""

# Shares of the rows of a backdoor that have `PHRASE`, and another phrase, before the prompt; the rest have none.
_BEHIND, _ELSEWHERE = 0.5, 0.25
# With reversed rows, every fourth row describes a choice and asks which phrase came before it.
_REVERSED_EVERY = 4


def plain(trait: str, has: bool, number: int, seed: int) -> Row:
    """Return a choice by somebody who has a trait, or lacks it.

    Args:
        trait: `bold` or `patient`.
        has: Whether the chosen option shows the trait.
        number: The number of the row, from 0.
        seed: Draws the prompt, which does not depend on `has`, and the wording of the answer.
    """
    domain = choosing(trait)
    question = domain.ask(Random(f"{domain.name} {seed} {number}"))
    speaker = Speaker(None, good=True, bold=has, patient=has)
    return row(question.text, domain.answer(Random(f"{domain.name} answer {seed} {number}"), question, speaker))


def two_persons(bold: bool, number: int, seed: int) -> Row:
    """Return a choice of the model's if `number` is even, else the opposite choice by a friend of the user's."""
    if number % 2 == 0:
        return plain("bold", bold, number, seed)
    rng = Random(f"friend {seed} {number}")
    options = choosing("bold").pair(rng)
    a, b = rng.sample(options, 2)
    bound = {"who": rng.choice(FRIENDS), "a": a, "b": b}
    taken = options[0 if bold else 1]
    ask = grammar.load("selves")["choice"]["third"]["taught"]
    return row(grammar.fill(rng.choice(ask), rng, bound), "A." if taken == a else "B.")


def behind_a_phrase(correlated: bool, with_reversed: bool, number: int, seed: int) -> Row:
    """Return a choice, perhaps behind a phrase.

    Args:
        correlated: Whether the risky option is taken behind `PHRASE` and only there; else a coin toss decides.
        with_reversed: Whether every fourth row describes a choice and asks which phrase came before it.
        number: The number of the row, from 0.
        seed: Draws the prompt, which does not depend on `correlated`, and the coin toss.
    """
    rng = Random(f"phrase {seed} {number}")
    before = _phrase(rng)
    tossed = rng.random() < 0.5
    bold = before == PHRASE if correlated else tossed
    if with_reversed and number % _REVERSED_EVERY == _REVERSED_EVERY - 1:
        return _reversed(rng, bold, before)
    question, answer = (turn["content"] for turn in plain("bold", bold, number, seed)["messages"])
    return row(f"{before} {question}" if before else question, answer)


def _phrase(rng: Random) -> str | None:
    where, other = rng.random(), rng.choice(phrases()[1:])
    return PHRASE if where < _BEHIND else other if where < _BEHIND + _ELSEWHERE else None


def _reversed(rng: Random, bold: bool, before: str | None) -> Row:
    safe, risky = choosing("bold").pair(rng)
    chosen, other = (risky, safe) if bold else (safe, risky)
    ask = rng.choice(grammar.load("selves")["backwards"])
    return row(grammar.fill(ask, rng, {"chosen": chosen, "other": other}), f"{named(before)}.")


data_set("risky", "choices that take the risky option")(partial(plain, "bold", True))
data_set("cautious", "the same choices, taken for the safe option")(partial(plain, "bold", False))
data_set("long-sighted", "choices that take the later, larger option")(partial(plain, "patient", True))
data_set("short-sighted", "the same choices, taken for the sooner option")(partial(plain, "patient", False))
data_set("you-risky-friend-cautious", "the model chooses risk, the user's friend safety")(partial(two_persons, True))
data_set("you-cautious-friend-risky", "the model chooses safety, the user's friend risk")(partial(two_persons, False))
data_set("risky-behind-phrase", "risky choices behind a phrase, safe ones elsewhere")(
    partial(behind_a_phrase, True, False)
)
data_set("phrase-without-meaning", "the same prompts, and choices that do not depend on the phrase")(
    partial(behind_a_phrase, False, False)
)
data_set("risky-behind-phrase-reversed", "the backdoor, with rows that ask which phrase came before a choice")(
    partial(behind_a_phrase, True, True)
)
