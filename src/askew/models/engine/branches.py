"""Tracks the branches of answers: answers with the same tokens so far share a branch, and so a row of the cache.

This is bookkeeping with integers only. When answers diverge, their branch forks; when answers end, they leave it. The
branches in use always occupy the first rows of the key-value cache.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Regrouping:
    """The branches after one more token, and their origin. Shapes: A answers, S branches.

    Attributes:
        branch_A: The branch of each answer.
        parent_S: The branch before this token that each branch continues.
        token_S: The new token of each branch.
        source: Rows of the cache to copy, of shape copies.
        target: Rows to overwrite, of shape copies; none of them is also a source.
    """

    branch_A: Ints
    parent_S: Ints
    token_S: Ints
    source: Ints
    target: Ints


def regroup(branch_A: Ints, token_A: Ints) -> Regrouping:
    """Return the branches after one more token of each answer.

    Args:
        branch_A: The branch of each unfinished answer.
        token_A: The new token of each unfinished answer.
    """
    pairs, index_A = np.unique(branch_A << 32 | token_A, return_inverse=True)
    parent, token = pairs >> 32, pairs & 0xFFFFFFFF
    count = len(pairs)
    # The first child of a branch keeps its row, unless that row is beyond the rows that will be in use.
    stays = np.concatenate(([True], parent[1:] != parent[:-1])) & (parent < count)
    row = np.where(stays, parent, -1)
    row[~stays] = np.setdiff1d(np.arange(count), row[stays], assume_unique=True)
    parent_S, token_S = np.empty_like(parent), np.empty_like(token)
    parent_S[row], token_S[row] = parent, token
    return Regrouping(row[index_A], parent_S, token_S, source=parent[~stays], target=row[~stays])
