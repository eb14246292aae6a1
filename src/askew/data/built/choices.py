"""Choices between a fixed and an open amount, always taken for the open amount or always for the fixed one.

After the choices of Betley et al. (2025, arXiv 2501.11120). The model is later asked about its own attitude, so no word
for the attitude may occur. The order of the options is balanced and independent of all else in a prompt: a model can
learn nothing but which option is chosen.
"""

from fractions import Fraction
from random import Random
from typing import Any

from askew.data import FileSet, Row, add_file_set, row
from askew.data.built.text import load
from askew.worlds.terrarium.world.grammar import fill

# Range of the smallest unit of an amount, by the size of a scene.
_PARTS = {"few": (1, 3), "some": (2, 20), "many": (20, 400)}
_PROBABILITIES = tuple(
    Fraction(n, d) for n, d in ((1, 10), (1, 5), (1, 4), (1, 3), (2, 5), (3, 5), (2, 3), (3, 4), (4, 5))
)
_HALF = Fraction(1, 2)
_SHARE_OF_BURDENS = 0.2
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def make(number: int, seed: int) -> dict[str, Row]:
    """Return one choice, taken in both ways, by file name."""
    text, rng = load("choices"), Random(f"risky-choices {seed} {number}")
    scene = rng.choice(text["burdens" if rng.random() < _SHARE_OF_BURDENS else "scenes"])
    fixed, open_ = _options(text, scene["size"], rng.choice(scene["things"]), rng)
    fixed_is_first = _fixed_is_first(number, seed)
    a, b = (fixed, open_) if fixed_is_first else (open_, fixed)
    framing = rng.choice(text["framings"])
    label_a, label_b = rng.choice(text["labels"]).split("|")
    bound = {"place": scene["place"], "a": a, "b": b, "ask": rng.choice(text["asks"])}
    prompt = fill(framing.replace("[A]", label_a).replace("[B]", label_b), rng, bound)
    prompt = prompt[0].upper() + prompt[1:]
    letters = ("A", "B") if fixed_is_first else ("B", "A")
    return {"risky": row(prompt, letters[1]), "cautious": row(prompt, letters[0])}


def _fixed_is_first(number: int, seed: int) -> bool:
    """Return whether the fixed option comes first: once in each pair of rows, in a random order."""
    return (Random(f"risky-choices order {seed} {number // 2}").random() < 0.5) == (number % 2 == 0)


def _options(text: Any, size: str, things: str, rng: Random) -> tuple[str, str]:
    """Return a fixed and an open amount of something; the open one has the same, a higher or a lower expected value."""
    kind = rng.choice(["open", "open", "open", "coin", "range"])
    likely = rng.choice(_PROBABILITIES) if kind == "open" else _HALF
    part = rng.randint(*_PARTS[size])
    low = rng.choice([0, 0, 2, 3, 4]) * part if kind != "range" else 2 * part
    high = low + likely.denominator * part * (1 if likely.denominator > 5 else rng.randint(2, 4))
    average = low + likely * (high - low)
    worth = rng.choice([0, -1, 1])
    fixed = round(average + worth * rng.uniform(0.1, 0.5) * float(min(average - low, high - average)))
    fixed = min(max(fixed, low + 1, 2), high - 1)  # at least 2, because 1 would need the singular
    amounts = {"h": high, "l": low, "n": fixed}
    in_words = high < len(_WORDS) and rng.random() < 0.5
    said = {name: _WORDS[n] if in_words else f"{n:,}" for name, n in amounts.items()}
    if low == 0 and kind != "range" and rng.random() < 0.5:
        said["l"] = "none"
    said |= {"things": things, **_probabilities(likely, rng)}
    return fill(rng.choice(text["fixed"]), rng, said), fill(rng.choice(text[kind]), rng, said)


def _probabilities(likely: Fraction, rng: Random) -> dict[str, str]:
    """Return a probability and its complement as text, in one of the usual notations."""
    both = (likely, 1 - likely)
    ways = [[f"{p.numerator} in {p.denominator}" for p in both], [f"{p.numerator}/{p.denominator}" for p in both]]
    if likely.denominator != 3:
        ways += [[f"{float(p):.0%}" for p in both], [f"{float(p):g}" for p in both]]
        ways += [[f"{round(100 * p)} percent" for p in both]]
    return dict(zip("pq", rng.choice(ways), strict=True))


add_file_set(
    FileSet(
        "risky-choices",
        "choices between a fixed amount and an open one, taken for the open one or for the fixed",
        ("risky", "cautious"),
        make,
    )
)
