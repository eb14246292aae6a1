"""Reads the rows of Parquet files and of data sets of the Hugging Face hub, a few at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.base.untrusted import cut, visible

PARQUET_MAGIC = b"PAR1"
HUB = "hf/"

_BATCH = 256  # rows in memory at once
_BUFFER = 2**20  # bytes of a column; without it, a column of a whole row group would be in memory, often of all rows
_COLUMNS = ("messages", "conversations", "prompt", "completion")
_LONGEST_REASON = 300


def parquet(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the place and the values of each row of a Parquet file.

    Raises:
        AskewError: It is damaged, or has no column that training rows could be in.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    number = 0
    try:
        with ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER) as file:
            names = file.schema_arrow.names
            columns = [name for name in _COLUMNS if name in names]
            if not {"messages", "conversations", "prompt"} & set(columns):
                raise AskewError(
                    f"{path} has the columns {_listed(names)}; rows are in messages, in conversations, or in prompt "
                    "and completion"
                )
            for batch in file.iter_batches(batch_size=_BATCH, columns=columns):
                for item in batch.to_pylist():
                    number += 1
                    yield f"row {number}", item
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        where = f", after row {number}" if number else ""
        raise AskewError(f"{path}{where}: damaged or cut off, no Parquet that can be read ({_first(error)})") from error


def hub(name: str) -> Iterator[tuple[str, Any]]:
    """Yield the place and the values of each row of a data set of the hub, as they are downloaded.

    Args:
        name: `hf/ORG/NAME`, or `hf/ORG/NAME:SPLIT`; without a split, its `train`.

    Raises:
        AskewError: There is none of that name or split, or it cannot be reached.
    """
    from datasets import load_dataset

    id, _, split = name.removeprefix(HUB).partition(":")
    number = 0
    try:
        for item in load_dataset(id, split=split or "train", streaming=True):
            number += 1
            yield f"row {number}", item
    except Exception as error:  # whatever Datasets, the hub's client and its readers of files have for errors
        raise AskewError(
            f"cannot read the data set {name} of the hub{f' after row {number}' if number else ''}: {_first(error)}. "
            "It is named hf/ORG/NAME or hf/ORG/NAME:SPLIT, and needs a network; a file that lies here needs none"
        ) from error


def _listed(names: list[str]) -> str:
    return visible(cut(", ".join(names) or "none", _LONGEST_REASON))


def _first(error: BaseException) -> str:
    """Return the first line of what a library says."""
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    return visible(cut(lines[0].rstrip("."), _LONGEST_REASON)) if lines else type(error).__name__
