"""Judgements that runs share: a judge reads an equal answer to an equal question by an equal rubric once.

They lie in an SQLite file in a folder that the user names, which several processes can use at once. The key of a
judgement is a digest of everything that it depends on: the judge with its files and settings, the rubric's text, the
question and the answer. So a changed rubric or judge never finds the judgements of another. Missing verdicts are not
kept: another attempt may find one.
"""

import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import anyio.to_thread
from inspect_ai.model import Model

from askew.base import json_text
from askew.base.atomic import check_can_be_folder, make_folder, wording_disk_trouble, write_whole
from askew.base.errors import AskewError
from askew.base.json_objects import read_as
from askew.base.json_values import plain
from askew.judging.judgement_keys import Text, identity_of, key_of
from askew.judging.rubric import Rubric
from askew.judging.score import MISSING, Score, score_of

Judgement = TypeVar("Judgement", Score, str)

FILE = "judgements.sqlite"
_VERSION = 1  # of the file
_SCHEMA = "CREATE TABLE IF NOT EXISTS judgements (key BLOB PRIMARY KEY, judgement TEXT NOT NULL) WITHOUT ROWID"
_BUSY_SECONDS = 60.0
_KEYS_AT_ONCE = 500


@dataclass
class Reuse:
    """The numbers of judgements, one per answer and rubric, that were taken from the shared ones and made.

    Attributes:
        reused: Those that were taken.
        judged: Those that the judge made.
    """

    reused: int = 0
    judged: int = 0

    def plus(self, other: "Reuse") -> "Reuse":
        """Return the sums of two counts."""
        return Reuse(self.reused + other.reused, self.judged + other.judged)


