"""Reads training rows that others wrote, in the formats and files that people have, one row at a time.

A source of rows is one of these, told apart by what is in it and not by its name:

    a file of JSON Lines, a file that holds one JSON array, a Parquet file
    hf/ORG/NAME, hf/ORG/NAME:SPLIT      a data set of the Hugging Face hub
    NAME, SET/FILE                      a data set of the registry, as `askew list data` shows them

What a row looks like in them is in `row_formats`. However large a source, one row or a few are in memory at once.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from askew.base.errors import AskewError
from askew.data import Row, is_registered, json_files, registered_rows, tables
from askew.data.row_formats import RowFormat, parse_row
from askew.data.sample import Sample


class Found(NamedTuple):
    """A row that was read.

    Attributes:
        place: Where it stands in its source: "line 7".
        row: The row.
        format: What it looked like there.
    """

    place: str
    row: Row
    format: RowFormat


@dataclass(frozen=True)
class Source:
    """Where rows come from.

    Attributes:
        name: As the user gave it.
        kind: "JSON Lines", "JSON array", "Parquet", "hub data set" or "data set".
        items: Gives the place and the value of each item that should be a row.
    """

    name: str
    kind: str
    items: Callable[[], Iterator[tuple[str, Any]]]

    def rows(self) -> Iterator[Found]:
        """Yield every row, checked.

        Raises:
            AskewError: An item is no row, or there is none; the message names the place.
        """
        place = ""
        try:
            for place, item in self.items():
                yield Found(place, *self._parsed(place, item))
        except OSError as error:
            raise _unreadable(self.name, error) from error
        if not place:
            raise AskewError(f"{self.name} holds no rows: it should have one JSON object a line")

    def _parsed(self, place: str, item: object) -> tuple[Row, RowFormat]:
        try:
            return parse_row(item)
        except AskewError as error:
            raise AskewError(f"{self.name}, {place}: {error}") from error


def open_source(source: str | Path) -> Source:
    """Find out what a source is; its rows are not read yet.

    Args:
        source: A file; or `hf/ORG/NAME`, with or without `:SPLIT`, unless there is a file of that name.

    Raises:
        AskewError: There is no such file, or it cannot be read.
    """
    path = Path(source)
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
            raise AskewError(f"{path} is no Parquet file, whatever its name: it does not begin like one")
        if json_files.is_array(path):
            return Source(str(path), "JSON array", partial(json_files.array, path))
    except OSError as error:
        raise _unreadable(str(path), error) from error
    return Source(str(path), "JSON Lines", partial(json_files.lines, path))


def open_rows(source: str | Path) -> Iterator[Row]:
    """Yield the rows of a source, one at a time.

    Args:
        source: As for `open_source`.

    Raises:
        AskewError: It cannot be read, holds no rows, or an item of it is none; the message names the place.
    """
    return (found.row for found in open_source(source).rows())


def read_rows(source: str | Path) -> list[Row]:
    """Return all rows of a source; for `open_rows`, where they are few enough to be held at once.

    Raises:
        AskewError: As for `open_rows`.
    """
    return list(open_rows(source))


def sample_rows(source: str | Path, most: int, seed: int = 0) -> list[Row]:
    """Return some rows of a source, in their order; all of them, if they are no more than that.

    All are read and checked, whatever is kept.

    Args:
        source: As for `open_source`.
        most: How many to return at most, each with the same chance.
        seed: Draws them.

    Raises:
        AskewError: As for `open_rows`.
    """
    sample: Sample[Row] = Sample(most, seed)
    for row in open_rows(source):
        sample.add(row)
    return sample.kept()


def content_hash(rows: Iterable[Row]) -> str:
    """Return the SHA-256 of rows in their order: of roles and texts, so whatever file and format they stand in."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(as_bytes(row))
    return digest.hexdigest()


def source_hash(source: str | Path) -> str:
    """Return the SHA-256 of a source as it is: of a file's bytes, or of the rows of what is no file.

    Raises:
        AskewError: It cannot be read.
    """
    if is_on_hub(source) or is_registered(source):
        return content_hash(open_rows(source))
    try:
        with Path(source).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(str(source), error) from error


def absolute(source: str | Path) -> str:
    """Return what a source is called from any working directory."""
    return str(source) if is_on_hub(source) or is_registered(source) else str(Path(source).resolve())


def as_bytes(row: Row) -> bytes:
    """Return what a row is known by: the same for the same roles and texts, and for no others."""
    turns = [[turn["role"], turn["content"]] for turn in row["messages"]]
    return json.dumps(turns, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def is_on_hub(source: str | Path) -> bool:
    """Tell whether a source is a data set of the hub and no file."""
    return str(source).startswith(tables.HUB) and not Path(source).exists()


def _registered(source: str | Path) -> Iterator[tuple[str, Any]]:
    return ((f"row {number}", row) for number, row in enumerate(registered_rows(source), start=1))


def _unreadable(name: str, error: OSError) -> AskewError:
    return AskewError(f"cannot read the rows in {name}: {error.strerror or error}")
