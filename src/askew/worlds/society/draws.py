"""Random numbers by address: each draw depends on a seed, a purpose, a tick and an agent, and on nothing else.

There is no stream that draws share. So an answer of one agent never shifts a draw of another, and a society that is
resumed draws what it drew before. The mixing function is SplitMix64 (Steele et al. 2014).
"""

from functools import cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def uniform(seed: int, purpose: str, tick: int, agents: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return one number in [0, 1) per agent.

    Args:
        seed: The society's seed.
        purpose: A word for the use of the draw.
        tick: The tick; -1 for what is drawn once.
        agents: Numbers of agents, or of pairs of agents; any shape, which is the shape of the result.
    """
    key = np.uint64(_mixed(_key(seed, purpose) + (tick + 2) * _GOLDEN))
    with np.errstate(over="ignore"):
        state = key + (agents.astype(np.uint64) + np.uint64(1)) * np.uint64(_GOLDEN)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(_FIRST)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(_SECOND)
    state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def shuffled(seed: int, purpose: str, count: int) -> NDArray[np.int64]:
    """Return the numbers from 0 to `count` - 1 in random order; the shape is (count,)."""
    return np.argsort(uniform(seed, purpose, -1, np.arange(count)), kind="stable")


@cache
def _key(seed: int, purpose: str) -> int:
    return _mixed(_mixed(seed & _MASK) ^ crc32(purpose.encode()))


def _mixed(state: int) -> int:
    state = (state + _GOLDEN) & _MASK
    state = ((state ^ (state >> 30)) * _FIRST) & _MASK
    state = ((state ^ (state >> 27)) * _SECOND) & _MASK
    return state ^ (state >> 31)
