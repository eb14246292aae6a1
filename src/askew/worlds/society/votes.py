"""Counts votes."""

import numpy as np
from numpy.typing import NDArray


def tally(sides: NDArray[np.integer]) -> int | None:
    """Return the side, 0 or 1, that most votes are for; None for a tie or without votes, which keep the law.

    Args:
        sides: The votes; the shape is (votes,).
    """
    ones = int((sides == 1).sum())
    zeros = int((sides == 0).sum())
    return None if ones == zeros else int(ones > zeros)