class SharedJudgements:
    """The judgements in a folder.

    Args:
        folder: The folder; it is created by the first judgement.

    Attributes:
        count: The judgements that were taken and made by way of this object.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._file: sqlite3.Connection | None = None
        self.count = Reuse()

    def check(self) -> None:
        """Check that the folder can be used, and create it.

        Raises:
            AskewError: It is a file, cannot be written to, or holds something else or a newer version of this.
        """
        check_can_be_folder(self._path.parent)
        with wording_disk_trouble(self._path.parent), self._readable_errors() as file:
            file.execute("BEGIN IMMEDIATE")
            file.execute("ROLLBACK")
        self.close()

    def known(
        self, judge: Model, rubrics: Sequence[Rubric], cases: Sequence[Text], what: str = "score"
    ) -> dict[Text, list[Any]]:
        """Return the judgements of those cases for which there is one by each rubric, in the order of the rubrics.

        Args:
            judge: The judge.
            rubrics: The rubrics.
            cases: The questions and answers.
            what: "score", or "word" for the judge's own words.

        Raises:
            AskewError: The file is damaged or cannot be read.
        """
        if not self._path.exists():
            return {}
        keys = {case: [key_of(judge, rubric, case, what) for rubric in rubrics] for case in cases}
        found: dict[bytes, Any] = {}
        with self._readable_errors() as file:
            wanted = (key for own in keys.values() for key in own)
            while part := list(islice(wanted, _KEYS_AT_ONCE)):
                marks = ", ".join("?" * len(part))
                rows = file.execute(f"SELECT key, judgement FROM judgements WHERE key IN ({marks})", part)
                found.update((key, self._read(text, what)) for key, text in rows)
        return {case: [found[key] for key in own] for case, own in keys.items() if all(key in found for key in own)}

    def add(
        self,
        judge: Model,
        rubrics: Sequence[Rubric],
        judged: Mapping[Text, Sequence[Any]],
        what: str = "score",
    ) -> None:
        """Add judgements; those that are there stay.

        Args:
            judge: The judge.
            rubrics: The rubrics.
            judged: The judgements of each case, in the order of the rubrics.
            what: As in `known`.

        Raises:
            AskewError: The disk is full, or the file is damaged or cannot be written.
        """
        rows = [
            (key_of(judge, rubric, case, what), _text(one))
            for case, own in judged.items()
            for rubric, one in zip(rubrics, own, strict=True)
            if not (isinstance(one, Score) and one.reply == MISSING)
        ]
        if not rows:
            return
        with wording_disk_trouble(self._path.parent), self._readable_errors() as file:
            file.execute("BEGIN IMMEDIATE")
            try:
                file.executemany("INSERT OR IGNORE INTO judgements VALUES (?, ?)", rows)
            except BaseException:
                file.execute("ROLLBACK")
                raise
            file.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read(self, text: str, what: str) -> Any:
        try:
            value = json_text.parse(text.encode())
            return score_of(value) if what == "score" else str(value["said"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._damaged("a judgement in it cannot be read") from error

    @contextmanager
    def _readable_errors(self) -> Iterator[sqlite3.Connection]:
        """Yield the open file, and turn errors of SQLite into readable ones."""
        try:
            yield self._open()
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
            if code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
                raise self._damaged(str(error)) from error
            raise AskewError(
                f"cannot use {self._path}: {error}. Finished work is kept. Fix the cause, then repeat the command, or "
                "leave out --judgements"
            ) from error

    def _open(self) -> sqlite3.Connection:
        if self._file is None:
            make_folder(self._path.parent)
            # A journal that is rolled back, unlike a write-ahead log, also works where machines share a disk.
            file = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                version = file.execute("PRAGMA user_version").fetchone()[0]
                if version > _VERSION:
                    raise AskewError(
                        f"{self._path} was written by a newer version of Askew: use that version, or another folder"
                    )
                file.execute(_SCHEMA)
                if not version:
                    file.execute(f"PRAGMA user_version = {_VERSION}")
            except BaseException:
                file.close()
                raise
            self._file = file
        return self._file

    def _damaged(self, reason: str) -> AskewError:
        return AskewError(
            f"{self._path} is damaged, or no file of judgements: {reason}. Move it away, or name another folder with "
            "--judgements"
        )


shared: ContextVar[SharedJudgements | None] = ContextVar("askew_shared_judgements", default=None)
"""The judgements that are shared in the present block of `sharing`; None outside."""


@contextmanager
def sharing(folder: Path | None) -> Iterator[Reuse]:
    """Take judgements in this block from a folder, and add those that the judge makes.

    Args:
        folder: The folder; None shares nothing.

    Yields:
        The numbers of judgements that were taken and made so far.

    Raises:
        AskewError: The file in the folder is damaged or cannot be used.
    """
    if folder is None:
        yield Reuse()
        return
    store = SharedJudgements(folder)
    token = shared.set(store)
    try:
        yield store.count
    finally:
        shared.reset(token)
        store.close()


async def reusing(
    judge: Model,
    rubrics: Sequence[Rubric],
    cases: Sequence[Text],
    ask: Callable[[Sequence[Text]], Awaitable[Sequence[Sequence[Judgement]]]],
    what: str = "score",
) -> dict[Text, Sequence[Judgement]]:
    """Return the judgements of different cases, of which only those are asked that the shared ones lack.

    Args:
        judge: The judge.
        rubrics: The rubrics.
        cases: The questions and answers.
        ask: Asks the judge, and returns its judgements of each case, in the order of the rubrics.
        what: "score", or "word" for the judge's own words.

    Raises:
        AskewError: `ask` raises it, or the shared judgements cannot be used.
    """
    store = shared.get()
    if store is None:
        return dict(zip(cases, await ask(cases), strict=True))
    await anyio.to_thread.run_sync(identity_of, judge)  # which may read large files
    found: dict[Text, Sequence[Judgement]] = {**store.known(judge, rubrics, cases, what)}
    missing = [case for case in cases if case not in found]
    store.count.reused += len(found) * len(rubrics)
    store.count.judged += len(missing) * len(rubrics)
    if missing:
        made = dict(zip(missing, await ask(missing), strict=True))
        store.add(judge, rubrics, made, what)
        found.update(made)
    return found


def note_reuse(product: Path, count: Reuse) -> None:
    """Note beside a product how many of its judgements were taken from the shared ones; no note if none were shared."""
    if count.reused or count.judged:
        content = json.dumps({"reused": count.reused, "judged": count.judged}) + "\n"
        write_whole(_note_of(product), content.encode())
    else:
        _note_of(product).unlink(missing_ok=True)


def noted_reuse(products: Sequence[Path]) -> Reuse:
    """Return how many judgements of some products were taken from the shared ones, and how many were made.

    Raises:
        AskewError: A note is damaged.
    """
    notes = [read_as(note, dict[str, int]) for product in products if (note := _note_of(product)).is_file()]
    return Reuse(sum(one.get("reused", 0) for one in notes), sum(one.get("judged", 0) for one in notes))


def _text(judgement: Any) -> str:
    return json.dumps(plain(judgement) if isinstance(judgement, Score) else {"said": judgement})


def _note_of(product: Path) -> Path:
    return product.with_name(f".{product.name}.judgements.json")
