"""Prompts that can end in several ways, laid out so that one pass over a row computes all the endings.

A row holds the stem and then each tail; a mask keeps the tails from seeing one another, and positions start
again where the stem ends. Rows are padded on the left, so that every tail ends in the same column whatever
its row.

Shapes: L tokens of a row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from askew.models.engine.branches import Ints


@dataclass(frozen=True)
class Fork:
    """A prompt that can end in several ways.

    Attributes:
        stem: The tokens that all ways have in common.
        tails: What follows in each, one token at least.
    """

    stem: tuple[int, ...]
    tails: tuple[tuple[int, ...], ...]


def similar(forks: Sequence[Fork], tokens: int) -> Iterator[list[int]]:
    """Yield the numbers of forks that go together: tails of the same lengths, stems of about the same.

    Args:
        forks: All forks.
        tokens: The most tokens at a time, padding included.
    """

    def shape(i: int) -> tuple[tuple[int, ...], int]:
        return tuple(len(tail) for tail in forks[i].tails), len(forks[i].stem)

    for tails, same in groupby(sorted(range(len(forks)), key=shape), key=lambda i: shape(i)[0]):
        part: list[int] = []
        for number in same:
            if part and (len(part) + 1) * (len(forks[number].stem) + sum(tails)) > tokens:
                yield part
                part = []
            part.append(number)
        yield part


def positions(fork: Fork, length: int) -> Ints:
    """Return the position of every token after the prefix; each tail goes on where the stem ends."""
    stem = len(fork.stem)
    parts = [np.arange(stem), *(stem + np.arange(len(tail)) for tail in fork.tails)]
    own = np.concatenate(parts)
    return np.concatenate([np.zeros(length - len(own), dtype=np.int64), own])


def mask(forks: Sequence[Fork], length: int, prefix: int) -> np.ndarray:
    """Return what each token may attend to: shape forks, 1, L, prefix + L.

    A token sees the prefix, its own stem and what precedes it in its own tail. Padding sees itself, for a
    softmax over nothing is not a number, and is seen by nobody.
    """
    number = np.arange(length)
    causal = np.tril(np.ones((length, length), dtype=bool))
    start = length
    for tail in reversed(forks[0].tails):
        start -= len(tail)
        causal[start + len(tail) :, start : start + len(tail)] = False
    stem_from = np.array([start - len(fork.stem) for fork in forks])
    own = causal & (number >= stem_from[:, None])[:, None, :]
    own[:, number, number] = True
    return np.concatenate([np.ones((len(forks), length, prefix), dtype=bool), own], axis=2)[:, None]
