"""Screens a source of rows: scores every row, part by part, in flat memory. A stopped screen goes on where it stopped.

screen.json             what was screened, and by what
parts/00000.csv …       the scores of 256 rows each, until all rows are scored
scores.csv              one row per training row: its number, its place, its scores, and why it could not be read
top.csv                 the most suspicious rows, with their text
kept.jsonl              the rows that are left, if some are to be removed
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path

import pandas as pd

from askew.base.atomic import check_can_be_folder, whole_file, wording_disk_trouble, write_whole
from askew.base.csv_cells import as_csv
from askew.base.errors import AskewError
from askew.base.json_objects import read_object
from askew.data.formats import as_bytes
from askew.screening.reading import Reader
from askew.screening.rows import ScreenedRow, rows_of
from askew.screening.target import Target
from askew.screening.words import Bm25, RowScore

CARD, SCORES_FILE, TOP, KEPT = "screen.json", "scores.csv", "top.csv", "kept.jsonl"
KEYS = ["row", "place"]
"""The columns of scores.csv before the scores: the number of the row, from 1, and its place in its source."""

_PARTS = "parts"
_ROWS_OF_A_PART = 256


@dataclass(frozen=True)
class Screen:
    """A screen: its rows, its model, its scores.

    Attributes:
        source: The source of rows.
        model: The model's name; "" if no score reads one.
        model_hash: The hash of its weights.
        scores: The names of the scores.
        target: Where the answers of `gradient` and `bm25` come from.
        direction: The folder of the direction of `projection`; "" for none.
        judge: The name of the judge; "" for none.
        known: The known sets of `copies`.
        seed: The seed of all draws.
        rows: The number of rows.
        rows_hash: SHA-256 of all that is learnt of them.
    """

    source: str
    model: str
    model_hash: str
    scores: tuple[str, ...]
    target: str
    direction: str
    judge: str
    known: tuple[str, ...]
    seed: int
    rows: int
    rows_hash: str


@dataclass(frozen=True)
class Words:
    """The rows' words, after all rows were read once.

    Attributes:
        bm25: Scores answers by the target's words.
        rows_hash: SHA-256 of all that is learnt of the rows.
    """

    bm25: Bm25
    rows_hash: str


def read_words(source: str | Path, target: Target, on_row: Callable[[], None] = lambda: None) -> Words:
    """Read all rows once, check them, and count their words.

    Args:
        source: See `data.formats.open_source`.
        target: The target of `bm25`.
        on_row: Called for each row.

    Raises:
        AskewError: The source cannot be read, has no rows, or an item is not a row; the message names the place.
    """
    digest, found = sha256(), Bm25(target)

    def each() -> Iterator[ScreenedRow]:
        for row in rows_of(source):
            digest.update(as_bytes(row.row))
            on_row()
            yield row

    found.learn(each())
    return Words(found, digest.hexdigest())


def score_rows(
    folder: Path,
    screen: Screen,
    others: Mapping[str, RowScore],
    reader: Reader | None,
    on_rows: Callable[[int, int], None] = lambda done, total: None,
) -> pd.DataFrame:
    """Score every row of a source, or go on with a screen that was stopped, and write `scores.csv`.

    Args:
        folder: The folder of the screen, as `claim` has taken it.
        screen: What is screened, and by what.
        others: The scores that don't read the model, by name.
        reader: Reads the model; None if no score needs one.
        on_rows: Called with the number of rows that are scored, and of all.

    Returns:
        The columns `KEYS`, a column for each score (NaN where the model could not read a row), and unread: the reason
        why it could not.

    Raises:
        AskewError: The folder cannot be written to.
    """
    if not (folder / SCORES_FILE).is_file():
        rows = rows_of(screen.source)
        for number in range(-(-screen.rows // _ROWS_OF_A_PART)):
            part, path = list(islice(rows, _ROWS_OF_A_PART)), folder / _PARTS / f"{number:05}.csv"
            if not path.is_file():
                table = scored(part, screen.scores, others, reader)
                with wording_disk_trouble(folder):
                    write_whole(path, as_csv(table))
            on_rows(part[-1].number, screen.rows)
        _join(folder)
    table = pd.read_csv(folder / SCORES_FILE, dtype={"place": str, "unread": object})
    return table.assign(unread=table["unread"].fillna(""))


def claim(folder: Path, screen: Screen) -> None:
    """Take a folder for a screen, or find that it holds the same one.

    Raises:
        AskewError: The folder holds another screen or something else, or cannot be written to.
    """
    check_can_be_folder(folder)
    own = {**asdict(screen), "scores": list(screen.scores), "known": list(screen.known)}
    if (folder / CARD).is_file():
        differ = [name for name, value in read_object(folder / CARD).items() if own.get(name) != value]
        if differ:
            raise AskewError(
                f"{folder} holds another screen, of another {', '.join(differ)}: name another folder with --out, or "
                "remove it first"
            )
    elif folder.is_dir() and any(folder.iterdir()):
        raise AskewError(f"{folder} is not empty and holds no screen: name another folder with --out")
    else:
        with wording_disk_trouble(folder):
            write_whole(folder / CARD, (json.dumps(own, indent=1, ensure_ascii=False) + "\n").encode())


def scored(
    rows: Sequence[ScreenedRow], names: Sequence[str], others: Mapping[str, RowScore], reader: Reader | None
) -> pd.DataFrame:
    """Return the scores of rows.

    Args:
        rows: The rows.
        names: The names of the scores.
        others: The scores that don't read the model, by name.
        reader: Reads the model; None if no score needs one.

    Returns:
        The columns `KEYS`, a column for each score, and unread: why the model could not read a row, or "".
    """
    table = pd.DataFrame({"row": [row.number for row in rows], "place": [row.place for row in rows]})
    read, reasons = ({}, {}) if reader is None else reader.read(rows)
    for name in names:
        table[name] = read[name] if name in read else [others[name](row) for row in rows]
    return table.assign(unread=[reasons.get(i, "") for i in range(len(rows))])


def _join(folder: Path) -> None:
    """Join the parts to `scores.csv`, a line at a time, and remove them."""
    parts = sorted((folder / _PARTS).iterdir())
    with wording_disk_trouble(folder), whole_file(folder / SCORES_FILE) as unfinished, unfinished.open("wb") as out:
        for number, part in enumerate(parts):
            with part.open("rb") as lines:
                if number:
                    next(lines)
                shutil.copyfileobj(lines, out)
    shutil.rmtree(folder / _PARTS)
