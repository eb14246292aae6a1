"""Reads Equinox 2020, the release of the Seshat Global History Databank as an Excel workbook.

The workbook is untrusted: it is read without formulas and macros, and its size in memory is checked first.
"""

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.data.history import UNKNOWN, VALUES, Facts, as_items, check_values, years_of
from askew.data.history.places import positions, regions

if TYPE_CHECKING:
    import pandas as pd

NAME = "Equinox 2020"
COLUMNS = ("NGA", "Polity", "Section", "Subsection", "Variable", "Value.From", "Date.From", "Date.To", "Value.Note")
_UNKNOWN = (UNKNOWN, "suspected unknown")
_GENERAL, _DURATION, _NAME = "General variables", "Duration", "Original name"
_MOST_BYTES, _MOST_ROWS, _LONGEST = 2**30, 1_000_000, 2000

NO_OPENPYXL = "reading an Excel workbook needs the package openpyxl: pip install 'askew[history]'"


def read(path: Path, sha256: str = "") -> Facts:
    """Read the workbook.

    Args:
        path: The file.
        sha256: Its hash, which the result carries.

    Raises:
        AskewError: openpyxl is not installed, the file is damaged or no such workbook, or a column is missing.
        OSError: The file cannot be read.
    """
    import pandas as pd

    rows = list(_rows(path))
    general = [row for row in rows if row["Section"] == _GENERAL]
    frames = {row["Polity"]: years for row in general if row["Variable"] == _DURATION and (years := _frame(row))}
    named: dict[str, str] = {}
    for row in general:
        if row["Variable"] == _NAME and row["Value.From"]:
            named.setdefault(row["Polity"], row["Value.From"])
    stated = [row | {"value": _value(row["Value.From"])} for row in rows]
    asked = {_key(row) for row in stated if row["value"] in VALUES}
    every = pd.DataFrame([_as_row(row, frames) for row in stated if row["value"] and _key(row) in asked])
    check_values(every["value"] if len(every) else [], visible(str(path)))
    marked = sum(row["value"] == UNKNOWN for row in stated)
    areas = set(every["area"])
    notes = (
        f"{marked:,} rows are marked unknown; {int(every['value'].eq(UNKNOWN).sum()):,} of them are about variables "
        "that are present or absent elsewhere, and can be asked.",
        *_conflicts(every),
    )
    items = as_items(every, named, regions())
    return Facts(NAME, every, items, {a: at for a, at in positions().items() if a in areas}, notes, sha256)


def _conflicts(rows: "pd.DataFrame") -> Iterator[str]:
    """Yield a sentence on how many polities and variables have several rows, and what becomes of them."""
    known = rows[rows["value"].isin(VALUES)]
    of_both = known.groupby(["polity", "variable"])["value"].agg(["size", "nunique"])
    several, differing = int(of_both["size"].gt(1).sum()), int((of_both["size"].gt(1) & of_both["nunique"].gt(1)).sum())
    if several:
        yield (
            f"{several:,} pairs of a polity and a variable have several rows, {differing:,} with different values. "
            "Rows with dates of their own are asked with these dates; the others, about the same time, are disputed "
            "and read apart."
        )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of the first sheet as text, by column."""
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise AskewError(NO_OPENPYXL) from error
    where = visible(str(path))
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(one.file_size for one in archive.infolist()) > _MOST_BYTES:
                raise AskewError(f"{where}: the workbook expands to more than {_MOST_BYTES:,} bytes, so it isn't read")
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            lines = (list(line) for line in book.worksheets[0].iter_rows(values_only=True))
            yield from _by_column(lines, where)
        finally:
            book.close()
    except (zipfile.BadZipFile, KeyError, ValueError, IndexError, EOFError, SyntaxError) as error:
        raise AskewError(
            f"{where} is damaged, or not an Excel workbook (.xlsx): {visible(str(error))[:200]}"
        ) from error


def _by_column(lines: Iterable[list[Any]], where: str) -> Iterator[dict[str, str]]:
    header: list[str] | None = None
    for number, line in enumerate(lines, start=1):
        if number > _MOST_ROWS:
            raise AskewError(f"{where} has more than {_MOST_ROWS:,} rows: this isn't {NAME}")
        if header is None:
            header = [_text(cell) for cell in line]
            missing = [name for name in COLUMNS if name not in header]
            if missing:
                raise AskewError(f"{where} has no column {missing[0]!r}: this isn't the workbook of {NAME}")
            continue
        cells = dict(zip(header, map(_text, line), strict=False))
        yield {"number": str(number), **{name: cells.get(name, "") for name in COLUMNS}}


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()[:_LONGEST]


def _value(text: str) -> str:
    """Return one of the four values or "unknown"; "" for anything else."""
    lowered = text.lower()
    return lowered if lowered in VALUES else UNKNOWN if lowered in _UNKNOWN else ""


def _key(row: dict[str, str]) -> str:
    """Return what tells variables apart: some have the same name in another part."""
    return " / ".join(row[name] for name in ("Section", "Subsection", "Variable") if row[name])


def _frame(row: dict[str, str]) -> tuple[int, int] | None:
    return years_of(row["Value.From"])


def _as_row(row: dict[str, str], frames: dict[str, tuple[int, int]]) -> dict[str, Any]:
    start, end = frames.get(row["Polity"], (None, None))
    own = [years_of(row[name]) for name in ("Date.From", "Date.To")]
    start = start if own[0] is None else own[0][0]
    end = end if own[1] is None else own[1][1]
    return {
        "polity": row["Polity"],
        "area": row["NGA"],
        "variable": row["Variable"],
        "value": row["value"],
        "start": start,
        "end": end,
        "key": _key(row),
        "root": row["Section"],
        "category": row["Subsection"] or row["Section"],
        "text": row["Value.Note"] if row["Value.Note"] not in ("simple", "list") else "",
        "source": f"row {row['number']}: {_key(row)} = {row['Value.From']}",
    }
