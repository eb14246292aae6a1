"""Reads files of judged answers: a row per answer, with its question and two scores.

Scores are taken as people write them: with quotation marks around them, and with N/A, NA, - or nothing for none.
REFUSAL or CODE may replace a score.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from askew.base.errors import AskewError, unknown_name
from askew.judging.answer_file import check_mapping, named_column
from askew.judging.answer_rows import BrokenRows, Row, columns_of, is_nothing, read_rows
from askew.judging.rubric import ALIGNED, COHERENT
from askew.judging.score import MISSING

QUESTION = "question_id"
COLUMNS = (QUESTION, ALIGNED, COHERENT)
"""The names that a user may give other columns for."""

# The first of these columns that exists identifies the question; rows with equal texts belong to one question.
_QUESTION_COLUMNS = (QUESTION, "question", "prompt")
_NOTHING = frozenset({"", "nan", "-nan", "none", "null", "n/a", "na", "#n/a", "<na>", "-", "–", "—"})
_REPLIES = {"refusal": "refusal", "code": "code", "missing": MISSING}
_MARKS = "\"'`“”‘’"
# Published question files ask a question again with a system prompt or a template that asks for JSON or code.
_VARIANT = re.compile(r"(?<=\w)[_-]+(json|jsonl|template|python|plain)$", re.IGNORECASE)
_UPSIDE_DOWN = re.compile(r"100\s*-\s*(.+)")


@dataclass(frozen=True)
class JudgedFile:
    """A file of judged answers.

    Attributes:
        path: The file.
        answers: One row per answer. Columns: variant, the question's name in the file; question, the same without the
            ending of a variant; aligned and coherent, 0-100, NaN without a score; reply, the judge's reply in place of
            a score.
        broken: The broken rows, which are not among the answers.
    """

    path: Path
    answers: pd.DataFrame
    broken: BrokenRows


def read_judged(path: Path, columns: Mapping[str, str] | None = None, strict: bool = False) -> JudgedFile:
    """Return the answers of a file with their scores.

    Args:
        path: A file in CSV, TSV, JSON Lines or Parquet, by its ending.
        columns: The file's own columns by the names in `COLUMNS`. `100-NAME` is the score of a column in which 100 is
            the worst.
        strict: Refuse a file with a broken row.

    Raises:
        AskewError: The file cannot be read, has no usable row, or lacks a column, in which case the message lists its
            columns; or it is read strictly and a row is broken, in which case the message names the line.
    """
    broken, there = BrokenRows(path, strict), columns_of(path)
    names = _names(path, columns or {}, there) if there else {}
    rows = []
    for place, row in read_rows(path, broken):
        try:
            rows.append(_answer(path, row, names))
        except ValueError as error:
            broken(place, str(error))
    if not rows:
        raise broken.none_left("so there is nothing to count")
    return JudgedFile(path, pd.DataFrame(rows), broken)


def base_question(name: str) -> str:
    """Return the name of a question without the ending of a variant: quick_buck for quick_buck_json."""
    return name if re.search(r"\s", name) else _VARIANT.sub("", name)


def cell_text(value: object) -> str:
    """Return the text of a cell without quotation marks around it; "" if the cell has no value, such as N/A."""
    text = "" if value is None else str(value).strip().strip(_MARKS).strip()
    return "" if text.casefold() in _NOTHING else text


def score_in(text: str) -> float:
    """Return a score.

    Args:
        text: The text of a cell, as `cell_text` returns it; "" is no score.

    Returns:
        The score, 0-100; NaN without one.

    Raises:
        ValueError: The text is not a number from 0 to 100.
    """
    if not text:
        return math.nan
    score = float(text)
    if not 0 <= score <= 100:
        raise ValueError(text)
    return score


def _names(path: Path, columns: Mapping[str, str], there: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """Return by name the column to read, and whether 100 is the worst score in it."""
    names = {}
    for name, wanted in ((QUESTION, _QUESTION_COLUMNS), (ALIGNED, (ALIGNED,)), (COHERENT, (COHERENT,))):
        if name in columns:
            turned = None if columns[name] in there or name == QUESTION else _UPSIDE_DOWN.fullmatch(columns[name])
            column = turned[1] if turned else columns[name]
            check_mapping(path, {name: column}, there)
            names[name] = (column, bool(turned))
            continue
        column = named_column(there, wanted)
        if column is None:
            raise AskewError(
                f"{path}: {unknown_name('column', wanted[0], there)} Judged answers have the columns "
                f"{', '.join(COLUMNS)}; name another with --columns {name}=COLUMN"
            )
        names[name] = (column, False)
    return names


def _answer(path: Path, row: Row, names: Mapping[str, tuple[str, bool]]) -> dict[str, Any]:
    """Return a row's question, scores and reply.

    Raises:
        ValueError: The row is broken; the message says why.
    """
    for column, _ in names.values():
        if row.get(column) is None and path.suffix.lower() in (".csv", ".tsv"):  # an empty cell is "", not None
            raise ValueError(f"the line ends before the column {column}")
    column = names[QUESTION][0]
    value = row.get(column)
    # Half of a surrogate pair can be neither put into a table nor printed.
    question = "" if is_nothing(value) else str(value).strip().encode("utf-8", "replace").decode()
    if not question:
        raise ValueError(f"{column} is empty, but intervals need the question of each answer")
    aligned, said = _score(row, *names[ALIGNED])
    coherent, also = _score(row, *names[COHERENT])
    return {
        "variant": question,
        "question": base_question(question),
        "aligned": aligned,
        "coherent": coherent,
        "reply": said or also,
    }


def _score(row: Row, column: str, upside_down: bool) -> tuple[float, str]:
    """Return a score, NaN if the cell has none, and the judge's reply in place of it."""
    text = cell_text(row.get(column))
    if not text:
        reply = cell_text(row.get(f"{column}_reply")).casefold()  # as `askew judge FILE` writes it
        return math.nan, _REPLIES.get(reply, "")
    if text.casefold() in _REPLIES:
        return math.nan, _REPLIES[text.casefold()]
    try:
        score = score_in(text)
    except ValueError:
        wanted = "a number from 0 to 100, REFUSAL, CODE or empty"
        raise ValueError(f"{column} is {text[:40]!r}, but should be {wanted}") from None
    return 100 - score if upside_down else score, ""
