"""The answers of a society so far, in a file. With them it is played again, and goes on where it was killed.

A journal has a line of JSON for its society, then a line per tick: a digest of the questions, and the answers. A line
that was cut short by a kill is dropped. A journal with answers to other questions is refused.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from askew.base import json_text
from askew.base.atomic import make_folder
from askew.base.errors import AskewError
from askew.worlds.society.questions import Asked, Chosen, usable

VERSION = 1


class Journal:
    """The journal of one society.

    Args:
        path: Its file, which need not exist.
        society: What the answers depend on, as plain JSON: the setting, the seed, the models.

    Raises:
        AskewError: The file is the journal of another society, or is damaged.
    """

    def __init__(self, path: Path, society: Mapping[str, Any]) -> None:
        self._path = path
        self._head = json.dumps({"journal": VERSION, **society}, sort_keys=True)
        self._kept = self._read()
        self._at = 0

    @property
    def ticks(self) -> int:
        """The number of ticks whose answers it had when it was opened."""
        return len(self._kept)

    def answers(self, batch: Sequence[Asked]) -> list[Chosen] | None:
        """Return the answers to the next tick's questions; None if it doesn't have them.

        Raises:
            AskewError: The questions are other ones than those that were answered.
        """
        if self._at >= len(self._kept):
            return None
        line = self._kept[self._at]
        if line.asked != digest(batch):
            raise AskewError(
                f"{self._path} has answers to other questions in tick {self._at}: the society was played by another "
                "version of Askew. Delete the file to play it again"
            )
        self._at += 1
        weights = line.weights or [None] * len(line.options)
        chosen = [Chosen(option, one) for option, one in zip(line.options, weights, strict=False)]
        if not len(line.options) == len(weights) == len(batch) or [*map(usable, batch, chosen)] != chosen:
            raise self._damaged(self._at - 1)
        return chosen

    def add(self, batch: Sequence[Asked], chosen: Sequence[Chosen]) -> None:
        """Append the answers to a tick's questions to the file."""
        chosen = [usable(*pair) for pair in zip(batch, chosen, strict=True)]
        weights = [one.weights for one in chosen]
        line = {
            "asked": digest(batch),
            "options": [one.option for one in chosen],
            "weights": weights if any(weights) else None,
        }
        self._at += 1
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, separators=(",", ":"), default=_as_plain) + "\n")

    def _read(self) -> "list[_Line]":
        if not self._path.exists():
            make_folder(self._path.parent)
            self._path.write_text(self._head + "\n", encoding="utf-8")
            return []
        lines = self._path.read_bytes().split(b"\n")
        whole = lines[:-1]  # behind the last line feed is nothing, or a line cut short
        if not whole:
            self._path.write_text(self._head + "\n", encoding="utf-8")
            return []
        if whole[0].decode(errors="replace") != self._head:
            raise AskewError(f"{self._path} is the journal of another society. Delete it to play this one")
        if lines[-1]:
            self._path.write_bytes(b"\n".join(whole) + b"\n")
        return [self._line(number, line) for number, line in enumerate(whole[1:])]

    def _line(self, tick: int, text: bytes) -> "_Line":
        try:
            return _Line.model_validate(json_text.parse(text))
        except ValueError as error:
            raise self._damaged(tick) from error

    def _damaged(self, tick: int) -> AskewError:
        return AskewError(f"{self._path} is damaged in tick {tick}. Delete it to play the society again")


class _Line(BaseModel):
    """The answers of one tick: of each question, the option and the weights of all options, or None."""

    asked: str
    options: list[int | None]
    weights: list[tuple[float, ...] | None] | None


def _as_plain(number: Any) -> Any:
    """Return a number of NumPy as one of Python."""
    return number.item()


def digest(batch: Sequence[Asked]) -> str:
    """Return a digest of who is asked about what, knowing what, with which options."""
    asked = [(one.agent, one.about, one.facts, one.options) for one in batch]
    return blake2b(json.dumps(asked, default=repr).encode(), digest_size=12).hexdigest()
