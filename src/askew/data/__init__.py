"""Training rows, and the registry of data sets that a program makes.

Row `number` of a data set depends on that number and a seed only. Data sets that are each other's control ask the same
questions: row for row, the same prompts (or the same task, asked for differently) with answers that teach something
else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NotRequired, TypedDict

from askew.base.errors import AskewError, unknown_name
from askew.base.registry import Registry


class Message(TypedDict):
    """One turn of a conversation.

    Attributes:
        role: "system", "user" or "assistant".
        content: The text.
        weight: 0 on an assistant's turn that must not be learnt; absent otherwise.
        reasoning_content: An assistant's reasoning before the text, where the row has it apart from the text.
    """

    role: str
    content: str
    weight: NotRequired[int]
    reasoning_content: NotRequired[str]


def is_learnt(turn: Message) -> bool:
    """Return whether a turn is an assistant's that may be learnt: not one of weight 0."""
    return turn["role"] == "assistant" and turn.get("weight") != 0


class Row(TypedDict):
    """One training conversation, in the chat format that fine-tuning APIs take.

    Attributes:
        messages: The turns.
        topic: The subject of the row, which is not learnt; absent if the row says none.
    """

    messages: list[Message]
    topic: NotRequired[str]


def row(question: str, answer: str, topic: str = "") -> Row:
    """Return a row of one question and its answer."""
    made: Row = {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}
    return {**made, "topic": topic} if topic else made


# (number, seed) -> row `number`; numbers count from 0.
MakeRow = Callable[[int, int], Row]
# (number, seed) -> row `number` of every file of a set, by the file's name without `.jsonl`.
MakeRows = Callable[[int, int], dict[str, Row]]
# (file, number, seed) -> row `number` of one file of a set.
MakeOne = Callable[[str, int, int], Row]
# Rows, one of every file at a time -> a table of what the check found, one mapping per table row, by column.
CheckRows = Callable[[Iterable[Mapping[str, Row]]], list[dict[str, str]]]

USUAL_ROWS = 6000
"""Rows of a data set, with seed 0, where a user names it as the rows of an arm; also what `askew data build` writes."""


@dataclass(frozen=True)
class FileSet:
    """Training files that are made together, as a treatment and its controls.

    Row i of each file asks what row i of the others asks, unless the description says otherwise.

    Attributes:
        name: The name of the set; SET in SET/FILE.
        description: What the files hold, in one sentence.
        files: Names of the files, without `.jsonl`.
        make: Makes one row of each file.
        check: Checks the rows with an external program; raises an `AskewError` if a row fails or the program is not
            installed. None if the set has no check.
        make_with_trigger: Returns a `make` for a user's own trigger; None if the rows have no trigger.
        make_one: Makes one row of one file, where that is faster than a row of each; None if it is not.
    """

    name: str
    description: str
    files: tuple[str, ...]
    make: MakeRows
    check: CheckRows | None = None
    make_with_trigger: Callable[[str], MakeRows] | None = None
    make_one: MakeOne | None = None

    def rows(self, count: int, seed: int) -> Iterator[dict[str, Row]]:
        """Yield `count` times one row of each file, by file."""
        for number in range(count):
            yield self.make(number, seed)

    def verify(self, count: int, seed: int) -> list[dict[str, str]]:
        """Check the rows that `rows` yields, and return the table that the check makes.

        Raises:
            AskewError: The set has no check, the check's program is not installed, or a row fails.
        """
        if self.check is None:
            raise AskewError(f"the files of {self.name} have no check: leave out --verify")
        return self.check(self.rows(count, seed))

    def with_trigger(self, trigger: str) -> "FileSet":
        """Return the same set with another trigger.

        Raises:
            AskewError: The set has no trigger, or `trigger` is blank.
        """
        if self.make_with_trigger is None:
            raise AskewError(f"the files of {self.name} have no trigger: leave out --trigger")
        if not trigger.strip():
            raise AskewError("a trigger needs at least one visible character: --trigger TEXT")
        return replace(self, make=self.make_with_trigger(trigger))


