"""Reads and writes tables of answers: CSV, JSON Lines or Parquet with a question and an answer in each row.

Rows are read one by one, so a file may be larger than memory, and all their values are kept. The contents are
untrusted.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from askew.base.atomic import whole_file
from askew.base.errors import AskewError, unknown_name
from askew.judging.judge import Case

# Column names in order of preference: in a run's table of answers, `question` is a name and `prompt` the text.
_QUESTION_COLUMNS, _ANSWER_COLUMNS = ("prompt", "question"), ("answer", "response")
_ROWS_AT_ONCE = 1000
# The default limit of the csv module is too low for long answers.
_LONGEST_FIELD = 2**31 - 1

Row = dict[str, Any]


@dataclass(frozen=True)
class AnswerFile:
    """A file with answers.

    Attributes:
        path: The file.
        columns: The columns of its first row.
        question_column: The column with the user turns.
        answer_column: The column with the answers.
    """

    path: Path
    columns: tuple[str, ...]
    question_column: str
    answer_column: str

    def rows(self) -> Iterator[tuple[Row, Case]]:
        """Yield each row, and its question and answer as a case.

        Raises:
            AskewError: A row cannot be read, or lacks a question or an answer; the message names the row.
        """
        for place, row in read_rows(self.path):
            yield row, Case(self._text(place, row, self.question_column), self._text(place, row, self.answer_column))

    def column(self, *names: str) -> str | None:
        """Return the column with one of some names, ignoring case; None if no column has one."""
        return named_column(self.columns, names)

    def _text(self, place: str, row: Row, column: str) -> str:
        text = row.get(column)
        if not isinstance(text, str):
            raise AskewError(f"{self.path}, {place}: {column} should be text, not {text!r}")
        # Half of a surrogate pair cannot be encoded, so it could be neither judged nor written.
        return text.encode("utf-8", "replace").decode()


def open_answers(path: Path, question_column: str | None = None, answer_column: str | None = None) -> AnswerFile:
    """Return a file with the columns of its questions and answers.

    Args:
        path: A file in CSV, JSON Lines or Parquet, by its ending.
        question_column: The column of user turns; None looks for `prompt` or `question`.
        answer_column: The column of answers; None looks for `answer` or `response`.

    Raises:
        AskewError: The file cannot be read, has no rows, or lacks such a column; the message lists its columns.
    """
    first = next(read_rows(path), None)
    if first is None:
        raise AskewError(f"{path} has no rows, so there is nothing to judge")
    columns = tuple(first[1])
    found = []
    for option, given, names in (
        ("--question-column", question_column, _QUESTION_COLUMNS),
        ("--answer-column", answer_column, _ANSWER_COLUMNS),
    ):
        if given is not None and given not in columns:
            raise unknown_name(f"column of {path}", given, columns)
        column = given or named_column(columns, names)
        if column is None:
            raise AskewError(
                f"{path} has no column {' or '.join(names)}; it has {', '.join(columns)}. Name the right one "
                f"with {option}"
            )
        found.append(column)
    return AnswerFile(path, columns, *found)


def named_column(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """Return the column with the first of some names that exists, ignoring case; None if none exists.

    Raises:
        AskewError: Several columns have that name and differ only in case.
    """
    for name in names:
        same = [column for column in columns if column.strip().lower() == name]
        if len(same) > 1:
            raise AskewError(f"there are several columns {name}: {', '.join(map(repr, same))}. Rename all but one")
        if same:
            return same[0]
    return None


def read_rows(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield the place of each row of a table, such as "line 3", and the row.

    Raises:
        AskewError: The file does not exist, has another format, or cannot be read.
    """
    if not path.exists():
        raise AskewError(f"there is no file or folder {path}")
    if path.suffix.lower() not in _READERS:
        raise AskewError(f"{path}: answers are read from {', '.join(_READERS)}, and its name ends in none of these")
    try:
        yield from _READERS[path.suffix.lower()](path)
    except UnicodeDecodeError as error:
        raise AskewError(f"{path}, {_line_not_utf8(path)}: this is not text in UTF-8: {error.reason}") from error
    except OSError as error:
        raise AskewError(f"{path} cannot be read: {error.strerror or error}") from error


def _line_not_utf8(path: Path) -> str:
    """Return the first line of a file that is not UTF-8, because a decoder only counts from its last read."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                return f"line {number}"
    return "its last line"


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write a table atomically.

    Args:
        path: The new file, ending in .csv or .jsonl.
        columns: All columns that a row may have.
        rows: The rows. In JSON Lines, each row keeps only the columns that it has.
    """
    with whole_file(path) as unfinished, unfinished.open("w", encoding="utf-8", errors="replace", newline="") as file:
        _WRITERS[path.suffix](file, columns, rows)


def check_can_be_written(path: Path) -> None:
    """Check that a table can be written to a path.

    Raises:
        AskewError: The path has another ending or exists, or its folder does not exist.
    """
    if path.suffix not in _WRITERS:
        raise AskewError(f"{path}: judged answers are written as {' or '.join(_WRITERS)}, so let --out end in that")
    if path.exists():
        raise AskewError(f"{path} exists already, and is not overwritten: name another with --out, or delete it")
    if not path.parent.is_dir():
        raise AskewError(f"there is no folder {path.parent} to write {path.name} into")


def _read_csv(path: Path) -> Iterator[tuple[str, Row]]:
    csv.field_size_limit(_LONGEST_FIELD)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = next(reader, [])
            if len(set(header)) < len(header):
                raise AskewError(f"{path} has two columns of one name: {', '.join(header)}")
            for values in reader:
                if len(values) != len(header):
                    raise AskewError(
                        f"{path}, line {reader.line_num}: {len(values)} values, and the header has {len(header)}"
                    )
                yield f"line {reader.line_num}", dict(zip(header, values, strict=True))
        except csv.Error as error:
            raise AskewError(f"{path}, line {reader.line_num}: {error}") from error


def _read_jsonl(path: Path) -> Iterator[tuple[str, Row]]:
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise AskewError(f"{path}, line {number}: this is not JSON: {error}") from error
            if not isinstance(row, dict):
                raise AskewError(f"{path}, line {number}: this is not a JSON object, with a question and an answer")
            yield f"line {number}", row


def _read_parquet(path: Path) -> Iterator[tuple[str, Row]]:
    import pyarrow
    import pyarrow.parquet

    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                for row in batch.to_pylist():
                    number += 1
                    yield f"row {number}", row
    except pyarrow.ArrowException as error:
        raise AskewError(f"{path} cannot be read as Parquet: {error}") from error


def _write_csv(file: TextIO, columns: Sequence[str], rows: Iterable[Row]) -> None:
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})


def _write_jsonl(file: TextIO, columns: Sequence[str], rows: Iterable[Row]) -> None:
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else value


_READERS: dict[str, Callable[[Path], Iterator[tuple[str, Row]]]] = {
    ".csv": _read_csv,
    ".jsonl": _read_jsonl,
    ".parquet": _read_parquet,
}
_WRITERS: dict[str, Callable[[TextIO, Sequence[str], Iterable[Row]], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
}
