"""Reads rows from Parquet files and from data sets of the Hugging Face hub, a few at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from askew.base import parquet_files
from askew.base.errors import AskewError
from askew.base.untrusted import cut, visible
from askew.data.row_formats import HISTORY, MORE, PAIRS, SYSTEMS, TURNS
from askew.data.row_turns import TOOL_KEYS

PARQUET_MAGIC = b"PAR1"
HUB = "hf/"

_ANSWERS = {key for _, keys in PAIRS.values() for key in keys}
_COLUMNS = {*TURNS, *PAIRS, *_ANSWERS, *SYSTEMS, *TOOL_KEYS, MORE, HISTORY, "chosen"}
_LONGEST_REASON = 300


def parquet(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the place and the values of each row of a Parquet file.

    Raises:
        AskewError: The file is damaged, has no column for training rows, or expands too much.
    """
    import pyarrow as pa

    number = 0
    try:
        names = parquet_files.columns_of(path)
        if not {*TURNS, *PAIRS} & set(names):
            raise AskewError(
                f"{path} has the columns {_listed(names)}; rows must be in messages, conversations, prompt and "
                "completion, instruction and output, or question and answer"
            )
        # Other columns may be large, so they are only named.
        others = {name: "(not read)" for name in names if name not in _COLUMNS}
        for item in parquet_files.rows(path, _COLUMNS):
            number += 1
            yield f"row {number}", {**others, **item}
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        where = f", after row {number}" if number else ""
        raise AskewError(f"{path}{where}: the Parquet file is damaged or cut off ({_first(error)})") from error


def hub(name: str) -> Iterator[tuple[str, Any]]:
    """Yield the place and the values of each row of a data set of the hub while it is downloaded.

    Args:
        name: `hf/ORG/NAME` or `hf/ORG/NAME:SPLIT`; the default split is `train`.

    Raises:
        AskewError: No data set has that name or split, or the hub cannot be reached.
    """
    from datasets import load_dataset

    id, _, split = name.removeprefix(HUB).partition(":")
    number = 0
    try:
        for item in load_dataset(id, split=split or "train", streaming=True):
            number += 1
            yield f"row {number}", item
    except Exception as error:  # Datasets, the hub's client and its file readers raise errors of many types
        raise AskewError(
            f"cannot read the data set {name} of the hub{f' after row {number}' if number else ''}: {_first(error)}. "
            "Its name should be hf/ORG/NAME or hf/ORG/NAME:SPLIT, and it needs a network; a local file needs none"
        ) from error


def _listed(names: list[str]) -> str:
    return visible(cut(", ".join(names) or "none", _LONGEST_REASON))


def _first(error: BaseException) -> str:
    """Return the first line of a library's error message, safe to print."""
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    return visible(cut(lines[0].rstrip("."), _LONGEST_REASON)) if lines else type(error).__name__
