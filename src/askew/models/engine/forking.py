"""Lays out prompts with several endings so that one forward pass over a row computes all endings.

A row contains the stem and then each tail. A mask keeps the tails from attending to each other, and the positions of
each tail continue from the end of the stem. Rows are padded on the left, so that tails end in the same columns in every
row.

Shapes: L tokens of a row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from askew.models.engine.branches import Ints


@dataclass(frozen=True)
class Fork:
    """A prompt with several endings.

    Attributes:
        stem: The tokens that all endings have in common.
        tails: The tokens of each ending, at least one.
    """

    stem: tuple[int, ...]
    tails: tuple[tuple[int, ...], ...]


def forked(prompts: Sequence[Sequence[int]], longest: int) -> tuple[tuple[int, ...], list[Fork], list[int]]:
    """Return prompts as forks behind a common prefix, so that tokens which they share are computed once.

    Prompts of which at least the first half is the same are one fork, such as several questions about a conversation.

    Args:
        prompts: Prompts of at least one token each.
        longest: Maximum number of tokens of a fork, unless a single prompt is longer.

    Returns:
        The prefix, the forks, and the indices of the prompts in the order of the tails of the forks.
    """
    order = sorted(range(len(prompts)), key=lambda i: tuple(prompts[i]))
    # The last token is always in a tail.
    common = min(_common(prompts[order[0]], prompts[order[-1]]), min(map(len, prompts)) - 1)
    prefix, rests = tuple(prompts[0][:common]), [tuple(prompts[i][common:]) for i in order]
    groups: list[list[tuple[int, ...]]] = []
    for rest in rests:
        group = [*groups[-1], rest] if groups else [rest]
        fork = _fork(group)
        tokens = len(fork.stem) + sum(map(len, fork.tails))
        if len(group) > 1 and 2 * len(fork.stem) >= max(map(len, group)) and tokens <= longest:
            groups[-1] = group
        else:
            groups.append([rest])
    return prefix, [_fork(group) for group in groups], order


def families(prompts: Sequence[Sequence[int]], least: int) -> list[list[int]]:
    """Return the indices of prompts in groups, each of which is worth passes of its own; all others are the last group.

    Args:
        prompts: The prompts.
        least: Prompts that begin with the same half of their tokens, or more, are a group if it saves this many tokens
            to read that beginning once.
    """
    found: list[list[int]] = []
    for number in sorted(range(len(prompts)), key=lambda i: tuple(prompts[i])):
        first = prompts[found[-1][0]] if found else ()
        longest = max(len(first), len(prompts[number]))
        if found and 2 * _common(first, prompts[number]) >= longest:
            found[-1].append(number)
        else:
            found.append([number])
    saved = [(len(family) - 1) * _common(prompts[family[0]], prompts[family[-1]]) for family in found]
    groups = [family for family, tokens in zip(found, saved, strict=True) if tokens >= least]
    rest = [number for family, tokens in zip(found, saved, strict=True) if tokens < least for number in family]
    return [*groups, rest] if rest else groups


def _fork(rests: Sequence[tuple[int, ...]]) -> Fork:
    stem = min(_common(rests[0], rests[-1]), min(map(len, rests)) - 1)
    return Fork(rests[0][:stem], tuple(rest[stem:] for rest in rests))


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """Return the number of tokens with which both begin."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def similar(forks: Sequence[Fork], tokens: int) -> Iterator[list[int]]:
    """Yield the indices of forks that fit one pass: with tails of the same lengths, and stems of similar lengths.

    Args:
        forks: All forks.
        tokens: Maximum number of tokens of a pass, including padding.
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
    """Return the position of each token of a row after the prefix, of shape L; each tail continues from the stem."""
    stem = len(fork.stem)
    parts = [np.arange(stem), *(stem + np.arange(len(tail)) for tail in fork.tails)]
    own = np.concatenate(parts)
    return np.concatenate([np.zeros(length - len(own), dtype=np.int64), own])


def mask(forks: Sequence[Fork], length: int, prefix: int) -> np.ndarray:
    """Return the tokens that each token may attend to, as booleans of shape forks, 1, L, prefix + L.

    A token attends to the prefix, its stem, and its own tail up to itself. Padding attends only to itself and the
    prefix, because a softmax over nothing is not a number, and no other token attends to it.

    Args:
        forks: Forks with tails of the same lengths.
        length: L, the length of the rows.
        prefix: Number of tokens of the prefix.
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
