"""What answers to one question share: as long as two answers have said the same, they are one branch.

Pure bookkeeping over integers; it knows nothing of models or text. A branch is a row of the key-value cache.
Answers that part fork their branch, answers that end leave it, and the branches in use always fill the first
rows of the cache.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Regrouping:
    """Where every branch comes from after one more token. A = answers, S = branches now.

    Attributes:
        branch_A: The branch of each answer.
        parent_S: The branch, before this token, that each branch continues.
        token_S: The token that each branch has just said.
        source: Rows of the cache to be copied, and
        target: the rows to copy them to, none of which is also a source.
    """

    branch_A: Ints
    parent_S: Ints
    token_S: Ints
    source: Ints
    target: Ints


def regroup(branch_A: Ints, token_A: Ints) -> Regrouping:
    """Return the branches after each answer has said one more token.

    Args:
        branch_A: The branch of each answer that goes on.
        token_A: The token that each of them has just said.
    """
    pairs, index_A = np.unique(branch_A << 32 | token_A, return_inverse=True)
    parent, token = pairs >> 32, pairs & 0xFFFFFFFF
    count = len(pairs)
    # The first child of a branch stays in its row, unless that row is beyond those that will be in use.
    stays = np.concatenate(([True], parent[1:] != parent[:-1])) & (parent < count)
    row = np.where(stays, parent, -1)
    row[~stays] = np.setdiff1d(np.arange(count), row[stays], assume_unique=True)
    parent_S, token_S = np.empty_like(parent), np.empty_like(token)
    parent_S[row], token_S[row] = parent, token
    return Regrouping(row[index_A], parent_S, token_S, source=parent[~stays], target=row[~stays])
