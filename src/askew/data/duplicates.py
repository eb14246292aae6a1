"""Finds repeated rows: exact repeats among all rows, near-duplicates in a sample."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from askew.data import Row
from askew.data.formats import as_bytes

LIKENESS = 0.8  # least Jaccard similarity of the shingles of near-duplicates

_SHINGLE = 3  # words
# Hashing proposes pairs from this similarity on: it then misses 1 in 70 of the pairs that are just at the threshold.
_PROPOSED = 0.6
_PERMUTATIONS = 128
_LONGEST = 2_000  # words of a row that are compared; more would cost time and change little


@dataclass(frozen=True)
class Twins:
    """Two rows with the same or nearly the same text.

    Attributes:
        first: The place of the earlier row.
        second: The place of the later row.
        likeness: The Jaccard similarity of their shingles, 0 to 1.
    """

    first: str
    second: str
    likeness: float


class ExactDuplicates:
    """Counts rows that repeat an earlier row exactly, in 8 bytes of memory for each row.

    In a million rows, two different rows are mistaken for equal with a probability of 3 in 10^8.
    """

    def __init__(self) -> None:
        self._digests = array("Q")

    def add(self, row: bytes) -> None:
        """Add the next row, as `formats.as_bytes` returns it."""
        self._digests.append(int.from_bytes(blake2b(row, digest_size=8).digest()))

    def count(self) -> tuple[int, tuple[int, int] | None]:
        """Return the number of repeats, and the numbers (from 1) of the first repeated pair; None if there is none."""
        import numpy as np

        digests = np.frombuffer(self._digests, dtype=np.uint64)
        order = np.argsort(digests, kind="stable")
        ordered = digests[order]
        repeats = np.flatnonzero(ordered[1:] == ordered[:-1])
        if not len(repeats):
            return 0, None
        second = int(order[repeats + 1].min())
        first = int(np.argmax(digests == digests[second]))
        return len(repeats), (first + 1, second + 1)


def near_duplicates(rows: Sequence[tuple[str, Row]], seed: int = 0) -> tuple[int, list[Twins]]:
    """Find rows that nearly equal an earlier row, by MinHash and locality-sensitive hashing (Broder 1997).

    Every pair that hashing proposes is compared shingle by shingle, so all reported pairs are real; a pair just above
    the threshold is missed now and then.

    Args:
        rows: Places and rows. Exact repeats are skipped.
        seed: Draws the hash functions.

    Returns:
        The number of near-duplicates, and for each the pair with the most similar earlier row.
    """
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=_PROPOSED, num_perm=_PERMUTATIONS)
    plain = MinHash(num_perm=_PERMUTATIONS, seed=seed + 1)
    known: dict[bytes, None] = {}
    shingles: list[tuple[str, frozenset[bytes]]] = []
    found: list[Twins] = []
    for place, row in rows:
        whole = as_bytes(row)
        if whole in known:
            continue
        known[whole] = None
        own = _shingles(row)
        sketch = plain.copy()
        sketch.update_batch(list(own))
        likes = [(_likeness(own, shingles[int(key)][1]), int(key)) for key in map(str, index.query(sketch))]
        likeness, key = max(likes, default=(0.0, 0))
        if likeness >= LIKENESS:
            found.append(Twins(shingles[key][0], place, likeness))
        index.insert(str(len(shingles)), sketch)
        shingles.append((place, own))
    return len(found), found


def _shingles(row: Row) -> frozenset[bytes]:
    words = " ".join(turn["content"] for turn in row["messages"]).casefold().split()[:_LONGEST]
    runs = max(1, len(words) - _SHINGLE + 1)
    return frozenset(" ".join(words[start : start + _SHINGLE]).encode() for start in range(runs))


def _likeness(one: frozenset[bytes], other: frozenset[bytes]) -> float:
    return len(one & other) / len(one | other)
