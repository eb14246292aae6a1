"""Reads tables of answers row by row: CSV, TSV, JSON Lines or Parquet. A file may be larger than memory.

One odd line does not refuse a file. A row that carries nothing, such as an empty line or a repeated header, is passed
over. A row that cannot be read is left out, and its place and the cause are reported. The contents are untrusted.
"""

import csv
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from askew.base import json_text, parquet_files
from askew.base.csv_cells import unescaped
from askew.base.errors import AskewError

# The default limit of the csv module is too low for long answers.
_LONGEST_FIELD = 2**31 - 1
_NOT_UTF8 = "this is not text in UTF-8"
_OPEN = "a quotation mark opens in this line and is not closed"

Row = dict[str, Any]

# Receives the place of a broken row, such as "line 3", and the cause.
Note = Callable[[str, str], None]


class BrokenRows:
    """Counts the broken rows of a file and names the first of them; a `Note`.

    Args:
        path: The file.
        strict: Refuse the file at its first broken row.

    Attributes:
        count: Number of broken rows.
        named: Place and cause of the first five, such as "line 3: aligned is 'good'".
    """

    def __init__(self, path: Path, strict: bool = False) -> None:
        self._path, self._strict = path, strict
        self.count = 0
        self.named: list[str] = []

    def __call__(self, place: str, cause: str) -> None:
        """Count a broken row.

        Raises:
            AskewError: The file is read strictly.
        """
        if self._strict:
            raise AskewError(f"{self._path}, {place}: {cause}. Correct the row; without --strict, Askew leaves it out")
        self.count += 1
        if len(self.named) < 5:
            self.named.append(f"{place}: {cause}")

    def none_left(self, so: str) -> AskewError:
        """Return the error for a file without a row that can be used.

        Args:
            so: The consequence, such as "so there is nothing to count".
        """
        if not self.count:
            return AskewError(f"{self._path} has no rows, {so}")
        rows = "its only row is" if self.count == 1 else f"all its {self.count:,} rows are"
        return AskewError(f"{self._path}: {rows} broken, {so}: {self.named[0]}")


def broken_text(count: int, named: Sequence[str], done: str) -> str:
    """Return a sentence about broken rows: "2 broken rows were left out: line 3: …; line 9: …".

    Args:
        count: Number of broken rows.
        named: Place and cause of the first of them.
        done: The words that follow the number, such as "left out" or "not judged".
    """
    rows = "1 broken row was" if count == 1 else f"{count:,} broken rows were"
    more = f"; and {count - len(named):,} more" if count > len(named) else ""
    return f"{rows} {done}: {'; '.join(named)}{more}"


def ignore(place: str, cause: str) -> None:
    """Pass over a broken row; a `Note`."""


def read_rows(path: Path, note: Note = ignore) -> Iterator[tuple[str, Row]]:
    """Yield the place of each row of a table, such as "line 3", and the row.

    Args:
        path: A file in CSV, TSV, JSON Lines or Parquet, by its ending.
        note: Receives the place and the cause of each row that cannot be read.

    Raises:
        AskewError: The file does not exist, has another format, or cannot be read.
    """
    if not path.exists():
        raise AskewError(f"there is no file or folder {path}")
    if path.suffix.lower() not in _READERS:
        raise AskewError(f"{path}: answers are read from {', '.join(_READERS)}, but its name ends otherwise")
    try:
        for place, row in _READERS[path.suffix.lower()](path, note):
            if not all(is_nothing(value) for value in row.values()):
                yield place, row
    except OSError as error:
        raise AskewError(f"{path} cannot be read: {error.strerror or error}") from error


def columns_of(path: Path) -> list[str]:
    """Return the columns of a table; in JSON Lines, those of all rows.

    Raises:
        AskewError: As in `read_rows`.
    """
    columns: Row = {}
    for _, row in read_rows(path):
        columns.update(dict.fromkeys(row))
        if path.suffix.lower() != ".jsonl":  # only there may a later row have more
            break
    return list(columns)


def is_nothing(value: object) -> bool:
    """Return whether a cell carries nothing: no value, NaN or an empty text."""
    is_nan = isinstance(value, float) and math.isnan(value)
    return value is None or is_nan or (isinstance(value, str) and not value.strip())


