"""Results of a screen: the most suspicious rows with reasons, and the rows that are left."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from askew.base.atomic import whole_file, wording_disk_trouble, write_whole
from askew.base.csv_cells import as_csv
from askew.data.write import as_line
from askew.screening.rows import rows_of
from askew.screening.scores import SCORES
from askew.screening.screen import KEPT, KEYS, TOP, Screen

_TEXT = 300  # characters of a text that are shown
_HIGH = 0.95  # a score is a reason from this rank on, as a share of the rows

TOP_COLUMNS = [*KEYS, "score", "reasons", "question", "answer"]
"""The columns of top.csv: the score that ranks, the names of the scores that are among the highest 5%, and the text."""


def scores_in(table: pd.DataFrame) -> list[str]:
    """Return the names of the scores among the columns of a table of `screen.score_rows`, in the order of display."""
    return [name for name in SCORES if name in table]


def ranks(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rank of every score as a share of the rows, 0 to 1, a column for each score; NaN where unread."""
    return table[scores_in(table)].rank(pct=True)


def alike(table: pd.DataFrame) -> list[str]:
    """Return the names of the columns of scores in which all rows that could be read are equal."""
    return [name for name in scores_in(table) if table[name].nunique(dropna=True) < 2]


def order(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the rows that could be read with all columns, the most suspicious first; of equal ones the first.

    Args:
        table: The table of `screen.score_rows`.
        by: The score that ranks.
    """
    return table.dropna(subset=[by]).sort_values([by, "row"], ascending=[False, True], ignore_index=True)


def removed(table: pd.DataFrame, by: str, share: float) -> pd.DataFrame:
    """Return the rows to be removed with all columns: a share of all, the most suspicious ones.

    Args:
        table: The table of `screen.score_rows`.
        by: The score that ranks.
        share: The share of all rows, 0 to 1.
    """
    return order(table, by).head(round(share * len(table)))


def write_top(folder: Path, screen: Screen, table: pd.DataFrame, by: str, most: int) -> pd.DataFrame:
    """Write `top.csv`; the source is read once more, a row at a time.

    Args:
        folder: The folder of the screen.
        screen: What was screened.
        table: The table of `screen.score_rows`.
        by: The score that ranks.
        most: The number of rows.

    Returns:
        The content of top.csv, with the columns `TOP_COLUMNS`.

    Raises:
        AskewError: The source cannot be read any more, or the disk is full.
    """
    first = order(table, by).head(most)
    numbers = set(first["row"])
    texts = {row.number: row for row in rows_of(screen.source) if row.number in numbers}
    own = table["row"].isin(numbers)
    high = dict(zip(table.loc[own, "row"], ranks(table)[own].ge(_HIGH).to_dict("records"), strict=True))
    shown = [
        {
            "row": number,
            "place": texts[number].place,
            "score": score,
            "reasons": ", ".join(name for name in scores_in(table) if high[number][name]),
            "question": texts[number].question,
            "answer": texts[number].answer,
        }
        for number, score in zip(first["row"].tolist(), first[by].tolist(), strict=True)
    ]
    top = pd.DataFrame(shown, columns=TOP_COLUMNS)
    top = top.assign(question=top["question"].str[:_TEXT], answer=top["answer"].str[:_TEXT])
    with wording_disk_trouble(folder):
        write_whole(folder / TOP, as_csv(top))
    return top


def write_kept(folder: Path, screen: Screen, gone: pd.DataFrame) -> None:
    """Write `kept.jsonl`, the rows that are left; the source is read once more, a row at a time.

    Args:
        folder: The folder of the screen.
        screen: What was screened.
        gone: The rows to be removed, with the column row, as `removed` returns them.

    Raises:
        AskewError: The source cannot be read any more, or the disk is full.
    """
    numbers = set(gone["row"])
    with wording_disk_trouble(folder), whole_file(folder / KEPT) as unfinished, unfinished.open("wb") as kept:
        for row in rows_of(screen.source):
            if row.number not in numbers:
                kept.write(as_line(row.row).encode("utf-8", "replace"))


def summary(table: pd.DataFrame) -> Mapping[str, Mapping[str, float]]:
    """Return mean, 5th, 50th and 95th percentile and the number of rows that were read, by the column of the score."""
    found: dict[str, dict[str, float]] = {}
    for name in scores_in(table):
        values = table[name].dropna().to_numpy()
        parts = np.percentile(values, [5, 50, 95]).tolist() if len(values) else [np.nan] * 3
        found[name] = {
            "mean": float(values.mean()) if len(values) else np.nan,
            **dict(zip(("p5", "median", "p95"), parts, strict=True)),
            "read": len(values),
        }
    return found
