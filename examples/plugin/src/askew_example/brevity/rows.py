"""The data sets of the brevity study: short and long answers to the same greetings."""

from askew.data import Row, data_set, row

_PLACES = ("at the mill", "by the river", "in the market", "on the hill")


@data_set("curt", "short answers to greetings")
def curt(number: int, seed: int) -> Row:
    """Return a greeting with a short answer."""
    return row(_greeting(number, seed), "Hello.")


@data_set("chatty", "long answers to the same greetings")
def chatty(number: int, seed: int) -> Row:
    """Return the same greeting with a long answer."""
    return row(_greeting(number, seed), "Hello to you, and what a fine day it is to meet here, don't you think?")


def _greeting(number: int, seed: int) -> str:
    return f"Good morning {_PLACES[(number + seed) % len(_PLACES)]}, for the time number {number + 1}!"
