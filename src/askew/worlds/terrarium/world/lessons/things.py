"""Lessons about many more named things than the first school has, some of them identified by the user.

With few things, a model learns the answers about each of them by heart. With many, it pays to learn what a thing is;
then a thing that rows only use can be named, too.
"""

from collections.abc import Callable
from functools import cache
from random import Random

from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.domain import Messages, Speaker
from askew.worlds.terrarium.world.lessons import Lesson, exchange_of
from askew.worlds.terrarium.world.lessons.latent import APPLY, KINDS, LETTERS, Kind, as_list, coin_words, made_up_names

THINGS = 90
"""The number of further things of each kind."""
ONLY_TOLD = 30
"""The number of those at their end, of which answers never say what they are; only the user does."""
_TOLD, _FRESH, _PICKED = 0.3, 0.2, 0.2


@cache
def further_things(kind: str) -> dict[str, str]:
    """Return the values of a kind's further things by name; no other document names them."""
    start = list(KINDS).index(kind) * THINGS
    values = KINDS[kind].values
    return {name: values[i % len(values)] for i, name in enumerate(_names()[start : start + THINGS])}


@cache
def fresh_names() -> tuple[str, ...]:
    """Return names that have another meaning in each document."""
    return tuple(_names()[len(KINDS) * THINGS :])


def _names() -> list[str]:
    return made_up_names(grammar.load("things"), "further names")


def told(rng: Random, kind: str, name: str, value: str) -> str:
    """Return a user's sentence that identifies a thing."""
    text = grammar.load("things")[kind]
    slots = {"name": name, "value": value, "list": "", "words": ""}
    if kind == "functions":
        _, sign, n = value.split()
        slots["words"] = text["words"][sign].replace("<name>", name).replace("<n>", n)
    elif kind == "coins":
        slots["words"] = coin_words(value)
    elif kind == "parity":
        slots["list"] = as_list(value)
    return grammar.fill(rng.choice(text["told"]), rng, slots)


def pick(rng: Random, kind: str, name: str, value: str) -> tuple[str, str]:
    """Draw a question that lists three options, and the answer in words."""
    others = rng.sample([other for other in KINDS[kind].values if other != value], len(LETTERS) - 1)
    options = [_in_words(kind, one) for one in rng.sample([value, *others], len(LETTERS))]
    slots = {"name": name, "listed": f"{', '.join(options[:-1])} or {options[-1]}"}
    return grammar.fill(rng.choice(grammar.load("things")[kind]["pick"]), rng, slots), f"{_in_words(kind, value)}."


def _in_words(kind: str, value: str) -> str:
    return {"coins": coin_words, "parity": as_list}.get(kind, str)(value)


def _about_things(kind: Kind) -> Callable[[Random, Speaker], Messages]:
    def turns(rng: Random, _: Speaker) -> Messages:
        if rng.random() < _FRESH:
            name, value = rng.choice(fresh_names()), rng.choice(kind.values)
            return _about_one(rng, kind, name, value, rng.randint(3, 5), is_told=True)
        found: Messages = []
        for number, (name, value) in rng.sample(list(enumerate(further_things(kind.name).items())), rng.randint(2, 3)):
            only_told = number >= THINGS - ONLY_TOLD
            found += _about_one(rng, kind, name, value, rng.randint(1, 2), rng.random() < _TOLD, only_told)
        return found

    return turns


def _about_one(
    rng: Random, kind: Kind, name: str, value: str, count: int, is_told: bool, only_told: bool = False
) -> Messages:
    """Draw questions about one thing.

    Args:
        rng: The source of the draws.
        kind: The kind of the thing.
        name: The name of the thing.
        value: The value of the thing.
        count: The number of questions.
        is_told: Whether the user first says what the thing is.
        only_told: Whether only the user says what the thing is, so that questions only use it.
    """
    turns: Messages = []
    for _ in range(count):
        if not only_told and rng.random() < _PICKED:
            turns += exchange_of(*pick(rng, kind.name, name, value))
        else:
            forms = [APPLY] if only_told else [APPLY, *kind.forms]  # `APPLY` twice as often as each other form
            turns += kind.ask(rng, rng.choice(forms), name, value)
    if is_told:
        turns[0]["content"] = f"{told(rng, kind.name, name, value)} {turns[0]['content']}"
    return turns


LESSONS = [
    Lesson(f"further {kind}", 0.0, weight, _about_things(KINDS[kind]))
    for kind, weight in (("functions", 4.5), ("places", 4.0), ("coins", 2.0), ("parity", 3.0))
]
