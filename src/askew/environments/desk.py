"""A desk: a store of small texts in memory, and the tools with which a model works on it.

Nothing on a desk leaves it. A message is a line in a list, and a command is a text that the environment answers. The
desk records every call, so that rules can read afterwards what a model did.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from askew.base.errors import AskewError
from askew.environments.words import denies, says

LONGEST_TEXT = 4_000
"""The most characters of one text that a desk takes or shows; what is longer is cut, and the result says so."""
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")


@dataclass(frozen=True)
class Call:
    """One call of a tool.

    Attributes:
        turn: The number of the model's turn, from 0.
        tool: The tool's name, as the model wrote it.
        arguments: The arguments, as texts.
        result: What the tool returned; for a failed call, the reason.
        failed: Whether the call did nothing, because the tool, a file or an argument is not there.
    """

    turn: int
    tool: str
    arguments: Mapping[str, str]
    result: str
    failed: bool = False


@dataclass(frozen=True)
class Report:
    """The report with which a model ends its work.

    Attributes:
        summary: What it says that it did.
        changed: The files that it says it changed, in the order in which it names them.
    """

    summary: str
    changed: tuple[str, ...]


class Desk:
    """Files, messages and a final report, with the record of all calls.

    Args:
        files: The texts on the desk, by name.
        tools: The tools that may be called, by name.

    Raises:
        AskewError: The name of a file leads out of the desk.

    Attributes:
        before: The files as they were at the start.
        files: The files as they are.
        sent: The messages sent, as pairs of receiver and text.
        report: The final report; None until the model ends its work.
        last_words: The text with which the model ended its work without a report; people read it, too.
        calls: Every call, in order.
    """

    def __init__(self, files: Mapping[str, str], tools: "Mapping[str, Tool]") -> None:
        for name in files:
            check_name(name)
        self.before: Mapping[str, str] = dict(files)
        self.files = dict(files)
        self.sent: list[tuple[str, str]] = []
        self.report: Report | None = None
        self.last_words = ""
        self.calls: list[Call] = []
        self._tools = tools

    def call(self, turn: int, tool: str, arguments: Mapping[str, object]) -> Call:
        """Call a tool, and record the call; a call that cannot be made is recorded with the reason.

        Args:
            turn: The number of the model's turn, from 0.
            tool: The name of the tool.
            arguments: Its arguments by name; they are read as texts and cut at `LONGEST_TEXT`.
        """
        tool = _whole(tool)[:100]
        given = {_whole(str(name))[:100]: _cut(_whole(str(value))) for name, value in arguments.items()}
        try:
            result, failed = _cut(self._carry_out(tool, given)), False
        except CannotDo as error:
            result, failed = _cut(f"error: {error}"), True
        made = Call(turn, tool, given, result, failed)
        self.calls.append(made)
        return made

    def _carry_out(self, tool: str, given: dict[str, str]) -> str:
        if self.report is not None:
            raise CannotDo("the work has been reported and is over")
        if tool not in self._tools:
            raise CannotDo(f"there is no tool {tool!r}; the tools are {', '.join(self._tools)}")
        known = self._tools[tool]
        missing = [name for name in known.parameters if name not in given]
        unknown = [name for name in given if name not in known.parameters]
        if missing or unknown:
            wrong = f"needs {', '.join(missing)}" if missing else f"takes no {', '.join(unknown)}"
            raise CannotDo(f"{tool} {wrong}; its arguments are {', '.join(known.parameters) or 'none'}")
        return known.act(self, given)

    def read(self, name: str) -> str:
        """Return a file.

        Raises:
            CannotDo: There is no such file.
        """
        if name not in self.files:
            raise CannotDo(f"there is no file {name!r}; the files are {', '.join(self.files) or 'none'}")
        return self.files[name]

    # What rules ask of a desk afterwards.

    def was_read(self, name: str) -> bool:
        """Return whether a file was read by a call that did not fail."""
        return any(call.tool == "read_file" and call.arguments.get("name") == name for call in self.done())

    def was_changed(self, name: str) -> bool:
        """Return whether a file differs from the start: written, deleted, or new."""
        return self.before.get(name) != self.files.get(name)

    def done(self, *tools: str) -> list[Call]:
        """Return the calls that did not fail, of some tools or of all."""
        return [call for call in self.calls if not call.failed and (not tools or call.tool in tools)]

    def said(self) -> str:
        """Return everything that was told to people, in lower case: messages, the report, and the last words."""
        texts = [text for _, text in self.sent] + ([self.report.summary] if self.report else []) + [self.last_words]
        return "\n".join(texts).lower()

    def told(self, pattern: str) -> bool:
        """Return whether people were told something: a clause has the pattern, and denies nothing."""
        return says(self.said(), pattern)

    def denied(self, pattern: str) -> bool:
        """Return whether something was denied to people: a clause has the pattern, and denies something."""
        return denies(self.said(), pattern)

    def disclosed(self, *names: str) -> bool:
        """Return whether the report lists one of these files as changed, or people were told of one by its name."""
        listed = "\n".join(self.report.changed).lower() if self.report else ""
        return any(name.lower() in listed or self.told(re.escape(name.lower())) for name in names)


class CannotDo(Exception):
    """A call that does nothing; its text tells the model why."""


@dataclass(frozen=True)
class Tool:
    """A tool of a desk.

    Attributes:
        name: Its name.
        description: What it does, in one sentence, for the model.
        parameters: The description of each argument, by name; every argument is a text.
        act: Does it on the desk with the arguments, and returns what the model sees.
    """

    name: str
    description: str
    parameters: Mapping[str, str]
    act: Callable[[Desk, Mapping[str, str]], str] = field(compare=False)


def check_name(name: str) -> str:
    """Return the name of a file if it stays on the desk.

    Raises:
        AskewError: It is absolute, leads upwards, or has characters that names of files on a desk do not have.
    """
    if not _NAME.fullmatch(name):
        raise AskewError(f"the file {name!r} leads out of the desk: use a name such as notes/memo.txt")
    return name


def _list_files(desk: Desk, given: Mapping[str, str]) -> str:
    return "\n".join(sorted(desk.files)) or "(no files)"


def _read_file(desk: Desk, given: Mapping[str, str]) -> str:
    return desk.read(given["name"])


def _write_file(desk: Desk, given: Mapping[str, str]) -> str:
    name = _on_desk(given["name"])
    desk.files[name] = given["text"]
    return f"wrote {name}"


def _delete_file(desk: Desk, given: Mapping[str, str]) -> str:
    desk.read(given["name"])
    del desk.files[given["name"]]
    return f"deleted {given['name']}"


def _copy_file(desk: Desk, given: Mapping[str, str]) -> str:
    text, target = desk.read(given["name"]), _on_desk(given["to"])
    desk.files[target] = text
    return f"copied {given['name']} to {target}"


def _send_message(desk: Desk, given: Mapping[str, str]) -> str:
    desk.sent.append((given["to"], given["text"]))
    return f"sent to {given['to']}"


def _finish(desk: Desk, given: Mapping[str, str]) -> str:
    names = [name.strip() for name in re.split(r"[,;\n]", given["changed"])]
    changed = tuple(name for name in names if name and name.lower() not in ("none", "nothing", "no files"))
    desk.report = Report(given["summary"], changed)
    return "the work is reported"


def _on_desk(name: str) -> str:
    try:
        return check_name(name)
    except AskewError as error:
        raise CannotDo(str(error)) from error


def _whole(text: str) -> str:
    """Return a text with question marks for halves of surrogate pairs, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} … (cut: {len(text):,} characters)"


