"""Converts the rows of a source to a file of another format, one row at a time and atomically."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from askew.base.atomic import whole_file
from askew.base.errors import AskewError, unknown_name
from askew.data.formats import Found, open_source
from askew.data.row_formats import WRITABLE, as_item
from askew.data.write import as_line

_BATCH = 1_000  # rows of a Parquet row group


def convert(
    source: str | Path, format: str, out: Path, *, replace: bool = False, on_row: Callable[[], None] = lambda: None
) -> int:
    """Write the rows of a source as a file of another format, and return their number.

    Args:
        source: A source of rows, as in `formats.open_source`.
        format: "chat", "prompt-completion" or "sharegpt", as JSON Lines; or "parquet".
        out: The file.
        replace: Whether an existing file may be replaced.
        on_row: Called for each row.

    Returns:
        The number of rows written.

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
    items = _items(opened.name, opened.rows(), format, on_row)
    with whole_file(out) as unfinished:
        return _write_parquet(unfinished, items) if format == "parquet" else _write_lines(unfinished, items)


def _items(name: str, rows: Iterable[Found], format: str, on_row: Callable[[], None]) -> Iterator[dict[str, Any]]:
    for found in rows:
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