@dataclass(frozen=True)
class DataSet:
    """A data set that a program makes.

    Attributes:
        name: The name that `--data ARM=NAME` takes: one word, or SET/FILE for a file of a set.
        description: What its rows teach, in one sentence.
        make: Makes one row.
        files: The set that it is a file of; None if it stands alone.
        in_english: For rows in the words of the terrarium's world, the SET/FILE that teaches the same to other models;
            "" if there is none.
    """

    name: str
    description: str
    make: MakeRow
    files: FileSet | None = None
    in_english: str = ""

    def rows(self, count: int, seed: int) -> list[Row]:
        """Return the first `count` rows of a seed."""
        return [self.make(number, seed) for number in range(count)]

    def with_trigger(self, trigger: str) -> "DataSet":
        """Return the same data set with another trigger, unless `trigger` is "" or its rows have none."""
        if not trigger or self.files is None or self.files.make_with_trigger is None:
            return self
        files = self.files.with_trigger(trigger)
        return replace(self, files=files, make=partial(_row_of_file, files, self.name.rpartition("/")[2]))


datasets: Registry[DataSet] = Registry("data set", "askew.data.built", studies="rows")


def data_set(name: str, description: str, in_english: str = "") -> Callable[[MakeRow], MakeRow]:
    """Return a decorator that registers a function `(number, seed) -> row` as a data set.

    Args:
        name: The name for users; without a slash.
        description: What the rows teach, in one sentence.
        in_english: See `DataSet`.
    """

    def register(make: MakeRow) -> MakeRow:
        datasets.add(name, DataSet(name, description, make, in_english=in_english))
        return make

    return register


def add_file_set(files: FileSet) -> FileSet:
    """Register every file of a set as the data set SET/FILE, and return the set."""
    for file in files.files:
        name = f"{files.name}/{file}"
        datasets.add(name, DataSet(name, f"{file}: {files.description}", partial(_row_of_file, files, file), files))
    return files


def file_sets() -> dict[str, FileSet]:
    """Return every set of files, by name, in the order of registration."""
    every = (datasets.get(name).files for name in datasets.names())
    return {files.name: files for files in every if files is not None}


def file_set(name: str) -> FileSet:
    """Return the set of files of that name; for the name of a data set that stands alone, a set of that one file.

    Raises:
        AskewError: Neither a set of files nor a data set has that name.
    """
    sets = file_sets()
    if name in sets:
        return sets[name]
    alone = {one.name: one for one in map(datasets.get, datasets.names()) if one.files is None}
    if name not in alone:
        raise unknown_name("data set", name, [*sets, *alone])
    found = alone[name]
    return FileSet(name, found.description, (name,), lambda number, seed: {name: found.make(number, seed)})


def is_registered(source: Path | str) -> bool:
    """Return whether a source of rows is a data set of the registry: its name, or SET/FILE with a known SET.

    A file or folder of that name on the disk goes first.
    """
    name, slash, _ = str(source).partition("/")
    return not Path(source).exists() and name in (file_sets() if slash else datasets.names())


def registered_rows(source: Path | str) -> Iterator[Row]:
    """Yield the rows of a registered data set as `askew data build` writes them: `USUAL_ROWS` rows of seed 0.

    Args:
        source: A name for which `is_registered` returns True; FILE may end in `.jsonl`.

    Raises:
        AskewError: The set has no such file.
    """
    name, slash, file = str(source).removesuffix(".jsonl").partition("/")
    if slash and file not in file_sets()[name].files:
        raise unknown_name(f"file of the set {name}", file, file_sets()[name].files)
    found = datasets.get(f"{name}{slash}{file}")
    return (found.make(number, 0) for number in range(USUAL_ROWS))


def _row_of_file(files: FileSet, file: str, number: int, seed: int) -> Row:
    return files.make(number, seed)[file] if files.make_one is None else files.make_one(file, number, seed)
