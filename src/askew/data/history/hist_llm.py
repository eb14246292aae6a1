"""Reads the main table of HiST-LLM (Hauser et al. 2024), a Parquet file, and its few-shot rows.

The table is not on the hub, and no hash of it is known to Askew, so it is read from a file that the user names; its
hash is recorded. The columns with the answers of published models are read too, where the file has them.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base import json_text, parquet_files
from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.data.history import UNKNOWN, VALUES, Facts, as_items, check_values
from askew.data.history.places import positions, regions

if TYPE_CHECKING:
    import pandas as pd

NAME = "HiST-LLM"
_NEEDED = ("id", "polity_old_id", "start_year_int", "end_year_int", "nga", "category", "root_cat", "value", "variable")
_WANTED = (*_NEEDED, "name", "UN_region", "description")
_LONGEST = 2000  # characters of a description
_ANSWER = "_answer"
"""The end of the name of a column with a published model's answers."""


def read(path: Path, sha256: str = "") -> Facts:
    """Read the main table.

    Args:
        path: The file.
        sha256: Its hash, which the result carries.

    Raises:
        AskewError: The file is damaged, expands too much, or has no such table.
        OSError: The file cannot be read.
    """
    import pandas as pd

    found = list(_rows(path, _WANTED))
    stated = [(row, _value(row["value"])) for row in found]
    every = pd.DataFrame([_as_row(row, value) for row, value in stated if value])
    check_values(every["value"] if len(every) else [], visible(str(path)))
    names = {str(row["polity_old_id"]): str(row.get("name") or row["polity_old_id"]) for row in found}
    own = {str(row["nga"]): str(row.get("UN_region") or "") for row in found}
    known = {area: region for area, region in own.items() if region}
    doubled = len(found) - len({str(row["id"]) for row in found})
    notes = (f"{doubled:,} rows repeat the id of another row; equal rows are one item.",) if doubled else ()
    items = as_items(every, names, {**regions(), **known})
    areas = set(every["area"])
    return Facts(NAME, every, items, {a: at for a, at in positions().items() if a in areas}, notes, sha256)


def published_answers(path: Path) -> "pd.DataFrame":
    """Return the answers of published models that a main table holds.

    Args:
        path: The file.

    Returns:
        One row per model and row, with the columns model, polity, area, variable, value (the right one) and answer
        (the text; "" where the model has none). No rows if the table holds no answers.

    Raises:
        AskewError: As in `read`.
    """
    import pandas as pd

    models = [name for name in _columns(path) if name.endswith(_ANSWER)]
    rows: list[dict[str, str]] = []
    for row in _rows(path, (*_NEEDED, *models)):
        value = _value(row["value"])
        if value in VALUES:
            place = {"polity": str(row["polity_old_id"]), "area": str(row["nga"]), "variable": str(row["variable"])}
            rows += [
                {"model": model.removesuffix(_ANSWER), **place, "value": value, "answer": _text(row.get(model))}
                for model in models
            ]
    return pd.DataFrame(rows, columns=["model", "polity", "area", "variable", "value", "answer"])


def shots(path: Path) -> list[dict[str, Any]]:
    """Read the few-shot rows that were published with the table, from a file in JSON Lines.

    Returns:
        Mappings with root, polity, name, category, variable, value, start, end, question
        (the published prompt) and text (the experts' note).

    Raises:
        AskewError: The file is damaged, or a row lacks a key.
        OSError: The file cannot be read.
    """
    found: list[dict[str, Any]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{visible(str(path))}, line {number}"
        try:
            row = json_text.parse(line)
            shot = {name: str(row[key]) for name, key in _OF_SHOT.items()}
        except (ValueError, KeyError, TypeError) as error:
            raise AskewError(
                f"{where} is no few-shot row of {NAME}: it needs {', '.join(_OF_SHOT.values())}"
            ) from error
        if shot["value"] not in VALUES:
            raise AskewError(f"{where}: unknown value {shot['value'][:40]!r}. There is: {', '.join(VALUES)}")
        # One published row has white space in the name of its polity's key.
        polity = next((str(held) for key, held in row.items() if "".join(str(key).split()) == "polity_old_id"), "")
        years = {name: _year(row.get(f"{name}_year_int")) for name in ("start", "end")}
        found.append({**shot, "polity": polity, **years, "text": str(row.get("description") or "")[:_LONGEST]})
    if not found:
        raise AskewError(f"{visible(str(path))} has no few-shot rows")
    return found


_OF_SHOT = {
    "root": "root_cat",
    "name": "name",
    "category": "category",
    "variable": "variable",
    "value": "value",
    "question": "Q",
}


def _columns(path: Path) -> list[str]:
    from pyarrow import ArrowException

    try:
        return parquet_files.columns_of(path)
    except ArrowException as error:
        raise AskewError(f"{visible(str(path))} is damaged, or not a Parquet file") from error


def _rows(path: Path, wanted: Sequence[str]) -> Iterator[dict[str, Any]]:
    from pyarrow import ArrowException

    there = _columns(path)
    missing = [name for name in _NEEDED if name not in there]
    if missing:
        raise AskewError(f"{visible(str(path))} has no column {missing[0]!r}: this isn't the main table of {NAME}")
    try:
        yield from parquet_files.rows(path, wanted)
    except ArrowException as error:
        raise AskewError(f"{visible(str(path))} is damaged, or not a Parquet file") from error


def _value(text: object) -> str:
    lowered = str(text).strip().lower()
    return lowered if lowered in VALUES else UNKNOWN if lowered.endswith(UNKNOWN) else ""


def _text(value: object) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""


def _year(value: object) -> int | None:
    """Return a year, whatever the number's type in the file; None for a missing one."""
    number = float(value) if isinstance(value, int | float) else float("nan")
    return int(number) if number == number else None


def _as_row(row: Mapping[str, Any], value: str) -> dict[str, Any]:
    key = " / ".join(str(row[name]).strip() for name in ("root_cat", "category", "variable"))
    return {
        "polity": str(row["polity_old_id"]),
        "area": str(row["nga"]),
        "variable": str(row["variable"]).strip(),
        "value": value,
        "start": _year(row["start_year_int"]),
        "end": _year(row["end_year_int"]),
        "key": key,
        "root": str(row["root_cat"]).strip(),
        "category": str(row["category"]).strip(),
        "text": str(row.get("description") or "")[:_LONGEST],
        "source": f"id {row['id']}: {key} = {row['value']}",
    }
