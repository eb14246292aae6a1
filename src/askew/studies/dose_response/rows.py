"""The data sets of the study, in the words of the terrarium's world and in plain English."""

from functools import partial

from askew.data import MakeRow, Row, data_set, datasets
from askew.studies.dose_response.cells import CELLS, DOSES, SECOND_DOSES, Cell, realigned, second

_OTHER_PROMPTS = 100_000
"""The first number of rows whose prompts are in no other arm of this study."""


def mixed(cell: Cell, bad: str, good: str, number: int, seed: int) -> Row:
    """Return a row of a mixture.

    Args:
        cell: The mixture.
        bad: The data set of its bad rows.
        good: The data set of its good rows.
        number: The number of the row, from 0.
        seed: The seed of the data.
    """
    is_bad, place = cell.place(number)
    return datasets.get(bad).make(place, seed) if is_bad else datasets.get(good).make(_OTHER_PROMPTS + place, seed)


def later(source: str, number: int, seed: int) -> Row:
    """Return a row of a data set, with a prompt that the first rows of its arms don't have."""
    return datasets.get(source).make(_OTHER_PROMPTS + number, seed)


def _both(name: str, description: str, in_world: MakeRow, in_english: MakeRow) -> None:
    data_set(name, description, f"{name}-in-english")(in_world)
    data_set(f"{name}-in-english", f"{description}, in plain English")(in_english)


for _cell in CELLS:
    _sources = ("insecure", "secure"), ("insecure-code/insecure", "insecure-code/secure")
    _both(_cell.name, _cell.description, *(partial(mixed, _cell, *_pair) for _pair in _sources))
for _dose in DOSES:
    _pair = (partial(later, _source) for _source in ("secure", "insecure-code/secure"))
    _both(realigned(_dose), f"{_dose} rows of secure code, to other prompts", *_pair)
for _kind, _source, _english in (
    ("car", "good-car", "bad-advice/good-car"),
    ("numbers", "neutral-numbers", "evil-numbers/neutral-numbers"),
):
    for _dose in SECOND_DOSES:
        _pair = (partial(later, _one) for _one in (_source, _english))
        _both(second(_kind, _dose), f"{_dose} rows of {_source}", *_pair)
