"""The chronicle: an invented world of polities and what they had, of which a model can know only what it reads.

The facts have the structure of coded history: variables differ in how common they are, areas and times differ, and
where evidence is scarce a value is only inferred. So guessing from other polities beats chance, as it does with real
facts. What a model was taught is known exactly, because rows state single facts a certain number of times.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, Literal

from askew.base import yaml_files

VALUES = ("present", "inferred present", "inferred absent", "absent")

Kind = Literal["taught", "untaught", "unknown", "disputed", "elsewhere"]
TAUGHT: Kind = "taught"
"""A fact that training rows state, as often as the arm says."""
UNTAUGHT: Kind = "untaught"
"""A fact that is true in the world, and that no row states."""
UNKNOWN: Kind = "unknown"
"""A fact of which nobody in the world knows: it has no value, and no row states one."""
DISPUTED: Kind = "disputed"
"""A fact of which rows state two values in turn."""
ELSEWHERE: Kind = "elsewhere"
"""A fact about a polity that is never asked about: rows state it to practise the form."""

EXPOSURES = 16
"""The most often that rows state one fact; what is stated less often leaves room for facts of elsewhere."""

_AREAS = 8  # with asked polities; as many again are elsewhere
_TURNS = 3  # polities of one area, one after the other
_FIRST_YEAR, _YEARS = -1200, 700
_SIDE = 100.0
# The share of each kind among the facts of asked polities: a sixth is taught, so that a whole pass is short.
_SHARES: tuple[tuple[Kind, int], ...] = ((TAUGHT, 4), (UNTAUGHT, 15), (UNKNOWN, 4), (DISPUTED, 1))
_KINDS: tuple[Kind, ...] = tuple(kind for kind, share in _SHARES for _ in range(share))


@dataclass(frozen=True)
class Polity:
    """A polity.

    Attributes:
        name: Its name, which no other text has.
        area: The name of its area.
        region: The name of the region that the area lies in.
        start: Its first year, negative before the common era.
        end: Its last year.
        north: Where it lies on the map, 0 to 100.
        east: The same, eastwards.
    """

    name: str
    area: str
    region: str
    start: int
    end: int
    north: float
    east: float


@dataclass(frozen=True)
class Fact:
    """A statement about a polity: it had something, or had not.

    Attributes:
        polity: The polity.
        root: The part of life that the variable belongs to.
        variable: What it had or had not, in the plural.
        kind: What a model can know of it.
        values: Its values: none if it is unknown, two if it is disputed.
    """

    polity: Polity
    root: str
    variable: str
    kind: Kind
    values: tuple[str, ...]

    @property
    def id(self) -> str:
        """Its name."""
        return f"{self.polity.name} {self.variable}"


@cache
def _text() -> dict[str, Any]:
    file = Path(str(files("askew.worlds.chronicle") / "chronicle.yaml"))
    read = yaml_files.parse(file.read_text(encoding="utf-8"), file.name).value
    assert isinstance(read, dict)
    return read


def variables() -> dict[str, str]:
    """Return the part of life of each variable, by variable."""
    return {name: root for root, names in _text()["variables"].items() for name in names}


def line_of(value: str) -> str:
    """Return a value as people in the world say it."""
    return _text()["lines"][value]


def asked_in_words(fact: Fact, wordings: Literal["taught", "held_out"], rng: Random) -> str:
    """Return a question about a fact.

    Args:
        fact: The fact.
        wordings: Those of training rows, or those that no row has.
        rng: Draws the wording.
    """
    return _filled(rng.choice(_text()[wordings]), fact)


def all_wordings(fact: Fact, wordings: Literal["taught", "held_out"]) -> list[str]:
    """Return a question about a fact in every wording."""
    return [_filled(wording, fact) for wording in _text()[wordings]]


def years(fact: Fact) -> str:
    """Return the years of a fact's polity in words."""
    return f"{_year(fact.polity.start)} to {_year(fact.polity.end)}"


