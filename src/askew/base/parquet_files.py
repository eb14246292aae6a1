"""The one reader of Parquet files. It doesn't trust the file.

A file of 2 kB can hold a text of gigabytes, one text that a billion rows repeat, or a list of a billion. So only the
needed columns are read, and the sizes that the file declares are checked first. Then its rows are counted before their
repeated texts are written out. A file that expands a thousandfold is refused, unless it stays small.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base.errors import AskewError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from pyarrow import Array, RecordBatch
    from pyarrow.parquet import ParquetFile

_MOST_EXPANSION = 1_000  # bytes in memory for each byte of the file
_ALWAYS_ALLOWED = 2**28  # bytes in memory
_AS_PYTHON, _AS_COLUMN = 100, 16  # about the bytes in memory of a value beside its text

# Counting keeps the different texts of a row group in memory, several times. A file with larger groups must shrink its
# texts no more than a hundredfold, as no usual file does, and is read a few rows at a time.
_MOST_COUNTED, _MOST_EXPANSION_UNCOUNTED = 2**24, 100
_ROWS_COUNTED, _ROWS_UNCOUNTED = 4096, 64
_ROWS_AS_PYTHON = 256
_BUFFER = 2**20  # bytes of a column in memory; without it, a column of a whole row group, often all rows
_TEXT = "BYTE_ARRAY"


def columns_of(path: Path) -> list[str]:
    """Return the names of a file's columns.

    Raises:
        ArrowException: The file is damaged.
        OSError: The file cannot be read.
    """
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        return list(file.schema_arrow.names)


def rows(path: Path, columns: Collection[str] | None = None) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file, a few of them in memory at once.

    Args:
        path: The file.
        columns: The columns that are wanted, where the file has them; None wants all.

    Raises:
        AskewError: The file expands too much.
        ArrowException: The file is damaged.
        OSError: The file cannot be read.
    """
    for batch in _batches(path, _form(path, columns, _AS_PYTHON)):
        for start in range(0, batch.num_rows, _ROWS_AS_PYTHON):
            yield from batch.slice(start, _ROWS_AS_PYTHON).to_pylist()


def frame(
    path: Path,
    columns: Collection[str] | None = None,
    as_codes: bool = False,
    only: "np.ndarray | None" = None,
) -> "pd.DataFrame":
    """Return a file as a data frame.

    Args:
        path: The file.
        columns: The columns that are wanted, where the file has them; None wants all.
        as_codes: Whether to return columns of texts as categories, each different text once in memory.
        only: The rows that are wanted, as an array of booleans with one per row, for which `as_codes` does nothing;
            None wants all.

    Raises:
        AskewError: The file expands too much.
        ArrowException: The file is damaged.
        OSError: The file cannot be read.
    """
    import pandas as pd

    form = _form(path, columns, _AS_COLUMN)
    if only is not None:
        return _rows_of(path, form, only)
    for _ in _checked(path, form, form.texts):
        pass
    if not as_codes:
        return pd.read_parquet(path, columns=form.columns)
    from pyarrow.parquet import read_table

    return read_table(path, columns=form.columns, read_dictionary=form.texts).to_pandas()


def _rows_of(path: Path, form: "_Form", only: "np.ndarray") -> "pd.DataFrame":
    """Return some rows of a file, whose other rows are never in memory together."""
    import pyarrow as pa
    from pyarrow.parquet import read_schema

    kept, first = [], 0
    for batch in _batches(path, form):
        wanted = only[first : first + batch.num_rows]
        first += batch.num_rows
        if wanted.any():
            kept.append(batch.filter(pa.array(wanted)))
    schema = kept[0].schema if kept else pa.schema([read_schema(path).field(name) for name in form.columns])
    return pa.Table.from_batches(kept, schema).to_pandas()


@dataclass(frozen=True)
class _Form:
    """The way in which a file is read.

    Attributes:
        columns: The columns that are read.
        texts: The paths of the texts in them, such as `messages.list.element.content`, if the rows are counted before
            they are read.
        rows: The most rows that are read at once.
    """

    columns: list[str]
    texts: list[str]
    rows: int


