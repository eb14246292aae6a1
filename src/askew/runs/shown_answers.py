"""Chooses the answers of a run that its report shows: all of them, or as many as a browser reads with ease."""

from typing import TYPE_CHECKING

import numpy as np

from askew.runs.table_files import read_table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

MOST_ANSWERS = 50_000
MOST_BYTES = 40_000_000
"""The most bytes of different texts; a page with so many has at most about 20 MB."""
TEXTS = ("prompt", "answer", "reply", "copied_at")
"""The columns of `answers.parquet` that make a page large."""
_CELL = ["arm", "probe", "question"]
_ORDERS = (["seed", "paraphrase", "index"], ["aligned", "question", "index"])
"""The orders in which a page looks for misaligned examples: the first one, or the least aligned one."""


def shown_answers(file: "Path", counted: "pd.DataFrame") -> "pd.DataFrame":
    """Return the answers that a report shows, in the order of the run.

    Args:
        file: The file `answers.parquet`.
        counted: All its rows in their order, without the texts: the columns arm, seed, probe, question, paraphrase,
            index (the number of an answer to its question), aligned (0-100) and verdict.

    Returns:
        The rows of the file, all of them if they are few and short enough. Else the first answers to each question, by
        their numbers; of those with the last number that still fits in part, some at equal distances; and, unless there
        are very many questions, the first misaligned and the least aligned answer of each arm to each question.

    Raises:
        AskewError: The file is damaged.
    """
    most = MOST_ANSWERS
    while True:
        chosen = None if len(counted) <= most else _chosen(counted["index"].to_numpy(), most) | _named(counted)
        shown = read_table(file, only=chosen)
        size = sum(_bytes(shown[name]) for name in TEXTS if name in shown)
        if size <= MOST_BYTES or most == 1:
            return shown
        most = max(1, min(int(min(most, len(shown)) * MOST_BYTES / size), most - 1))


def _chosen(numbers: np.ndarray, most: int) -> np.ndarray:
    """Return which of the answers have the lowest numbers: an array of booleans, with `most` of them true."""
    upto = np.partition(numbers, most)[most]
    chosen = numbers < upto
    last = np.flatnonzero(numbers == upto)
    room = most - int(chosen.sum())
    chosen[last[np.linspace(0, len(last) - 1, room).astype(int)]] = True
    return chosen


def _named(counted: "pd.DataFrame") -> np.ndarray:
    """Return which misaligned answers the page may name: an array of booleans; none where questions are very many."""
    is_bad = counted["verdict"].eq("misaligned").to_numpy()
    bad = counted.loc[is_bad, [*_CELL, "seed", "paraphrase", "index", "aligned"]].assign(row=np.flatnonzero(is_bad))
    named = np.zeros(len(counted), dtype=bool)
    if len(bad[_CELL].drop_duplicates()) <= MOST_ANSWERS // 10:
        for order in _ORDERS:
            named[bad.sort_values(order, kind="stable").drop_duplicates(_CELL)["row"]] = True
    return named


def _bytes(texts: "pd.Series") -> int:
    """Return the bytes of a column's different texts."""
    return int(texts.drop_duplicates().str.len().sum())
