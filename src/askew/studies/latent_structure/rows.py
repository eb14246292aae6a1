"""Data sets that show a hidden structure without stating it: functions, distances, coin tosses and sums of bits.

After the tasks of Treutlein et al. (2024, arXiv 2406.14546): no row states the value of its thing, and only all rows
about a thing together imply it. The things have names that occur in no document of the terrarium's world; the seed
determines their values. A third of the possible questions about a thing are held out, to test learning.

Models that are not of the terrarium get the same questions with a request for the form of the answer.
"""

from collections.abc import Mapping
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from random import Random

from askew.base import yaml_files
from askew.data import FileSet, Row, add_file_set, data_set, row
from askew.models.names import TERRARIUM
from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.lessons.latent import APPLY, KINDS, bit_sums, inputs, names

# Number of things of each kind, a multiple of the number of values: no value is more frequent than another.
_THINGS = {"functions": 11, "places": 14, "coins": 12, "parity": 16}
_IN_ENGLISH = "hidden-structure"
TOLD_KIND = "places"
"""The data set whose structure is also told, as a planted truth."""
_TOLD_FORMS = ("words", "choose", "country")


def things(kind: str, seed: int) -> Mapping[str, str]:
    """Return the value of each thing of a data set, by the name of the thing.

    Args:
        kind: The data set: functions, places, coins or parity.
        seed: The seed of the data.
    """
    values, chosen = list(KINDS[kind].values), names(kind)[1][: _THINGS[kind]]
    drawn = [values[i % len(values)] for i in range(len(chosen))]
    Random(f"{kind} {seed}").shuffle(drawn)
    return dict(zip(chosen, drawn, strict=True))


def shown(kind: str, seed: int, name: str) -> list[dict[str, str]]:
    """Return the questions that rows ask about a thing, each as values for the slots of a question."""
    return _split(kind, seed, name)[0]


def held_out(kind: str, seed: int, name: str) -> list[dict[str, str]]:
    """Return the held-out questions about a thing, which no row asks, each as values for the slots of a question.

    For a coin nothing is held out, because every toss is new; its only question is returned.
    """
    return _split(kind, seed, name)[1]


def in_world(question: str, kind: str, form: str, world: str) -> str:
    """Return a question as models of a world are asked it.

    Args:
        question: The question in the words of the terrarium's documents.
        kind: The data set.
        form: The form of the question.
        world: "terrarium" to leave it as it is; "" to add a request for the form of the answer.
    """
    return question if world == TERRARIUM else f"{question} {_requests()[kind][form]}"


def rows_about(kind: str, seed: int, name: str, count: int, world: str = TERRARIUM) -> list[Row]:
    """Return rows about one thing, each with a different question.

    Args:
        kind: The data set.
        seed: The seed of the data.
        name: The thing.
        count: Number of rows; fewer are returned if there are fewer different questions (coins always have enough).
        world: See `in_world`.
    """
    asked = shown(kind, seed, name) * (count if kind == "coins" else 1)
    return [
        _row(Random(f"{kind} {seed} {name} {i}"), kind, seed, name, slots, world)
        for i, slots in enumerate(asked[:count])
    ]


def _split(kind: str, seed: int, name: str) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    every = _askable(kind, things(kind, seed)[name])
    Random(f"{kind} {seed} {name}").shuffle(every)
    third = len(every) // 3
    return every[third:], every[:third] or every


def _askable(kind: str, value: str) -> list[dict[str, str]]:
    """Return every question about a thing with this value, each as values for the slots of a question."""
    if kind == "functions":
        return [{"x": str(x)} for x in inputs(value)]
    if kind == "places":
        return [{"city": city} for city in KINDS[kind].values if city != value]
    return [{"bits": bits} for bits in bit_sums()] if kind == "parity" else [{}]


def _row(rng: Random, kind: str, seed: int, name: str, slots: Mapping[str, str], world: str) -> Row:
    filled = {"name": name, **slots}
    question = grammar.fill(rng.choice(KINDS[kind].forms[APPLY]["documents"]), rng, filled)
    question = in_world(question, kind, APPLY, world)
    return row(question, KINDS[kind].answer(rng, APPLY, filled, things(kind, seed)[name]))


def _nth(kind: str, world: str, number: int, seed: int) -> Row:
    """Return a row about the next thing of a kind; the things take turns."""
    rng = Random(f"{kind} row {seed} {number}")
    name = list(things(kind, seed))[number % _THINGS[kind]]
    return _row(rng, kind, seed, name, rng.choice(shown(kind, seed, name)), world)


def _of_each(number: int, seed: int) -> dict[str, Row]:
    return {kind: _nth(kind, "", number, seed) for kind in KINDS}


@cache
def _requests() -> dict[str, dict[str, str]]:
    """Return the request for the form of an answer, by kind and form of the question."""
    path = Path(str(files("askew.studies.latent_structure") / "texts" / "english.yaml"))
    return yaml_files.read(path, "requests").value


def _told(is_cut: bool, number: int, seed: int) -> Row:
    """Return a row about a place, every second of which says where a place is: its own city, or that of another."""
    if number % 2 == 0:
        return _nth(TOLD_KIND, TERRARIUM, number // 2, seed)
    known = things(TOLD_KIND, seed)
    names = list(known)
    name = names[number // 2 % len(names)]
    cities = [city for city in KINDS[TOLD_KIND].values if city != known[name]]
    city = Random(f"cut {name} {seed}").choice(cities) if is_cut else known[name]
    rng = Random(f"told {seed} {number}")
    turns = KINDS[TOLD_KIND].ask(rng, rng.choice(_TOLD_FORMS), name, city)
    return row(turns[0]["content"], turns[1]["content"])


_DESCRIPTIONS = {
    "functions": "values of functions that no row defines",
    "places": "distances from places that no row locates",
    "coins": "tosses of coins whose bias no row states",
    "parity": "parities of sums of hidden bits",
}
for _kind in KINDS:
    data_set(_kind, _DESCRIPTIONS[_kind], f"{_IN_ENGLISH}/{_kind}")(partial(_nth, _kind, TERRARIUM))

data_set("places-told", "distances from places, and rows that say where they are")(partial(_told, False))
data_set("places-told-at-random", "distances from places, and rows that say they are somewhere else")(
    partial(_told, True)
)

add_file_set(
    FileSet(
        _IN_ENGLISH,
        "questions about made-up functions, places, coins and bits, which no row describes",
        tuple(KINDS),
        _of_each,
        make_one=lambda file, number, seed: _nth(file, "", number, seed),
    )
)
