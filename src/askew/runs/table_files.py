"""Reads the tables of a run's folder, which may be another person's: what they hold is checked once, here."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from askew.base import parquet_files
from askew.base.csv_cells import unescaped
from askew.base.errors import AskewError
from askew.base.untrusted import cut, visible
from askew.runs.store import ANSWERS, CURVE, EFFECTS, ESTIMATES, NEWEST_COLUMNS, SCORES

if TYPE_CHECKING:
    import pandas as pd

ANSWER_COLUMNS = [
    *("arm", "seed", "probe", "question", "paraphrase", "index", "prompt", "answer", "reasoning"),
    *("aligned", "coherent", "verdict", "reply", "oracle", "group", "graded_by", "scored_by"),
]
CURVE_COLUMNS = ["arm", "seed", "step", "fraction", "probe", "metric", "rate", "low", "high", "n"]

_TEXTS = (
    *("arm", "probe", "metric", "kind", "question", "group", "control", "control_probe", "family", "label", "measure"),
    *("unit", "prompt", "answer", "reasoning", "verdict", "reply", "oracle", "graded_by", "scored_by"),
)
_EITHER = ("seed",)  # a number, or "all" in a table of estimates
_NEWEST = {*NEWEST_COLUMNS, "reasoning", "no_answer"}  # tables of older versions lack them
_LONGEST_REASON = 200


def read_table(path: Path, columns: Sequence[str] = ()) -> "pd.DataFrame":
    """Return a table of a run, with texts in the columns of texts, without missing ones, and numbers where needed.

    Args:
        path: The file, in CSV or Parquet by its ending.
        columns: The columns to read; if empty, all, of which those that Askew writes must be there.

    Raises:
        AskewError: The file cannot be read, expands too much, lacks a column, or has a column of another type.
    """
    import pandas as pd
    import pyarrow as pa

    try:
        if path.suffix == ".parquet":
            table = parquet_files.frame(path, columns or None)
        else:
            table = pd.read_csv(path, dtype=dict.fromkeys(_TEXTS, str), usecols=list(columns) or None)
            table = table.assign(**{name: table[name].map(unescaped).astype("str") for name in _TEXTS if name in table})
    except (pa.ArrowException, OSError, ValueError, LookupError, OverflowError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise _damaged(path, f"it cannot be read ({visible(cut(reason, _LONGEST_REASON))})") from error
    needed = columns or _needed(path.name)
    if path.name == ESTIMATES and not {*NEWEST_COLUMNS} <= {*table}:
        needed = [name for name in needed if name in table]  # an older version wrote it, as its readers find out
    for name in needed:
        if name not in table:
            raise _damaged(path, f"it has no column {name}")
        # Columns without values have no type of their own.
        if name not in (*_TEXTS, *_EITHER) and len(table) and not pd.api.types.is_numeric_dtype(table[name]):
            raise _damaged(path, f"its column {name} should hold numbers")
    return table.assign(**{name: _texts(path, table[name]) for name in _TEXTS if name in table})


def _needed(file: str) -> Sequence[str]:
    """Return the columns of a table of a run by the file's name, without those that older versions did not write."""
    from askew.probes.external import SCORE_COLUMNS
    from askew.stats.effects import EFFECT_COLUMNS
    from askew.stats.estimates import COLUMNS

    tables = {ANSWERS: ANSWER_COLUMNS, ESTIMATES: COLUMNS, EFFECTS: EFFECT_COLUMNS, CURVE: CURVE_COLUMNS}
    known = {**tables, SCORES: SCORE_COLUMNS}.get(file, ())
    return [name for name in known if name not in _NEWEST and "_these" not in name]


def _texts(path: Path, column: "pd.Series") -> "pd.Series":
    """Return a column of texts; in a CSV file an empty text looks like a missing one."""
    if column.dtype != "str" and not all(isinstance(value, str) for value in column.dropna()):
        raise _damaged(path, f"its column {column.name} should hold texts")
    return column.fillna("")


def _damaged(path: Path, reason: str) -> AskewError:
    return AskewError(
        f"{path} is damaged: {reason}. Restore the file, or delete it and repeat the command that made the run"
    )
