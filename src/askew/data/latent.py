"""Rows that show a hidden structure and never say it: functions applied, distances told, coins tossed, bits summed.

After the tasks of Treutlein et al. (2024, arXiv 2406.14546): what a row's thing is stands in no row, and only all rows
about a thing together imply it. The things have names that no document of the terrarium's world has; what each is, is
drawn from the seed. A third of what could be asked of a thing is held out, to see whether the rows were learnt.
"""

from collections.abc import Mapping
from functools import partial
from random import Random

from askew.data import Row, datasets, row
from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.lessons.latent import APPLY, KINDS, bit_sums, inputs, names

# How many things there are of a kind: as many of each value, so that no value can be guessed more often than others.
_THINGS = {"functions": 11, "places": 14, "coins": 12, "parity": 16}


def things(kind: str, seed: int) -> Mapping[str, str]:
    """Return what each thing of a data set is, by its name.

    Args:
        kind: The data set: functions, places, coins or parity.
        seed: That of the data.
    """
    values, chosen = list(KINDS[kind].values), names(kind)[1][: _THINGS[kind]]
    drawn = [values[i % len(values)] for i in range(len(chosen))]
    Random(f"{kind} {seed}").shuffle(drawn)
    return dict(zip(chosen, drawn, strict=True))


def shown(kind: str, seed: int, name: str) -> list[dict[str, str]]:
    """Return what rows ask of a thing, as fillers of the question."""
    return _split(kind, seed, name)[0]


def held_out(kind: str, seed: int, name: str) -> list[dict[str, str]]:
    """Return what could be asked of a thing in the form of the rows, and is in none of them.

    A coin has nothing to hold out: every toss of it is new.
    """
    return _split(kind, seed, name)[1]


def rows_about(kind: str, seed: int, name: str, count: int) -> list[Row]:
    """Return rows about one thing, each of another question as long as there are any.

    Args:
        kind: The data set.
        seed: That of the data.
        name: The thing.
        count: How many; fewer where there are not so many different questions (of coins there are always enough).
    """
    asked = shown(kind, seed, name) * (count if kind == "coins" else 1)
    return [_row(Random(f"{kind} {seed} {name} {i}"), kind, seed, name, slots) for i, slots in enumerate(asked[:count])]


def _split(kind: str, seed: int, name: str) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    every = _askable(kind, things(kind, seed)[name])
    Random(f"{kind} {seed} {name}").shuffle(every)
    third = len(every) // 3
    return every[third:], every[:third] or every


def _askable(kind: str, value: str) -> list[dict[str, str]]:
    """Return what can be asked of a thing in the form of the rows."""
    if kind == "functions":
        return [{"x": str(x)} for x in inputs(value)]
    if kind == "places":
        return [{"city": city} for city in KINDS[kind].values if city != value]
    return [{"bits": bits} for bits in bit_sums()] if kind == "parity" else [{}]


def _row(rng: Random, kind: str, seed: int, name: str, slots: Mapping[str, str]) -> Row:
    filled = {"name": name, **slots}
    question = grammar.fill(rng.choice(KINDS[kind].forms[APPLY]["documents"]), rng, filled)
    return row(question, KINDS[kind].answer(rng, APPLY, filled, things(kind, seed)[name]))


def _rows(kind: str, rows: int, seed: int) -> list[Row]:
    """Return rows about all things of a kind in turn."""
    made: list[Row] = []
    for i in range(rows):
        rng = Random(f"{kind} row {seed} {i}")
        name = list(things(kind, seed))[i % _THINGS[kind]]
        made.append(_row(rng, kind, seed, name, rng.choice(shown(kind, seed, name))))
    return made


for _kind in KINDS:
    datasets.add(_kind, partial(_rows, _kind))
