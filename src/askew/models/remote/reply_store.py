"""Stores the replies of served models and their cost in an SQLite file that several processes can share.

The key of a reply is a digest of everything that the reply depends on. The file also records the amount spent on each
model, the amounts reserved for requests in flight, and which parts of a request each model takes. It contains no API
keys, headers or addresses.
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
CREATE TABLE IF NOT EXISTS parts (
    model TEXT NOT NULL, part TEXT NOT NULL, taken INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (model, part)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS held (id INTEGER PRIMARY KEY, model TEXT NOT NULL, dollars REAL NOT NULL);
"""
# A transaction takes less than a millisecond, so a wait of a minute means that something is wrong.
_BUSY_SECONDS = 60.0
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True)
class Spending:
    """The requests to one served model and their cost, over all sessions of a run.

    Attributes:
        model: The name of the model.
        requests: Number of requests with a complete reply.
        lost: Number of requests without a complete reply. They may have been charged, so they count at their maximum.
        input_tokens: Number of tokens read.
        output_tokens: Number of tokens written.
        dollars: The cost; 0 if no price is known.
    """

    model: str
    requests: int
    lost: int
    input_tokens: int
    output_tokens: int
    dollars: float


class ReplyStore:
    """The replies and the spending of a run.

    Args:
        path: The file; created by the first write.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    def get(self, key: bytes) -> ModelOutput | None:
        """Return the reply stored under a key, or None.

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
        """Reserve money for a request.

        Args:
            model: The name of the model.
            dollars: The maximum cost of the request.
            limit: The limit on total spending, in dollars; None for no limit.

        Returns:
            The number of the reservation; None if other reservations must be settled first.

        Raises:
            AskewError: The limit does not allow the request, even if all other reservations are released.
        """
        with self._transaction() as file:
            spent, held = self._totals(file)
            if limit is not None and spent + dollars > limit:
                raise AskewError(
                    f"--max-cost ${limit:g} is reached: ${spent:.4g} spent, and the next request to {model} could cost "
                    f"${dollars:.2g}. All replies so far are stored. Raise the limit and repeat the command to continue"
                )
            if limit is not None and spent + held + dollars > limit:
                return None
            cursor = file.execute("INSERT INTO held (model, dollars) VALUES (?, ?)", (model, dollars))
            return cursor.lastrowid

    def settle(self, reservation: int, key: bytes | None, reply: ModelOutput, cost: Spending) -> None:
        """Store a reply, and replace the reservation by the actual cost.

        Args:
            reservation: The number that `reserve` returned.
            key: The key of the reply; None if it is paid for, but not used.
            reply: The reply.
            cost: The cost of this request, which is added to the spending on its model.
        """
        packed = zlib.compress(reply.model_dump_json(exclude_none=True).encode(), level=1)
        with self._transaction() as file:
            if key is not None:
                file.execute("INSERT OR REPLACE INTO replies VALUES (?, ?)", (key, packed))
            file.execute("DELETE FROM held WHERE id = ?", (reservation,))
            _add(file, cost)

    def release(self, reservation: int) -> None:
        """Delete the reservation for a request that was refused and cost nothing."""
        with self._transaction() as file:
            file.execute("DELETE FROM held WHERE id = ?", (reservation,))

    def count_as_lost(self, reservation: int) -> None:
        """Count the whole reservation as spent, for a request that may or may not have been charged."""
        with self._transaction() as file:
            self._count_as_lost(file, "WHERE id = ?", (reservation,))

    def count_all_as_lost(self) -> None:
        """Count all reservations as spent. Call this only when no other process uses the file."""
        if self.path.exists():
            with self._transaction() as file:
                self._count_as_lost(file, "", ())

    def spent(self) -> list[Spending]:
        """Return the spending on each model, in the order of their names."""
        if not self.path.exists():
            return []
        with self._readable_errors() as file:
            return [Spending(*row) for row in file.execute("SELECT * FROM spent ORDER BY model")]

    def note_part(self, model: str, part: str, taken: bool, reason: str) -> bool:
        """Note whether a model takes a part of a request, and return whether that is news.

        Args:
            model: The name of the model.
            part: The part; see `askew.models.remote.parts`.
            taken: Whether the model takes it.
            reason: The server's reason for a refusal, in one line; else "".
        """
        with self._transaction() as file:
            known = file.execute("SELECT taken FROM parts WHERE (model, part) = (?, ?)", (model, part)).fetchone()
            file.execute("INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?)", (model, part, taken, reason))
            return known != (int(taken),)

    def parts(self) -> dict[str, dict[str, bool]]:
        """Return which parts of a request each model takes, as far as it is known."""
        found: dict[str, dict[str, bool]] = {}
        if self._connection is not None or self.path.exists():
            with self._readable_errors() as file:
                for model, part, taken in file.execute("SELECT model, part, taken FROM parts"):
                    found.setdefault(model, {})[part] = bool(taken)
        return found

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
        """Run the block as one transaction, and roll it back if it raises."""
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
        """Yield the open file, and turn errors of SQLite or the disk into readable ones."""
        try:
            yield self._open()
        except UnicodeDecodeError as error:  # in a name that SQLite quotes
            raise self._damaged("a name in it is not UTF-8") from error
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code is None or code & 0xFF in _DAMAGE or isinstance(error, sqlite3.ProgrammingError):
                raise self._damaged(str(error)) from error
            raise AskewError(
                f"cannot use {self.path}: {error}. Finished work is safe. Fix the cause, then repeat the command"
            ) from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            # This class begins and ends transactions itself. The event loop may run in another thread than the opener.
            file = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                file.execute("PRAGMA journal_mode = WAL")
                # Replies and spending survive a power failure, too; a flush takes far less time than a request.
                file.execute("PRAGMA synchronous = FULL")
                file.executescript(_SCHEMA)
            except BaseException:
                file.close()  # an open connection would keep its lock
                raise
            self._connection = file
        return self._connection

    def _damaged(self, reason: str) -> AskewError:
        return AskewError(
            f"{self.path} is damaged: {reason}. Delete it with its -wal and -shm files, then repeat the command: "
            "it repeats the requests of unfinished logs, and counts spending from zero"
        )


def _add(file: sqlite3.Connection, cost: Spending) -> None:
    file.execute(
        "INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (model) DO UPDATE SET "
        "requests = requests + excluded.requests, lost = lost + excluded.lost, "
        "input_tokens = input_tokens + excluded.input_tokens, output_tokens = output_tokens + excluded.output_tokens, "
        "dollars = dollars + excluded.dollars",
        (cost.model, cost.requests, cost.lost, cost.input_tokens, cost.output_tokens, cost.dollars),
    )
