"""Random samples of a stream whose length is not known beforehand."""

from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


class Sample(Generic[T]):
    """A uniform random sample of the items of a stream (Vitter 1985, algorithm R).

    Args:
        most: The most items in the sample.
        seed: Seed of the draw.
    """

    def __init__(self, most: int, seed: int = 0) -> None:
        self.seen = 0
        self._most = most
        self._rng = Random(seed)
        self._kept: list[tuple[int, T]] = []

    def add(self, item: T) -> None:
        """Add the next item of the stream."""
        self.seen += 1
        if len(self._kept) < self._most:
            self._kept.append((self.seen, item))
        elif (place := self._rng.randrange(self.seen)) < self._most:
            self._kept[place] = (self.seen, item)

    def kept(self) -> list[T]:
        """Return the sampled items, in the order of the stream."""
        return [item for _, item in sorted(self._kept, key=lambda pair: pair[0])]
