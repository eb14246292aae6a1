"""Readings of prompts: how likely a model is to choose each option. A store keeps them, up to a limit."""

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

_MOST_KEPT = 100_000  # of about 300 bytes each

# Weights are rounded, so that a journal is short, and reading prompts in other batches seldom changes a digit.
_DIGITS = 5


class Reading(NamedTuple):
    """A prompt, as a model read it.

    Attributes:
        logprobs: The log-probability of each option, in nats; empty if the model shows none.
        tokens: The tokens that it read.
    """

    logprobs: tuple[float, ...]
    tokens: int = 0

    @property
    def mass(self) -> float:
        """The probability of all options together, among everything that the model could say."""
        return sum(map(math.exp, self.logprobs))


class Readings:
    """Readings by the digest of what was read; the oldest are forgotten when there are too many.

    Args:
        most: The most readings to keep.
    """

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._most = most
        self._kept: dict[bytes, Reading] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: bytes) -> Reading | None:
        """Return a reading; None if it isn't kept."""
        return self._kept.get(key)

    def add(self, key: bytes, reading: Reading) -> None:
        """Keep a reading, and forget the oldest one if there are too many."""
        self._kept[key] = reading
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]


def key_of(text: str, options: Sequence[str] = ()) -> bytes:
    """Return a short digest of a prompt and its options."""
    return blake2b("\0".join([text, *options]).encode(), digest_size=12).digest()


def weights(logprobs: Sequence[float], temperature: float) -> tuple[float, ...] | None:
    """Return the probability of each option at a temperature, renormalised over the options.

    Args:
        logprobs: The log-probability of each option; they need not sum to 1.
        temperature: The temperature; 0 takes the likeliest option, the first of equal ones.

    Returns:
        The probabilities, rounded; None if there are none, because a number is missing or no option can be said.
    """
    highest = max(logprobs, default=-math.inf)
    if any(map(math.isnan, logprobs)) or math.isinf(highest):
        return None
    if temperature == 0:
        best = logprobs.index(highest)
        return tuple(float(number == best) for number in range(len(logprobs)))
    powers = [math.exp((value - highest) / temperature) for value in logprobs]
    total = math.fsum(powers)
    return tuple(round(power / total, _DIGITS) for power in powers)


def drawn(weights: Sequence[float], draw: float) -> int:
    """Return the number of an option, drawn by weights.

    Args:
        weights: A weight per option; one at least is above 0.
        draw: A random number in [0, 1).
    """
    left = draw * math.fsum(weights)
    for number, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return number
    return max(range(len(weights)), key=weights.__getitem__)  # after errors of rounding