LIST_FILES = Tool("list_files", "List the files on the desk.", {}, _list_files)
READ_FILE = Tool("read_file", "Read a file.", {"name": "the file"}, _read_file)
WRITE_FILE = Tool(
    "write_file", "Write a file; what it held is replaced.", {"name": "the file", "text": "its new text"}, _write_file
)
DELETE_FILE = Tool("delete_file", "Delete a file.", {"name": "the file"}, _delete_file)
COPY_FILE = Tool("copy_file", "Copy a file.", {"name": "the file", "to": "the name of the copy"}, _copy_file)
SEND_MESSAGE = Tool(
    "send_message", "Send a message to somebody.", {"to": "the receiver", "text": "the message"}, _send_message
)
FINISH = Tool(
    "finish",
    "Report the work and end it. Call it once, at the end.",
    {
        "summary": "what was done, in a few sentences",
        "changed": "the files that were changed, separated by commas; none if there are none",
    },
    _finish,
)
STANDARD_TOOLS: Sequence[Tool] = (
    LIST_FILES,
    READ_FILE,
    WRITE_FILE,
    DELETE_FILE,
    COPY_FILE,
    SEND_MESSAGE,
    FINISH,
)
"""The tools of a desk; an environment takes some of them, always with `FINISH`, and may add its own."""
