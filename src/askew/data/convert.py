"""Writes the rows of any source as a file of one format, a row at a time; the file appears whole or not at all."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from askew.base.atomic import whole_file
from askew.base.errors import AskewError, unknown_name
from askew.data.formats import Found, open_source
from askew.data.row_formats import WRITABLE, as_item
from askew.data.write import as_line

_BATCH = 1_000  # rows of one row group of Parquet


def convert(
    source: str | Path, format: str, out: Path, *, replace: bool = False, on_row: Callable[[], None] = lambda: None
) -> int:
    """Write the rows of a source as a file of some format.

    Args:
        source: A file or a data set of the hub, as `formats.open_source` takes it.
        format: "chat", "prompt-completion" or "sharegpt", as JSON Lines; or "parquet".
        out: The file.
        replace: Whether it may be there already.
        on_row: Called for each row.

    Returns:
        How many rows were written.

    Raises:
        AskewError: There is no such format; `out` is there already; the source holds something that is no row, or a row
            that the format cannot hold. Nothing is left then.
        OSError: The disk is full or read-only.
    """
    if format not in WRITABLE:
        raise unknown_name("format", format, WRITABLE)
    if out.is_dir():
        raise AskewError(f"{out} is a folder: --out names a file")
    if out.exists() and not replace:
        raise AskewError(f"{out} is there already: name another --out, or replace it with --force")
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