# ---- CSV


class _Lines:
    """The lines of a file, which can be given back: an open quotation mark takes in the lines that follow it.

    Attributes:
        taken: The lines of the current record.
        number: The number of the last line.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._file)
        self.taken.append(line)
        self.number += 1
        return line

    def give_back_all_but_the_first(self) -> None:
        """Return the lines of the current record to the file, except the first."""
        later = self.taken[1:]
        del self.taken[1:]
        self._again.extendleft(reversed(later))
        self.number -= len(later)


def _read_csv(path: Path, note: Note, delimiter: str = ",") -> Iterator[tuple[str, Row]]:
    csv.field_size_limit(_LONGEST_FIELD)
    # A byte that is not UTF-8 is decoded to a lone surrogate, so that it spoils only its own row.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        header: list[str] = []
        names: list[str] = []
        for number, values, cause in _records(_Lines(file), delimiter):
            if not header:
                if cause:
                    raise AskewError(f"{path}, line {number}: {cause}")
                header, names = values, _distinct([*map(unescaped, values)])
            elif cause:
                note(f"line {number}", cause)
            elif any(values[len(header) :]):
                note(f"line {number}", f"{len(values)} values, but the header has {len(header)}")
            elif values != header:
                # As in pandas, a line that ends early has no values in its last columns; and None, unlike "", says so.
                padded = [*map(unescaped, values), *[None] * (len(header) - len(values))]
                yield f"line {number}", dict(zip(names, padded, strict=False))


def _records(lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Yield each record that is not an empty line: the number of its first line, its values, and why it has none.

    Where quotation marks don't match, only the line in which the record begins is broken, and reading goes on with the
    next line. A single line with an odd quotation mark is read as pandas reads it.
    """
    reader = csv.reader(lines, strict=True, delimiter=delimiter)
    while True:
        lines.taken.clear()
        values, cause = [], ""
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            is_open = len(lines.taken) > 1 or "unexpected end" in str(error)
            values, cause = ([], _OPEN) if is_open else _leniently(lines.taken[0], delimiter)
            lines.give_back_all_but_the_first()
            reader = csv.reader(lines, strict=True, delimiter=delimiter)
        if not _is_utf8("".join(lines.taken)):
            values, cause = [], _NOT_UTF8
        if values or cause:
            yield lines.number - len(lines.taken) + 1, values, cause


def _leniently(line: str, delimiter: str) -> tuple[list[str], str]:
    try:
        return next(csv.reader([line], delimiter=delimiter)), ""
    except csv.Error as error:
        return [], str(error)


def _distinct(header: list[str]) -> list[str]:
    """Return the columns' names; a later one of the same name gets a number, as in pandas."""
    names: dict[str, None] = {}
    for name in header:
        new, number = name, 0
        while new in names:
            number += 1
            new = f"{name}.{number}"
        names[new] = None
    return list(names)


def _is_utf8(text: str) -> bool:
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


# ---- other formats


def _read_jsonl(path: Path, note: Note) -> Iterator[tuple[str, Row]]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            if not _is_utf8(line):
                note(f"line {number}", _NOT_UTF8)
                continue
            try:
                row = json_text.parse(line)
            except ValueError as error:
                note(f"line {number}", f"this is not JSON: {error}")
                continue
            if isinstance(row, dict):
                yield f"line {number}", row
            elif row is not None:
                note(f"line {number}", "this is not a JSON object, with a question and an answer")


def _read_parquet(path: Path, note: Note) -> Iterator[tuple[str, Row]]:
    from pyarrow import ArrowException

    try:
        for number, row in enumerate(parquet_files.rows(path), start=1):
            yield f"row {number}", row
    except (ArrowException, ValueError, OverflowError) as error:
        raise AskewError(f"{path} cannot be read as Parquet: {error}") from error


_READERS: dict[str, Callable[[Path, Note], Iterator[tuple[str, Row]]]] = {
    ".csv": _read_csv,
    ".tsv": partial(_read_csv, delimiter="\t"),
    ".jsonl": _read_jsonl,
    ".parquet": _read_parquet,
}
