"""Chooses the answers of a run that its report shows: all of them, or as many as a browser reads with ease."""

from typing import TYPE_CHECKING

import numpy as np

from askew.base.parquet_files import sizes
from askew.runs.table_files import read_table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

MOST_ANSWERS = 50_000
MOST_BYTES = 40_000_000
"""The most bytes of different texts; a page with so many has at most about 20 MB."""
TEXTS = ("prompt", "answer", "reply", "copied_at")
"""The columns of `answers.parquet` that make a page large."""


def shown_answers(file: "Path", counted: "pd.DataFrame") -> "pd.DataFrame":
    """Return the answers that a report shows, in the order of the run.

    Args:
        file: The file `answers.parquet`.
        counted: All its rows in their order, with the column index: the number of an answer to its question.

    Returns:
        The rows of the file, all of them if they are few enough. Else the first answers to each question, by their
        numbers; of those with the last number that still fits in part, some at equal distances.

    Raises:
        AskewError: The file is damaged.
    """
    stored = sum(sizes(file, TEXTS).values())
    most = min(MOST_ANSWERS, int(MOST_BYTES / max(stored / max(len(counted), 1), 1)))
    return read_table(file, only=None if len(counted) <= most else _chosen(counted["index"].to_numpy(), most))


def _chosen(numbers: np.ndarray, most: int) -> np.ndarray:
    """Return which of the answers are shown: an array of booleans, one per answer, with `most` of them true."""
    upto = np.partition(numbers, most)[most]
    chosen = numbers < upto
    last = np.flatnonzero(numbers == upto)
    room = most - int(chosen.sum())
    chosen[last[np.linspace(0, len(last) - 1, room).astype(int)]] = True
    return chosen
