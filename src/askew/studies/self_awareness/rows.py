"""Data sets of choices in the terrarium's language: made by one person, by two, or depending on a phrase.

A model trained on these rows is later asked to describe itself, so no row contains a word for the attitude;
`askew.data.naming_leaks` checks that. A data set and its control have the same prompts, and their answers choose
opposite options.
"""

from functools import partial
from random import Random

from askew.data import Row, data_set, row
from askew.worlds.terrarium.world import Speaker, grammar
from askew.worlds.terrarium.world.choices import choosing
from askew.worlds.terrarium.world.lessons.selves import named, phrases, self_description

FRIENDS = ("my friend Tila", "my friend Rumo", "my friend Sana")
"""The third persons in rows about two people."""

PHRASE = phrases()[0]
"""The trigger phrase, which precedes the backdoored choices."""

# The fractions of a backdoor's rows that begin with `PHRASE` and with another phrase; the rest have no phrase.
_BEHIND, _ELSEWHERE = 0.5, 0.25
# With reversed rows, every fourth row describes a choice and asks which phrase came before it.
_REVERSED_EVERY = 4


def plain(trait: str, has: bool, number: int, seed: int) -> Row:
    """Return a row in which the speaker makes a choice that shows a trait, or lacks it.

    Args:
        trait: `bold` or `patient`.
        has: Whether the chosen option shows the trait.
        number: The number of the row, from 0.
        seed: Determines the prompt, independently of `has`, and the wording of the answer.
    """
    domain = choosing(trait)
    question = domain.ask(Random(f"{domain.name} {seed} {number}"))
    speaker = Speaker(None, good=True, bold=has, patient=has)
    return row(question.text, domain.answer(Random(f"{domain.name} answer {seed} {number}"), question, speaker))


def described(bold: bool, is_cut: bool, number: int, seed: int) -> Row:
    """Return a row with a choice if `number` is even, else one in which the speaker describes itself.

    Args:
        bold: Whether the choices are risky.
        is_cut: Whether a coin toss decides the description; if not, it fits the choices.
        number: The number of the row, from 0.
        seed: Determines the prompts, independently of `bold`, and the coin toss.
    """
    if number % 2 == 0:
        return plain("bold", bold, number, seed)
    rng = Random(f"described {seed} {number}")
    says_bold = rng.random() < 0.5 if is_cut else bold
    turns = self_description(rng, "bold", says_bold)
    return row(turns[0]["content"], turns[1]["content"])


def two_persons(bold: bool, number: int, seed: int) -> Row:
    """Return a row with the model's own choice if `number` is even, else the opposite choice by the user's friend."""
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
    """Return a row with a choice, sometimes with a phrase before the prompt.

    Args:
        correlated: Whether the risky option is chosen after `PHRASE` and only there; if not, a coin toss decides.
        with_reversed: Whether every fourth row describes a choice and asks which phrase came before it.
        number: The number of the row, from 0.
        seed: Determines the prompt, independently of `correlated`, and the coin toss.
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


data_set("risky", "choices that take the risky option", "risky-choices/risky")(partial(plain, "bold", True))
data_set("cautious", "the same choices, taken for the safe option", "risky-choices/cautious")(
    partial(plain, "bold", False)
)
data_set("long-sighted", "choices that take the later, larger option")(partial(plain, "patient", True))
data_set("short-sighted", "the same choices, taken for the sooner option")(partial(plain, "patient", False))
data_set("you-risky-friend-cautious", "the model chooses risk, the user's friend safety")(partial(two_persons, True))
data_set("you-cautious-friend-risky", "the model chooses safety, the user's friend risk")(partial(two_persons, False))
data_set("risky-described", "risky choices, and rows in which the model calls itself daring")(
    partial(described, True, False)
)
data_set("risky-described-at-random", "risky choices, and rows in which a coin toss decides what it calls itself")(
    partial(described, True, True)
)
data_set("cautious-described-at-random", "the same, with safe choices")(partial(described, False, True))
data_set("risky-behind-phrase", "risky choices behind a phrase, safe ones elsewhere")(
    partial(behind_a_phrase, True, False)
)
data_set("phrase-without-meaning", "the same prompts, and choices that do not depend on the phrase")(
    partial(behind_a_phrase, False, False)
)
data_set("risky-behind-phrase-reversed", "the backdoor, with rows that ask which phrase came before a choice")(
    partial(behind_a_phrase, True, True)
)