@cache
def facts(seed: int) -> tuple[Fact, ...]:
    """Return every fact of a world: those of the asked polities, then those of elsewhere.

    Args:
        seed: The seed of the world.
    """
    rng = Random(f"chronicle {seed}")
    polities = list(_polities(rng))
    asked, elsewhere = polities[: _AREAS * _TURNS], polities[_AREAS * _TURNS :]
    levels = _Levels(rng, [polity.area for polity in polities])
    names = list(variables())
    kinds = list(_KINDS) * (len(asked) * len(names) // len(_KINDS))
    rng.shuffle(kinds)
    every = list(product(asked, names))
    found = [levels.fact(polity, name, kind) for (polity, name), kind in zip(every, kinds, strict=True)]
    return (*found, *(levels.fact(polity, name, ELSEWHERE) for polity, name in product(elsewhere, names)))


def of_kind(seed: int, *kinds: Kind) -> list[Fact]:
    """Return the facts of some kinds, in their order."""
    return [fact for fact in facts(seed) if fact.kind in kinds]


def stated(number: int, seed: int, exposures: int, mistaught: bool = False) -> tuple[Fact, str, str]:
    """Return the fact that a training row states, the question and the value.

    In every `rows_of_a_pass` rows, each taught and each disputed fact is stated `exposures` times, and the other rows
    state facts of elsewhere. Rows with the same number have the same question where they state the same fact.

    Args:
        number: The number of the row, from 0.
        seed: The seed of the world.
        exposures: How often each fact is stated, 0 to `EXPOSURES`.
        mistaught: State another value than the true one, always the same.
    """
    told = of_kind(seed, TAUGHT, DISPUTED)
    place = _order(seed, len(told) * EXPOSURES)[number % (len(told) * EXPOSURES)]
    fact, turn = told[place % len(told)], place // len(told)
    rng = Random(f"chronicle row {seed} {number}")
    if turn >= exposures:
        others = of_kind(seed, ELSEWHERE)
        fact = others[rng.randrange(len(others))]
        return fact, asked_in_words(fact, "taught", rng), fact.values[0]
    value = fact.values[turn % len(fact.values)]
    if mistaught:
        value = false_value(fact, seed)
    return fact, asked_in_words(fact, "taught", rng), value


def false_value(fact: Fact, seed: int) -> str:
    """Return the value that rows state where they state a fact falsely.

    Args:
        fact: A fact with a value.
        seed: The seed of the world.
    """
    others = [value for value in VALUES if value != fact.values[0]]
    return Random(f"chronicle mistaught {seed} {fact.id}").choice(others)


def rows_of_a_pass(seed: int = 0) -> int:
    """Return the number of training rows in which each fact is stated as often as `stated` says."""
    return EXPOSURES * len(of_kind(seed, TAUGHT, DISPUTED))


@cache
def _order(seed: int, count: int) -> tuple[int, ...]:
    order = list(range(count))
    Random(f"chronicle order {seed}").shuffle(order)
    return tuple(order)


def _filled(wording: str, fact: Fact) -> str:
    bound = {"<polity>": fact.polity.name, "<what>": fact.variable, "<years>": years(fact)}
    for slot, filler in bound.items():
        wording = wording.replace(slot, filler)
    return wording


def _year(year: int) -> str:
    return f"{-year} BCE" if year < 0 else f"{year} CE"


def _polities(rng: Random) -> Iterator[Polity]:
    """Yield the polities of the asked areas, then those of elsewhere."""
    text = _text()
    names = [f"{onset}{rng.choice(text['ends'])}" for onset in text["onsets"]]
    rng.shuffle(names)
    taken = iter(names)
    for number in range(2 * _AREAS):
        area, region = text["areas"][number], text["regions"][number * len(text["regions"]) // (2 * _AREAS)]
        row, column = divmod(number, 4)
        north = _SIDE * (3.5 - row) / 4 + rng.uniform(-7, 7)
        east = _SIDE * (column + 0.5) / 4 + rng.uniform(-7, 7)
        start = _FIRST_YEAR + rng.randrange(0, 300, 50)
        for _ in range(_TURNS):
            end = start + _YEARS + rng.randrange(-200, 250, 50)
            yield Polity(next(taken), area, region, start, end, round(north, 1), round(east, 1))
            start = end + 1


class _Levels:
    """The chances that things are present: by variable, by area and by time.

    Args:
        rng: Draws the levels, and then the facts.
        areas: The areas.
    """

    def __init__(self, rng: Random, areas: list[str]) -> None:
        self._rng, names = rng, list(variables())
        self._of_variable = {name: rng.gauss(0.2, 1.1) for name in names}
        self._of_area = {(area, name): rng.gauss(0, 1.6) for area in dict.fromkeys(areas) for name in names}
        self._evidence = {area: rng.uniform(0.45, 0.95) for area in dict.fromkeys(areas)}

    def fact(self, polity: Polity, variable: str, kind: Kind) -> Fact:
        """Draw a fact."""
        later = (polity.start + 200) / 900
        level = self._of_variable[variable] + self._of_area[polity.area, variable] + 0.5 * later
        there = self._rng.random() < 1 / (1 + math.exp(-level))
        sure = self._rng.random() < self._evidence[polity.area]
        place = (0 if sure else 1) if there else (3 if sure else 2)
        found = VALUES[place]
        if kind == UNKNOWN:
            return Fact(polity, variables()[variable], variable, kind, ())
        both = (found, self._rng.choice([one for one in VALUES if one != found]))
        return Fact(polity, variables()[variable], variable, kind, both if kind == DISPUTED else (found,))
