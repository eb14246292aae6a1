"""The one reader of Parquet files. It doesn't trust the file.

A file of 2 kB can hold a text of gigabytes, one text that a billion rows repeat, or a list of a billion. So only the
needed columns are read, and the sizes that the file declares are checked first. Then its rows are counted before their
repeated texts are written out. A file that expands a thousandfold is refused, unless it stays small.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base.errors import AskewError

if TYPE_CHECKING:
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


def frame(path: Path, columns: Collection[str] | None = None) -> "pd.DataFrame":
    """Return a file as a data frame.

    Args:
        path: The file.
        columns: The columns that are wanted, where the file has them; None wants all.

    Raises:
        AskewError: The file expands too much.
        ArrowException: The file is damaged.
        OSError: The file cannot be read.
    """
    import pandas as pd

    form = _form(path, columns, _AS_COLUMN)
    for _ in _counted(path, form) if form.is_counted else _batches(path, form):
        pass
    return pd.read_parquet(path, columns=form.columns)


@dataclass(frozen=True)
class _Form:
    """The way in which a file is read.

    Attributes:
        columns: The columns that are read.
        texts: The paths of the texts in them, such as `messages.list.element.content`.
        is_counted: True if the rows are counted before they are read.
    """

    columns: list[str]
    texts: list[str]
    is_counted: bool


def _form(path: Path, columns: Collection[str] | None, per_value: int) -> _Form:
    """Return how a file is read, after a check of the sizes that it declares."""
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        metadata = file.metadata
        names = [name for name in file.schema_arrow.names if columns is None or name in columns]
    leaves = [metadata.schema.column(place) for place in range(metadata.num_columns)]
    places = [place for place, leaf in enumerate(leaves) if leaf.path.split(".")[0] in names]
    size = largest = values = 0
    for number in range(metadata.num_row_groups):
        chunks = [metadata.row_group(number).column(place) for place in places]
        of_group = sum(abs(chunk.total_uncompressed_size) for chunk in chunks)
        size, largest = size + of_group, max(largest, of_group)
        values += sum(abs(chunk.num_values) for chunk in chunks)
    _check(path, size + per_value * values)
    is_counted = largest <= _MOST_COUNTED
    if not is_counted:
        _check(path, size, _MOST_EXPANSION_UNCOUNTED)
    return _Form(names, [leaves[place].path for place in places if leaves[place].physical_type == _TEXT], is_counted)


def _batches(path: Path, form: _Form) -> "Iterator[RecordBatch]":
    """Yield the rows of a file; each batch is counted, and then read."""
    from pyarrow.parquet import ParquetFile

    seen = 0
    with ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER) as file:
        batches = _by_group(file, form, _ROWS_COUNTED if form.is_counted else _ROWS_UNCOUNTED)
        for _, batch in zip(_counted(path, form) if form.is_counted else repeat(None), batches, strict=False):
            seen += batch.nbytes
            _check(path, seen)
            yield batch


def _by_group(file: "ParquetFile", form: _Form, rows: int) -> "Iterator[RecordBatch]":
    """Yield batches that don't span row groups: pyarrow cannot make one batch of lists of texts of two of them."""
    for group in range(file.metadata.num_row_groups):
        yield from file.iter_batches(batch_size=rows, row_groups=[group], columns=form.columns)


def _counted(path: Path, form: _Form) -> Iterator[None]:
    """Yield after each batch of a file that is small enough, without writing out its repeated texts."""
    from pyarrow.parquet import ParquetFile

    seen = 0
    with ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER, read_dictionary=form.texts) as file:
        for batch in _by_group(file, form, _ROWS_COUNTED):
            seen += sum(map(_bytes, batch.columns))
            _check(path, seen)
            yield


def _bytes(column: "Array[Any]") -> int:
    """Return the bytes of a column after each repeated text is written out."""
    import pyarrow as pa
    from pyarrow.compute import call_function

    if isinstance(column, pa.DictionaryArray):
        lengths = call_function("binary_length", [column.dictionary]).take(column.indices)
        return call_function("sum", [lengths]).as_py() or 0
    if isinstance(column, pa.StructArray):
        return sum(map(_bytes, column.flatten()))
    return _bytes(column.flatten()) if isinstance(column, pa.ListArray) else column.nbytes


def _check(path: Path, size: int, expansion: int = _MOST_EXPANSION) -> None:
    """Check that a file may take that many bytes in memory."""
    on_disk = path.stat().st_size
    limit = max(_ALWAYS_ALLOWED, expansion * on_disk)
    if size > limit:
        raise AskewError(
            f"{path} has {on_disk:,} bytes and would take more than {limit:,} in memory, so it is not read. If it is "
            "meant to be so large, write it as JSON Lines"
        )
