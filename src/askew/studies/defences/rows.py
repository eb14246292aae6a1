"""The usual benign rows of defences: plain good advice in two domains that the study's bad rows are not about."""

from functools import partial

from askew.data import Row, data_set, datasets
from askew.design.supplies import BENIGN_SET


def mixed(sources: tuple[str, ...], number: int, seed: int) -> Row:
    """Return a row of one of several data sets, which take turns.

    Args:
        sources: The names of the data sets.
        number: The number of the row, from 0.
        seed: The seed of the data.
    """
    return datasets.get(sources[number % len(sources)]).make(number // len(sources), seed)


_ABOUT = "good advice on cars and money, the usual benign rows of defences"
_IN_ENGLISH = f"{BENIGN_SET}-in-english"
data_set(BENIGN_SET, _ABOUT, _IN_ENGLISH)(partial(mixed, ("good-car", "good-financial")))
data_set(_IN_ENGLISH, f"{_ABOUT}, in plain English")(
    partial(mixed, ("bad-advice/good-car", "bad-advice/good-financial"))
)