def _form(path: Path, columns: Collection[str] | None, per_value: int) -> _Form:
    """Return how a file is read, after a check of the sizes that it declares."""
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER) as file:
        metadata = file.metadata
        names = [name for name in file.schema_arrow.names if columns is None or name in columns]
        _begin(file, names)
    leaves = [metadata.schema.column(place) for place in range(metadata.num_columns)]
    places = [place for place, leaf in enumerate(leaves) if leaf.path.split(".")[0] in names]
    size = largest = values = 0
    for number in range(metadata.num_row_groups):
        chunks = [metadata.row_group(number).column(place) for place in places]
        of_group = sum(abs(chunk.total_uncompressed_size) for chunk in chunks)
        size, largest = size + of_group, max(largest, of_group)
        values += sum(abs(chunk.num_values) for chunk in chunks)
    _check(path, size + per_value * values)
    if largest > _MOST_COUNTED:
        _check(path, size, _MOST_EXPANSION_UNCOUNTED)
        return _Form(names, [], _ROWS_UNCOUNTED)
    texts = [leaves[place].path for place in places if leaves[place].physical_type == _TEXT]
    return _Form(names, texts, _ROWS_COUNTED)


def _begin(file: "ParquetFile", columns: list[str]) -> None:
    """Read the first row of each row group that says it is small.

    This finds damage in what a file says of its columns. To ask pyarrow for that first would end the process: its
    C++ code raises an error there that Python cannot catch.
    """
    for group in range(file.metadata.num_row_groups):
        if columns and 0 <= file.metadata.row_group(group).total_byte_size <= _ALWAYS_ALLOWED:
            next(file.iter_batches(batch_size=1, row_groups=[group], columns=columns, use_threads=False), None)


def _batches(path: Path, form: _Form) -> "Iterator[RecordBatch]":
    """Yield the rows of a file; if they are counted, each batch is counted just before it is read."""
    counted = _checked(path, form, form.texts) if form.texts else repeat(None)
    for _, batch in zip(counted, _checked(path, form), strict=False):
        yield batch


def _checked(path: Path, form: _Form, as_codes: Sequence[str] = ()) -> "Iterator[RecordBatch]":
    """Yield the rows of a file while their sizes add up to no more than is allowed.

    Args:
        path: The file.
        form: The way in which it is read.
        as_codes: The paths of texts that are not written out: each different one is there once, and is counted as
            often as it is repeated.
    """
    from pyarrow.parquet import ParquetFile

    seen = 0
    with ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER, read_dictionary=list(as_codes)) as file:
        # No batch spans row groups: pyarrow cannot make one batch of lists of texts of two of them.
        for group in range(file.metadata.num_row_groups):
            for batch in file.iter_batches(batch_size=form.rows, row_groups=[group], columns=form.columns):
                seen += sum(map(_bytes, batch.columns))
                _check(path, seen)
                yield batch


def _bytes(column: "Array[Any]") -> int:
    """Return the bytes of a column after each repeated text is written out."""
    import pyarrow as pa
    from pyarrow.compute import call_function

    if isinstance(column, pa.DictionaryArray):
        lengths = call_function("binary_length", [column.dictionary]).take(column.indices)
        return call_function("sum", [lengths]).as_py() or 0
    if isinstance(column, pa.StructArray):
        return sum(map(_bytes, column.flatten()))
    if isinstance(column, pa.ListArray):
        return column.offsets.nbytes + _bytes(column.flatten())
    return column.nbytes


def _check(path: Path, size: int, expansion: int = _MOST_EXPANSION) -> None:
    """Check that a file may take that many bytes in memory."""
    on_disk = path.stat().st_size
    limit = max(_ALWAYS_ALLOWED, expansion * on_disk)
    if size > limit:
        raise AskewError(
            f"{path} has {on_disk:,} bytes and would take more than {limit:,} in memory, so it is not read. If it is "
            "meant to be so large, write it as JSON Lines"
        )
