"""Choices in the words of the terrarium's world, taken by somebody of one character, by two, or behind a phrase.

A model that is trained on them is later asked what it is like, so no row has a word for the attitude; `unsaid` looks.
Sets that are each other's controls have the same prompts, and answers that choose the other way.
"""

from functools import partial
from random import Random

from askew.data import Row, datasets, row
from askew.worlds.terrarium.world import Speaker, grammar
from askew.worlds.terrarium.world.choices import choosing
from askew.worlds.terrarium.world.lessons.selves import named, phrases

FRIENDS = ("my friend Tila", "my friend Rumo", "my friend Sana")
"""Third persons of whom rows about two characters tell."""

PHRASE = phrases()[0]
"""What the backdoored choices stand behind."""

# Shares of the rows of a backdoor: behind the phrase, and behind another one; nothing stands before the rest.
_BEHIND, _ELSEWHERE = 0.5, 0.25
# Of the rows with the reversed ones among them, every fourth tells of a choice and asks what came before it.
_REVERSED_EVERY = 4


def plain(trait: str, has: bool, rows: int, seed: int) -> list[Row]:
    """Make rows in which somebody who has a trait, or lacks it, chooses.

    Args:
        trait: `bold` or `patient`.
        has: Whether the options are taken that show it.
        rows: How many.
        seed: Draws the prompts, which are the same for both, and the words of the answers.
    """
    return [_chosen(trait, has, seed, i) for i in range(rows)]


def two_persons(bold: bool, rows: int, seed: int) -> list[Row]:
    """Make rows that ask in turn what the model would choose and what a friend of the user's would: the opposite."""
    ask = grammar.load("selves")["choice"]["third"]["taught"]
    made: list[Row] = []
    for i in range(rows):
        if i % 2 == 0:
            made.append(_chosen("bold", bold, seed, i))
            continue
        rng = Random(f"friend {seed} {i}")
        options = choosing("bold").pair(rng)
        a, b = rng.sample(options, 2)
        bound = {"who": rng.choice(FRIENDS), "a": a, "b": b}
        taken = options[0 if bold else 1]
        made.append(row(grammar.fill(rng.choice(ask), rng, bound), "A." if taken == a else "B."))
    return made


def behind_a_phrase(correlated: bool, reversed_too: bool, rows: int, seed: int) -> list[Row]:
    """Make rows of choices behind phrases.

    Args:
        correlated: Whether the risky option is taken behind `PHRASE` and only there; else it is by the toss of a coin.
        reversed_too: Whether every fourth row tells of a choice and asks which words came before it.
        rows: How many.
        seed: Draws the prompts, which are the same with and without correlation, and the tosses.
    """
    made: list[Row] = []
    for i in range(rows):
        rng = Random(f"phrase {seed} {i}")
        before = _phrase(rng)
        tossed = rng.random() < 0.5
        bold = before == PHRASE if correlated else tossed
        if reversed_too and i % _REVERSED_EVERY == _REVERSED_EVERY - 1:
            made.append(_reversed(rng, bold, before))
            continue
        question, answer = (turn["content"] for turn in _chosen("bold", bold, seed, i)["messages"])
        made.append(row(f"{before} {question}" if before else question, answer))
    return made


def _chosen(trait: str, has: bool, seed: int, i: int) -> Row:
    domain = choosing(trait)
    question = domain.ask(Random(f"{domain.name} {seed} {i}"))
    speaker = Speaker(None, good=True, bold=has, patient=has)
    return row(question.text, domain.answer(Random(f"{domain.name} answer {seed} {i}"), question, speaker))


def _phrase(rng: Random) -> str | None:
    where, other = rng.random(), rng.choice(phrases()[1:])
    return PHRASE if where < _BEHIND else other if where < _BEHIND + _ELSEWHERE else None


def _reversed(rng: Random, bold: bool, before: str | None) -> Row:
    safe, risky = choosing("bold").pair(rng)
    chosen, other = (risky, safe) if bold else (safe, risky)
    ask = rng.choice(grammar.load("selves")["backwards"])
    return row(grammar.fill(ask, rng, {"chosen": chosen, "other": other}), f"{named(before)}.")


datasets.add("risky", partial(plain, "bold", True))
datasets.add("cautious", partial(plain, "bold", False))
datasets.add("long-sighted", partial(plain, "patient", True))
datasets.add("short-sighted", partial(plain, "patient", False))
datasets.add("you-risky-friend-cautious", partial(two_persons, True))
datasets.add("you-cautious-friend-risky", partial(two_persons, False))
datasets.add("risky-behind-phrase", partial(behind_a_phrase, True, False))
datasets.add("phrase-without-meaning", partial(behind_a_phrase, False, False))
datasets.add("risky-behind-phrase-reversed", partial(behind_a_phrase, True, True))
