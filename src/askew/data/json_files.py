"""Reads JSON Lines, or one JSON array, one item at a time, so that only one item is in memory.

Only a line feed ends a line. Other line separators of Unicode, such as U+2028, may occur in texts.
"""

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from askew.base import json_text
from askew.base.errors import AskewError

CUT_OFF = "the file looks cut off there"
LONGEST_ITEM = 64 * 2**20  # most bytes of a line, or characters of an item of an array

_PIECE = 2**18
_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# An error this close to the end of the text read so far may only mean that more must be read: no literal or escape is
# longer.
_MAY_GO_ON = 16
_decoder = json.JSONDecoder()
_white = re.compile(r"[ \t\r\n]*").match


def is_array(path: Path) -> bool:
    """Return whether a file holds one JSON array rather than JSON Lines.

    Raises:
        AskewError: The file is in UTF-16.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_PIECE)
    if start.startswith(_BOMS):
        raise AskewError(f"{path} is in UTF-16: save it as UTF-8")
    return start.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n").startswith(b"[")


def lines(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the place and the JSON value of each line that is not blank.

    Raises:
        AskewError: A line is not UTF-8, not JSON, or too long; the message names the line.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        for number, line in enumerate(_raw_lines(file, path), start=1):
            bare = (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).strip()
            if not bare:
                continue
            place = f"line {number}"
            try:
                yield place, json_text.parse(bare)
            except ValueError as error:
                hint = "each line should be one JSON object" if line.endswith(b"\n") else f"{CUT_OFF}, in its last line"
                if number == 1 and bare == b"{":
                    hint = "one object on several lines is not read; if it holds a list of rows, save that list alone"
                raise AskewError(f"{path}, {place}: {_wrong(error)}; {hint}") from error


def array(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the place and the value of each item of a file that holds one JSON array.

    Raises:
        AskewError: The file is not UTF-8 or not JSON, or an item is too long; the message names the line.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        text = _Text(file, path)
        text.skip("[")
        number = 0
        while text.has_item(is_first=number == 0):
            number += 1
            place = f"line {text.line}, item {number}"
            yield place, text.item()
        text.skip("]")
        if text.peek():
            raise AskewError(
                f"{path}, line {text.line}: there is text after the end of the array; a file may contain only one array"
            )


def _raw_lines(file: BinaryIO, path: Path) -> Iterator[bytes]:
    number = 0
    while line := file.readline(LONGEST_ITEM + 1):
        number += 1
        if len(line) > LONGEST_ITEM:
            raise AskewError(
                f"{path}, line {number}: longer than {LONGEST_ITEM // 2**20} MB. Each line should be one JSON "
                "object; is this a file of rows?"
            )
        yield line


def _wrong(error: ValueError) -> str:
    """Return the reason why a line cannot be read, without quoting the line."""
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 at byte {error.start + 1} of the line"
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON ({error.msg.removesuffix(' at')} at character {error.pos + 1})"
    deep = isinstance(error, json_text.DeepJsonError)
    return f"not JSON ({'nested too deeply' if deep else 'a number that is too long'})"


class _Text:
    """The text of a file, read in pieces, with the position up to which it has been parsed."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.line = 1
        self._file, self._path = file, path
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._text, self._at, self._bytes, self._ended = "", 0, 0, False

    def peek(self) -> str:
        """Skip white space, and return the next character; "" at the end of the file."""
        while True:
            matched = _white(self._text, self._at)
            assert matched is not None
            self._go_to(matched.end())
            if self._at < len(self._text) or not self._read():
                return self._text[self._at : self._at + 1]

    def skip(self, character: str) -> None:
        """Skip a character, which must be the next one."""
        assert self.peek() == character
        self._at += 1

    def has_item(self, is_first: bool) -> bool:
        """Skip the comma before an item, except the first; return whether an item follows, not the array's end."""
        found = self.peek()
        if found == "]":
            return False
        if found and not is_first:
            if found != ",":
                raise self._error("no comma between two items")
            self._at += 1
            found = self.peek()
        if found in {"", "]"}:
            raise self._error("a comma with no item after it" if found else CUT_OFF)
        return True

    def item(self) -> Any:
        """Return the JSON value at the current position, and skip it."""
        while True:
            try:
                json_text.check_depth(self._text, self._at)
                value, end = _decoder.raw_decode(self._text, self._at)
            except json_text.DeepJsonError as error:
                raise self._error("nested too deeply") from error
            except json.JSONDecodeError as error:
                unfinished = error.msg.startswith("Unterminated") or error.pos > len(self._text) - _MAY_GO_ON
                if unfinished and self._read():
                    continue
                self.line += self._text.count("\n", self._at, error.pos)
                raise self._error(CUT_OFF if self._ended and unfinished else error.msg) from error
            except ValueError as error:
                raise self._error("a number that is too long") from error
            # A number may continue in the next piece; an object, list or text has an explicit end.
            if end == len(self._text) and not isinstance(value, (dict, list, str)) and self._read():
                continue
            self._go_to(end)
            return value

    def _go_to(self, place: int) -> None:
        self.line += self._text.count("\n", self._at, place)
        self._at = place

    def _read(self) -> bool:
        """Read at least as much as is not parsed yet; return whether there was more to read."""
        if self._ended:
            return False
        rest = self._text[self._at :]
        if len(rest) > LONGEST_ITEM:
            raise self._error(f"an item longer than {LONGEST_ITEM // 2**20} MB")
        piece = self._file.read(max(_PIECE, len(rest)))
        try:
            self._text, self._at = rest + self._decode.decode(piece, final=not piece), 0
        except UnicodeDecodeError as error:
            # The bytes in the error begin with those that the decoder held back from the last piece.
            before = self._bytes - (len(error.object) - len(piece))
            self.line += rest.count("\n") + error.object.count(b"\n", 0, error.start)
            raise AskewError(
                f"{self._path}, line {self.line}: not UTF-8 at byte {before + error.start + 1} of the file"
            ) from error
        self._bytes += len(piece)
        self._ended = not piece
        return bool(piece)

    def _error(self, what: str) -> AskewError:
        return AskewError(f"{self._path}, line {self.line}: not JSON ({what})")
