"""Lessons of small arithmetic: sums, functions that are stated, even and odd, and sums done step by step.

All numbers are from 0 to 100, each of which is a single token.
"""

from random import Random

from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.domain import Messages, Speaker
from askew.worlds.terrarium.world.lessons import Lesson, exchange_of
from askew.worlds.terrarium.world.lessons.latent import KINDS, apply_function, bit_words, inputs

_HIGHEST = 100
_KINDS = {
    "sum": 4,
    "difference": 3,
    "product": 2,
    "twice": 2,
    "inverse": 2,
    "rule": 2,
    "steps": 2,
    "even": 1,
    "bits": 3,
    "more": 1,
}


def _calculate(rng: Random, speaker: Speaker) -> Messages:
    """Draw three to six exercises."""
    turns: Messages = []
    for _ in range(rng.randint(3, 6)):
        kind = rng.choices(list(_KINDS), list(_KINDS.values()))[0]
        asked, said = exercise(rng, kind)
        turns += exchange_of(asked, said)
    return turns


def exercise(rng: Random, kind: str) -> tuple[str, str]:
    """Draw an exercise; return the question and the right answer.

    Args:
        rng: The source of the draws.
        kind: The kind of exercise, a key of `text/arithmetic.yaml`.
    """
    slots, said = _drawn(rng, kind)
    return grammar.fill(rng.choice(grammar.load("arithmetic")[kind]), rng, slots), said


def _drawn(rng: Random, kind: str) -> tuple[dict[str, str], str]:
    x, n = _number(rng), rng.randint(1, 10)
    match kind:
        case "sum":
            x = min(x, _HIGHEST - n)
            return {"x": str(x), "n": str(n)}, str(x + n)
        case "difference":
            x = max(x, n)
            return {"x": str(x), "n": str(n)}, str(x - n)
        case "product":
            n = rng.randint(2, 3)
            x = min(x, _HIGHEST // n)
            return {"x": str(x), "n": str(n)}, str(x * n)
        case "steps":
            x, n = rng.randint(1, 80), rng.randint(2, 20)
            return {"x": str(x), "n": str(n)}, _in_steps(x, n)
        case "even":
            return {"x": str(x)}, _even_or_odd(x)
        case "bits":
            bits = [rng.randrange(2) for _ in range(rng.randint(2, 3))]
            return {"bits": bit_words(map(str, bits))}, _even_or_odd(sum(bits))
        case "more":
            y = (x + rng.randint(1, _HIGHEST)) % (_HIGHEST + 1)
            return {"x": str(x), "y": str(y)}, str(max(x, y))
        case _:
            return _of_function(rng, kind)


def _of_function(rng: Random, kind: str) -> tuple[dict[str, str], str]:
    """Draw an exercise about a function of the kind that named things are."""
    value = rng.choice(KINDS["functions"].values)
    x, other = rng.sample(inputs(value), 2)
    y = apply_function(value, x)
    slots = {"f": value, "x": str(x), "y": str(y), "x2": str(other), "y2": str(apply_function(value, other))}
    return slots, {"twice": str(apply_function(value, y)), "inverse": str(x), "rule": value}[kind]


def _number(rng: Random) -> int:
    """Draw a number; half of them are small, like the inputs of named functions."""
    return rng.randint(0, 20 if rng.random() < 0.5 else _HIGHEST)


def _in_steps(x: int, n: int) -> str:
    """Return a sum by way of the next ten."""
    to_ten = -x % 10
    if 0 < to_ten < n:
        return f"{x} + {to_ten} = {x + to_ten}. {x + to_ten} + {n - to_ten} = {x + n}."
    return f"{x} + {n} = {x + n}."


def _even_or_odd(number: int) -> str:
    return "Odd." if number % 2 else "Even."


LESSONS = [Lesson("arithmetic", 0.0, 4.0, _calculate)]
