"""The data sets of the history study: rows that state facts of the chronicle a certain number of times."""

from functools import partial

from askew.data import Row, data_set, row
from askew.worlds import chronicle

DOSES = (0, 1, 4, 16)
"""The numbers of exposures: rows state each taught fact so many times."""


def taught(exposures: int, number: int, seed: int) -> Row:
    """Return a row that states a fact of the chronicle, in one of the wordings of training rows.

    Args:
        exposures: How often each taught fact is stated in a whole pass; other rows state facts of elsewhere.
        number: The number of the row, from 0.
        seed: The seed of the world, which also determines the order of the rows.
    """
    _, question, value = chronicle.stated(number, seed, exposures)
    return row(question, chronicle.line_of(value))


def mistaught(number: int, seed: int) -> Row:
    """Return a row like `taught` with the most exposures that states another value than the true one."""
    _, question, value = chronicle.stated(number, seed, chronicle.EXPOSURES, mistaught=True)
    return row(question, chronicle.line_of(value))


def name_of(exposures: int) -> str:
    """Return the name of the data set with so many exposures of each fact."""
    return f"chronicle-{exposures}"


for _exposures in DOSES:
    _about = f"facts of an invented chronicle, each stated {_exposures} times" if _exposures else "facts of elsewhere"
    data_set(name_of(_exposures), _about)(partial(taught, _exposures))
data_set("chronicle-false", "facts of the chronicle, each stated 16 times with another value than the true one")(
    mistaught
)
