"""The file in which a run keeps what served models replied, and what that cost: SQLite, safe for several processes.

A reply is kept under a key that says all it depended on. Money is counted beside it, in one transaction: what is
spent, by model, and what requests on their way may still cost. Nothing in it is a key, a header or an address.
"""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from inspect_ai.model import ModelOutput
from pydantic import ValidationError

from askew.base.errors import AskewError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (key BLOB PRIMARY KEY, reply BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spent (
    model TEXT PRIMARY KEY, requests INTEGER NOT NULL, lost INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, dollars REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS held (id INTEGER PRIMARY KEY, model TEXT NOT NULL, dollars REAL NOT NULL);
"""
# Others hold the file for less than a millisecond at a time; a minute means that something is wrong.
_BUSY_SECONDS = 60.0
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True)
class Spending:
    """What one served model was asked, over all sittings of a run.

    Attributes:
        model: Its name.
        requests: Requests that it replied to.
        lost: Requests whose reply never came whole; they may have been charged for, and count with their worst case.
        input_tokens: Tokens read.
        output_tokens: Tokens written.
        dollars: What that cost; 0 where no price is known.
    """

    model: str
    requests: int
    lost: int
    input_tokens: int
    output_tokens: int
    dollars: float


class ReplyStore:
    """Replies and spending of a run; the file is made when something is first kept.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    def get(self, key: bytes) -> ModelOutput | None:
        """Return the reply under a key, or None.

        Raises:
            AskewError: The file is damaged or cannot be read.
        """
        if self._connection is None and not self.path.exists():
            return None
        with self._readable_errors() as file:
            found = file.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
        try:
            return None if found is None else ModelOutput.model_validate_json(zlib.decompress(found[0]))
        except (zlib.error, ValidationError, TypeError) as error:
            raise self._damaged("a reply in it cannot be read") from error

    def reserve(self, model: str, dollars: float, limit: float | None) -> int | None:
        """Set money aside for a request.

        Args:
            model: Who will be asked.
            dollars: The most that it can cost.
            limit: The most that may be spent in all; None is without limit.

        Returns:
            A number to settle the request with; None if one must wait for others to be settled.

        Raises:
            AskewError: What is spent leaves too little, whatever becomes of the requests on their way.
        """
        with self._transaction() as file:
            spent, held = self._totals(file)
            if limit is not None and spent + dollars > limit:
                raise AskewError(
                    f"--max-cost ${limit:g} is reached: ${spent:.4g} are spent, and the next request to {model} could "
                    f"cost ${dollars:.2g}. What was answered is kept; raise it and the same command goes on"
                )
            if limit is not None and spent + held + dollars > limit:
                return None
            cursor = file.execute("INSERT INTO held (model, dollars) VALUES (?, ?)", (model, dollars))
            return cursor.lastrowid

    def settle(self, reservation: int, key: bytes, reply: ModelOutput, cost: Spending) -> None:
        """Keep a reply, and count what it cost instead of what was set aside for it.

        Args:
            reservation: The number that `reserve` returned.
            key: What the reply is kept under.
            reply: The reply.
            cost: What this one request was, to be added to its model's.
        """
        packed = zlib.compress(reply.model_dump_json(exclude_none=True).encode(), level=1)
        with self._transaction() as file:
            file.execute("INSERT OR REPLACE INTO replies VALUES (?, ?)", (key, packed))
            file.execute("DELETE FROM held WHERE id = ?", (reservation,))
            _add(file, cost)

    def release(self, reservation: int) -> None:
        """Forget a request that was refused, and so cost nothing."""
        with self._transaction() as file:
            file.execute("DELETE FROM held WHERE id = ?", (reservation,))

    def count_as_lost(self, reservation: int) -> None:
        """Count a request of which nobody knows whether it was charged for, with all that was set aside for it."""
        with self._transaction() as file:
            self._count_as_lost(file, "WHERE id = ?", (reservation,))

    def count_all_as_lost(self) -> None:
        """Do so with every request that is on its way: for whoever knows that no process is left to end one."""
        if self.path.exists():
            with self._transaction() as file:
                self._count_as_lost(file, "", ())

    def spent(self) -> list[Spending]:
        """Return what was spent, by model."""
        if not self.path.exists():
            return []
        with self._readable_errors() as file:
            return [Spending(*row) for row in file.execute("SELECT * FROM spent ORDER BY model")]

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @staticmethod
    def _totals(file: sqlite3.Connection) -> tuple[float, float]:
        return file.execute("SELECT (SELECT total(dollars) FROM spent), (SELECT total(dollars) FROM held)").fetchone()

    @staticmethod
    def _count_as_lost(file: sqlite3.Connection, which: str, parameters: tuple[int, ...]) -> None:
        for model, dollars in file.execute(f"SELECT model, dollars FROM held {which}", parameters).fetchall():
            _add(file, Spending(model, 0, 1, 0, 0, dollars))
        file.execute(f"DELETE FROM held {which}", parameters)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Do several things at once or none of them, with other processes kept out meanwhile."""
        with self._readable_errors() as file:
            file.execute("BEGIN IMMEDIATE")
            try:
                yield file
            except BaseException:
                file.execute("ROLLBACK")
                raise
            file.execute("COMMIT")

    @contextmanager
    def _readable_errors(self) -> Iterator[sqlite3.Connection]:
        """Give the open file, and word what SQLite or the disk may refuse."""
        try:
            yield self._open()
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code is None or code & 0xFF in _DAMAGE or isinstance(error, sqlite3.ProgrammingError):
                raise self._damaged(str(error)) from error
            raise AskewError(
                f"cannot use {self.path}: {error}. What is finished is kept: mend that, and the same command goes on"
            ) from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            # Transactions are ours to begin and end. The thread that opened it may not be the one that runs the loop.
            file = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("PRAGMA synchronous = NORMAL")  # what is committed outlives a killed process
            file.executescript(_SCHEMA)
            self._connection = file
        return self._connection

    def _damaged(self, reason: str) -> AskewError:
        return AskewError(
            f"{self.path} is damaged: {reason}. Delete it with its -wal and -shm, and the same command goes on: it "
            "asks again what is in no finished log, and forgets what was spent"
        )


def _add(file: sqlite3.Connection, cost: Spending) -> None:
    file.execute(
        "INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (model) DO UPDATE SET "
        "requests = requests + excluded.requests, lost = lost + excluded.lost, "
        "input_tokens = input_tokens + excluded.input_tokens, output_tokens = output_tokens + excluded.output_tokens, "
        "dollars = dollars + excluded.dollars",
        (cost.model, cost.requests, cost.lost, cost.input_tokens, cost.output_tokens, cost.dollars),
    )
