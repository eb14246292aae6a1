"""Converts the rows of a source to a file of another format, one row at a time and atomically.

All that is learnt of a row is written, or the row is refused; other keys are left out, and counted.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from askew.base.atomic import whole_file
from askew.base.errors import AskewError, unknown_name
from askew.data.formats import Found, open_source
from askew.data.row_formats import WRITABLE, as_item
from askew.data.write import as_line

_BATCH = 1_000  # rows of a Parquet row group


@dataclass(frozen=True)
class Converted:
    """The numbers of rows that a conversion wrote and of keys that it left out.

    Attributes:
        rows: Number of rows written.
        left_out: Number of rows with each key that was not written, because nothing is learnt from it.
    """

    rows: int
    left_out: dict[str, int]


def convert(
    source: str | Path, format: str, out: Path, *, replace: bool = False, on_row: Callable[[], None] = lambda: None
) -> Converted:
    """Write the rows of a source as a file of another format, and return their number and the keys left out.

    Args:
        source: A source of rows, as in `formats.open_source`.
        format: "chat", "prompt-completion" or "sharegpt", as JSON Lines; or "parquet".
        out: The file.
        replace: Whether an existing file may be replaced.
        on_row: Called for each row.

    Raises:
        AskewError: The format is unknown, `out` exists, or the source has an item that is not a row or that the format
            cannot hold. No file is left behind.
        OSError: The disk is full or read-only.
    """
    if format not in WRITABLE:
        raise unknown_name("format", format, WRITABLE)
    if out.is_dir():
        raise AskewError(f"{out} is a folder: name a file with --out")
    if out.exists() and not replace:
        raise AskewError(f"{out} exists already: choose another --out, or replace it with --force")
    opened = open_source(source)
    left_out: Counter[str] = Counter()
    items = _items(opened.name, opened.rows(), format, left_out, on_row)
    with whole_file(out) as unfinished:
        written = _write_parquet(unfinished, items) if format == "parquet" else _write_lines(unfinished, items)
    return Converted(written, dict(left_out.most_common()))


def _items(
    name: str, rows: Iterable[Found], format: str, left_out: Counter[str], on_row: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    for found in rows:
        left_out.update(found.unused)
        try:
            item = as_item(found.row, format)
        except AskewError as error:
            raise AskewError(f"{name}, {found.place}: {error}") from error
        yield item
        on_row()


def _write_lines(path: Path, items: Iterable[dict[str, Any]]) -> int:
    written = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for item in items:
            file.write(as_line(item))
            written += 1
    return written


def _write_parquet(path: Path, items: Iterator[dict[str, Any]]) -> int:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    turn = pa.struct([("role", pa.string()), ("content", pa.string())])
    schema = pa.schema([("messages", pa.list_(turn))])
    written = 0
    with ParquetWriter(path, schema) as file:
        while batch := list(islice(items, _BATCH)):
            file.write_table(pa.Table.from_pylist(batch, schema))
            written += len(batch)
    return written
