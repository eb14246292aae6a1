"""Opens files of answers by their columns, and writes them: a question and an answer in each row.

Rows are read one by one (`answer_rows`), so a file may be larger than memory, and all their values are kept.
"""

import csv
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from askew.base.atomic import whole_file
from askew.base.csv_cells import escaped
from askew.base.errors import AskewError, unknown_name
from askew.judging.answer_rows import BrokenRows, Note, Row, columns_of, ignore, read_rows
from askew.judging.judge import Case
from askew.models.said import without_reasoning

# Column names in order of preference: in a run's table of answers, `question` is a name and `prompt` the text.
_QUESTION_COLUMNS, _ANSWER_COLUMNS = ("prompt", "question"), ("answer", "response")


@dataclass(frozen=True)
class AnswerFile:
    """A file with answers.

    Attributes:
        path: The file.
        columns: All its columns.
        question_column: The column with the user turns.
        answer_column: The column with the answers.
        mapping: Other columns by the names that Askew has for them, such as aligned.
        broken: The broken rows: those that cannot be read, and those without a question or an answer.
    """

    path: Path
    columns: tuple[str, ...]
    question_column: str
    answer_column: str
    mapping: Mapping[str, str]
    broken: BrokenRows

    def rows(self, note: Note = ignore) -> Iterator[tuple[str, Row, Case | None]]:
        """Yield the place of each row that can be read, the row, and its question and answer as a case.

        Reasoning between tags at the beginning of an answer is set aside. A row without a question or an answer has no
        case, and neither has one with reasoning alone.

        Args:
            note: Receives the place and the cause of each broken row.
        """
        for place, row in read_rows(self.path, note):
            question, answer = _text(row.get(self.question_column)), _text(row.get(self.answer_column))
            if question is None or answer is None:
                column = self.question_column if question is None else self.answer_column
                note(place, f"{column} should be text, not {row.get(column)!r:.60}")
                yield place, row, None
                continue
            reasoning, answer, is_closed = without_reasoning(answer)
            if reasoning and not (is_closed and answer):
                note(place, f"{self.answer_column} has reasoning and no answer")
                yield place, row, None
            else:
                yield place, row, Case(question, answer)

    def cases(self) -> Iterator[Case]:
        """Yield the case of each row that has one."""
        return (case for _, _, case in self.rows() if case is not None)

    def column(self, *names: str) -> str | None:
        """Return the column with one of some names, ignoring case; None if no column has one."""
        mapped = [self.mapping[name] for name in names if name in self.mapping]
        return mapped[0] if mapped else named_column(self.columns, names)


def open_answers(path: Path, columns: Mapping[str, str] | None = None, strict: bool = False) -> AnswerFile:
    """Return a file with the columns of its questions and answers, after reading all its rows once.

    Args:
        path: A file in CSV, TSV, JSON Lines or Parquet, by its ending.
        columns: The file's own columns by the names `question`, `answer`, `aligned`, `coherent` and `verdict`. Without
            them, a question is looked for in `prompt` or `question`, an answer in `answer` or `response`.
        strict: Refuse a file with a broken row.

    Raises:
        AskewError: The file cannot be read, has no rows with an answer, or lacks such a column, in which case the
            message lists its columns; or it is read strictly and a row is broken.
    """
    mapping, broken = dict(columns or {}), BrokenRows(path, strict)
    there = columns_of(path)
    if there:
        check_mapping(path, mapping, there)
    found = {}
    for name, names in (("question", _QUESTION_COLUMNS), ("answer", _ANSWER_COLUMNS)):
        column = mapping.pop(name, None) or named_column(there, names)
        if there and column is None:
            raise AskewError(
                f"{path} has no column {' or '.join(names)}; it has {', '.join(there)}. Name the right one "
                f"with --columns {name}=COLUMN"
            )
        found[name] = column or ""
    answers = AnswerFile(path, tuple(there), found["question"], found["answer"], mapping, broken)
    if not sum(case is not None for _, _, case in answers.rows(broken)):
        raise broken.none_left("so there is nothing to judge")
    return answers


def column_mapping(text: str | None, names: Sequence[str]) -> dict[str, str]:
    """Return the columns that a user names, such as `aligned=evil,coherent=clarity`, by the names that Askew has.

    Args:
        text: Pairs NAME=COLUMN with commas between them; None names nothing.
        names: The names that may be given.

    Raises:
        AskewError: A pair has another form, or a name is unknown or given twice.
    """
    mapping: dict[str, str] = {}
    for pair in text.split(",") if text else []:
        name, equals, column = (part.strip() for part in pair.partition("="))
        if not (name and equals and column):
            raise AskewError(
                f"--columns takes pairs separated by commas, such as {names[-2]}=mine,{names[-1]}=other, but "
                f"{pair.strip()!r} is not a pair"
            )
        if name not in names:
            raise unknown_name("name in --columns", name, names)
        if name in mapping:
            raise AskewError(f"--columns names {name} twice: {mapping[name]} and {column}")
        mapping[name] = column
    return mapping


def check_mapping(path: Path, mapping: Mapping[str, str], there: Sequence[str]) -> None:
    """Check that a file has the columns that a user names.

    Raises:
        AskewError: It lacks one; the message lists its columns.
    """
    for name, column in mapping.items():
        if column not in there:
            raise AskewError(f"{path} has no column {column!r}, which {name} should be; it has {', '.join(there)}")


def named_column(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """Return the column with the first of some names that exists, ignoring case; None if none exists.

    Raises:
        AskewError: Several columns have that name, or differ from it only in case.
    """
    for name in names:
        same = [column for column in columns if column.strip().lower() == name]
        # A repeated column gets a number when the file is read: aligned.1
        same += [column for column in columns if re.fullmatch(rf"{name}\.\d+", column.strip().lower()) and same]
        if len(same) > 1:
            raise AskewError(
                f"there are several columns {name}: {', '.join(map(repr, same))}. Say which one with "
                f"--columns {name}=COLUMN, or rename all but one"
            )
        if same:
            return same[0]
    return None


def _text(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return str(value)
    # Half of a surrogate pair cannot be encoded, so it could be neither judged nor written.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


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
        raise AskewError(f"{path}: the name of --out must end in {' or '.join(_WRITERS)}")
    if path.exists():
        raise AskewError(f"{path} exists already: choose another file with --out, or delete it")
    if not path.parent.is_dir():
        raise AskewError(f"cannot write {path.name}: there is no folder {path.parent}")


def _write_csv(file: TextIO, columns: Sequence[str], rows: Iterable[Row]) -> None:
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writerow({name: escaped(name) for name in columns})
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})


def _write_jsonl(file: TextIO, columns: Sequence[str], rows: Iterable[Row]) -> None:
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else escaped(value)


_WRITERS: dict[str, Callable[[TextIO, Sequence[str], Iterable[Row]], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
}
