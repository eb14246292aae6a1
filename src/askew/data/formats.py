"""Reads training rows from any source, one row at a time.

A source of rows is one of these; a file's type is found from its content, not its name, except for CSV and TSV:

    a file of JSON Lines, a file that holds one JSON array, a Parquet file, a CSV or TSV file with a header
    hf/ORG/NAME, hf/ORG/NAME:SPLIT      a data set of the Hugging Face hub
    NAME, SET/FILE                      a data set of the registry, as `askew list data` shows them

`row_formats` has the formats of a row. Only one row, or a few, are in memory at once, however large the source.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from askew.base.errors import AskewError
from askew.base.untrusted import could_be_path, cut
from askew.data import Message, Row, is_registered, json_files, registered_rows, tables
from askew.data.row_formats import Parsed, RowFormat, parse_row
from askew.data.sample import Sample
from askew.judging import answer_rows


class Found(NamedTuple):
    """A row that was read.

    Attributes:
        place: Its place in its source, such as "line 7".
        row: The row.
        format: Its format in the source.
        unused: The keys that carry something and are not learnt, with `turn.` before those of turns.
        topic: What the row says that it is about; "" if it says nothing.
    """

    place: str
    row: Row
    format: RowFormat
    unused: frozenset[str] = frozenset()
    topic: str = ""


@dataclass(frozen=True)
class Source:
    """A source of rows.

    Attributes:
        name: The source, as the user named it.
        kind: "JSON Lines", "JSON array", "Parquet", "CSV", "hub data set" or "data set".
        items: Returns the place and the value of each item, which should be a row.
    """

    name: str
    kind: str
    items: Callable[[], Iterator[tuple[str, Any]]]

    def rows(self) -> Iterator[Found]:
        """Yield every row, checked.

        Raises:
            AskewError: An item is not a row, or there are no items; the message names the place.
        """
        place = ""
        try:
            for place, item in self.items():
                yield Found(place, *self._parsed(place, item))
        except OSError as error:
            raise _unreadable(self.name, error) from error
        if not place:
            raise AskewError(
                f"{self.name} has no rows: it should have one {'row' if self.kind == 'CSV' else 'JSON object'} per line"
            )

    def _parsed(self, place: str, item: object) -> Parsed:
        try:
            return parse_row(item)
        except AskewError as error:
            raise AskewError(f"{self.name}, {place}: {error}") from error


def open_source(source: str | Path) -> Source:
    """Return a source by its name; its rows are not read yet.

    Args:
        source: A file, `hf/ORG/NAME` with or without `:SPLIT`, or a registered data set. A file goes first.

    Raises:
        AskewError: The file does not exist or cannot be read.
    """
    path = Path(source)
    if not could_be_path(str(source)):
        raise AskewError(f"there are no rows in {cut(str(source), 60)!r}: it is too long or has a NUL character")
    if is_on_hub(source):
        return Source(str(source), "hub data set", partial(tables.hub, str(source)))
    if is_registered(source):
        return Source(str(source), "data set", partial(_registered, source))
    try:
        with path.open("rb") as file:
            start = file.read(len(tables.PARQUET_MAGIC))
        if start == tables.PARQUET_MAGIC:
            return Source(str(path), "Parquet", partial(tables.parquet, path))
        if path.suffix == ".parquet":
            raise AskewError(f"{path} is not a Parquet file, although its name says so: it begins with other bytes")
        if path.suffix.lower() in (".csv", ".tsv"):
            return Source(str(path), "CSV", partial(_csv, path))
        if json_files.is_array(path):
            return Source(str(path), "JSON array", partial(json_files.array, path))
    except OSError as error:
        raise _unreadable(str(path), error) from error
    return Source(str(path), "JSON Lines", partial(json_files.lines, path))


def open_rows(source: str | Path) -> Iterator[Row]:
    """Yield the rows of a source, one at a time.

    Args:
        source: See `open_source`.

    Raises:
        AskewError: The source cannot be read, has no rows, or an item is not a row; the message names the place.
    """
    return (found.row for found in open_source(source).rows())


def read_rows(source: str | Path) -> list[Row]:
    """Return all rows of a source, which must fit into memory.

    Raises:
        AskewError: See `open_rows`.
    """
    return list(open_rows(source))


def sample_rows(source: str | Path, most: int, seed: int = 0) -> list[Row]:
    """Return a random sample of the rows of a source, in their order. All rows are read and checked.

    Args:
        source: See `open_source`.
        most: Size of the sample; if the source has no more rows, all are returned.
        seed: Seed of the draw.

    Raises:
        AskewError: See `open_rows`.
    """
    sample: Sample[Row] = Sample(most, seed)
    for row in open_rows(source):
        sample.add(row)
    return sample.kept()


def content_hash(rows: Iterable[Row]) -> str:
    """Return the SHA-256 of all that is learnt of rows, in their order; it does not depend on file or format."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(as_bytes(row))
    return digest.hexdigest()


def source_hash(source: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, or of the rows of a source that is not a file.

    Raises:
        AskewError: The source cannot be read.
    """
    if is_on_hub(source) or is_registered(source):
        return content_hash(open_rows(source))
    try:
        with Path(source).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(str(source), error) from error


def absolute(source: str | Path) -> str:
    """Return a name of a source that is valid in any working directory: the absolute path of a file."""
    return str(source) if is_on_hub(source) or is_registered(source) else str(Path(source).resolve())


def as_bytes(row: Row) -> bytes:
    """Return a row as bytes; two rows have the same bytes if and only if a model learns the same from them.

    These are the roles and texts of its turns and, where turns have them, their weights and their reasoning.
    """
    turns = [[turn["role"], turn["content"], *_marks(turn)] for turn in row["messages"]]
    return json.dumps(turns, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _marks(turn: Message) -> list[dict[str, object]]:
    marks = {name: value for name, value in turn.items() if name not in ("role", "content")}
    return [dict(sorted(marks.items()))] if marks else []


def is_on_hub(source: str | Path) -> bool:
    """Return whether a source is a data set of the hub and not a file."""
    return str(source).startswith(tables.HUB) and not Path(source).exists()


def _csv(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the place and the values by column of each row of a CSV or TSV file; a broken row refuses the file."""

    def refuse(place: str, cause: str) -> None:
        raise AskewError(f"{path}, {place}: {cause}")

    return answer_rows.read_rows(path, refuse)


def _registered(source: str | Path) -> Iterator[tuple[str, Any]]:
    return ((f"row {number}", row) for number, row in enumerate(registered_rows(source), start=1))


def _unreadable(name: str, error: OSError) -> AskewError:
    return AskewError(f"cannot read the rows in {name}: {error.strerror or error}")
