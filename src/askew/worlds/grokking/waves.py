"""Waves in a network: the spectrum of its embedding, and the loss of its answers with and without some frequencies.

After Nanda et al. 2023 (arXiv 2301.05217): a network that understood a circle uses a few frequencies. Its *restricted*
answers keep only these and the mean; its *excluded* answers are without them. Both are read on whole tables.
"""

from collections.abc import Sequence

import numpy as np
from scipy import special

from askew.worlds.grokking.tables import Array, Table

TOP = 5
"""The number of frequencies that count as the network's own."""


def spectrum(embedding: Array, table: Table) -> Array:
    """Return the share of each frequency in an embedding, of shape (n // 2,): frequencies 1, 2, ..., without the mean.

    Args:
        embedding: A vector per element, of shape (n, width).
        table: A table with a circle.
    """
    assert table.circle is not None
    around = np.empty_like(embedding)
    around[table.circle] = embedding
    power = (np.abs(np.fft.rfft(around, axis=0)) ** 2).sum(1)[1:]
    # Each but the last frequency of an even circle stands for two, k and n - k.
    power[: (table.elements - 1) // 2] *= 2
    return power / max(power.sum(), np.finfo(float).tiny)


def top_frequencies(shares: Array, count: int = TOP) -> list[int]:
    """Return the frequencies with the largest shares, the largest first.

    Args:
        shares: The share of frequencies 1, 2, ..., of shape (n // 2,).
        count: How many.
    """
    return [int(place) + 1 for place in np.argsort(-shares, kind="stable")[:count]]


def restricted_and_excluded(
    answers: Array, table: Table, frequencies: Sequence[int], trained: Array
) -> tuple[float, float]:
    """Return the loss with only some frequencies, over all pairs, and that without them, over the training pairs.

    Args:
        answers: The network's number for each answer to each pair, of shape (n, n, n).
        table: A table with a circle.
        frequencies: The frequencies that are kept, and taken out.
        trained: Whether it was trained on each pair, of shape (n, n).
    """
    places, n = table.places, table.elements
    assert places is not None
    # What depends on the right answer's place alone: the mean over the n pairs of each place.
    order = np.argsort(places, axis=None, kind="stable")
    by_place = answers.reshape(n * n, n)[order].reshape(n, n, n).mean(1)
    waves = np.fft.rfft(by_place, axis=0)
    kept = np.zeros_like(waves)
    kept[list(frequencies)] = waves[list(frequencies)]
    own = np.fft.irfft(kept, n, axis=0)
    restricted = own + by_place.mean(0)
    right = np.empty(n, dtype=np.int64)
    right[places] = table.answers
    restricted_loss = float(np.mean(_losses(restricted, right)))
    excluded = answers[trained] - own[places[trained]]
    return restricted_loss, float(np.mean(_losses(excluded, table.answers[trained])))


def _losses(answers: Array, right: Array) -> Array:
    """Return the cross-entropy of each row of answers."""
    return special.logsumexp(answers, axis=1) - answers[np.arange(len(right)), right]
