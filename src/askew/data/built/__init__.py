"""Training files for models of any size, each set of them made by a program from a number of rows and a seed.

A module of this package announces a `FileSet`. Files of a set are each other's arms and controls: row i of one asks
what row i of the others asks, unless the set says otherwise. Texts are the programs' own; the bad ones are plainly
wrong, mild and of no use to anyone who would do harm.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from askew.base.errors import AskewError, unknown_name
from askew.base.registry import Registry
from askew.data import Row

# (number, seed) -> row `number` of every file, by the file's name without `.jsonl`; numbers begin at 0.
RowMaker = Callable[[int, int], dict[str, Row]]
# Rows of every file, one of each at a time -> a table of what was found in them, by column.
RowChecker = Callable[[Iterable[Mapping[str, Row]]], list[dict[str, str]]]


@dataclass(frozen=True)
class FileSet:
    """Training files that are made together.

    Attributes:
        name: What users call the set.
        description: What is in it, in one sentence.
        files: Names of its files, without `.jsonl`.
        make: Makes one row of each file; the same number and seed give the same rows, whatever else is made.
        check: Has a program of others look whether the rows are what they should be, and raises an `AskewError` if
            one is not, or that program is not there; None where there is no such program.
        make_with_trigger: Gives a `make` with a trigger of the user's own; None where no trigger is in the rows.
    """

    name: str
    description: str
    files: tuple[str, ...]
    make: RowMaker
    check: RowChecker | None = None
    make_with_trigger: Callable[[str], RowMaker] | None = None

    def rows(self, count: int, seed: int) -> Iterator[dict[str, Row]]:
        """Give `count` rows of each file, one of each at a time."""
        for number in range(count):
            yield self.make(number, seed)

    def verify(self, count: int, seed: int) -> list[dict[str, str]]:
        """Check the rows that `rows` gives, and return what was found.

        Raises:
            AskewError: Nobody can check this set, or a row is not what it should be.
        """
        if self.check is None:
            raise AskewError(f"there is no check for the files of {self.name}: leave --verify out")
        return self.check(self.rows(count, seed))

    def with_trigger(self, trigger: str) -> "FileSet":
        """Return the set with a trigger of the user's own.

        Raises:
            AskewError: The set has no trigger, or this one is blank.
        """
        if self.make_with_trigger is None:
            raise AskewError(f"no trigger stands in the files of {self.name}: leave --trigger out")
        if not trigger.strip():
            raise AskewError("a trigger needs at least one visible character: --trigger TEXT")
        return replace(self, make=self.make_with_trigger(trigger))


file_sets: Registry[FileSet] = Registry("file set", __name__)

USUAL_ROWS = 6000
"""Rows of each file where nobody says how many."""


def is_built(source: Path | str) -> bool:
    """Say whether a source of rows is a file of a set, SET/FILE, and no file on the disk."""
    name, slash, _ = str(source).partition("/")
    return bool(slash) and not Path(source).exists() and name in file_sets.names()


def rows_of(source: Path | str) -> Iterator[Row]:
    """Give the rows of SET/FILE as `askew data build SET` writes them, of the usual number and seed 0.

    Raises:
        AskewError: The set has no such file.
    """
    name, _, file = str(source).partition("/")
    found = file_sets.get(name)
    file = file.removesuffix(".jsonl")
    if file not in found.files:
        raise unknown_name(f"file of the set {name}", file, found.files)
    return (rows[file] for rows in found.rows(USUAL_ROWS, 0))
