"""The Node process with the server and its players: requests and replies are lines of JSON.

The process gets no environment but the path to programs, so no key of the user reaches it, and an empty folder to work
in. It ends when its standard input is closed, so it cannot outlive this process.
"""

import json
import os
import queue
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ValidationError

from askew.base import json_text
from askew.base.errors import AskewError
from askew.base.untrusted import cut

ANSWERS_WITHIN = 300
"""Seconds in which the process must answer a request; 60 players join in about 35."""

_LONGEST_REASON = 300
_KEPT_VARIABLES = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LANG")

Reply = TypeVar("Reply", bound=BaseModel)


class Left(BaseModel):
    """A player that left the server and wasn't asked to.

    Attributes:
        bot: Its number.
        reason: Why, in the server's words, which are not to be trusted.
    """

    bot: int
    reason: str


class Bridge:
    """The process, while the block lasts that it is used in.

    Args:
        command: The command that starts it; see `packages.bridge_command`.
        seconds: Seconds in which it must answer a request.

    Attributes:
        left: The players that left and weren't asked to; whoever reads them removes them.
    """

    def __init__(self, command: Sequence[str], seconds: float = ANSWERS_WITHIN) -> None:
        self._command, self._seconds = list(command), seconds
        self.left: list[Left] = []
        self._messages: queue.Queue[str | None] = queue.Queue()
        self._asked = 0

    def __enter__(self) -> Self:
        """Start the process.

        Raises:
            AskewError: It cannot be started.
        """
        self._folder = tempfile.TemporaryDirectory(prefix="askew-minecraft-")
        self._errors = Path(self._folder.name) / "errors"
        work = Path(self._folder.name) / "work"
        work.mkdir()
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        try:
            with self._errors.open("wb") as errors:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    cwd=work,
                    env={**kept, "HOME": str(work), "NODE_ENV": "production"},
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                )
        except OSError as error:
            self._folder.cleanup()
            raise AskewError(f"cannot start {self._command[0]}: {error.strerror}") from error
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        process = self._process
        if process.stdin:
            with suppress(OSError):  # it has ended, and what was still to be written is lost
                process.stdin.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._folder.cleanup()

    @property
    def process(self) -> int:
        """The number of the process."""
        return self._process.pid

    def ask(self, verb: str, shape: type[Reply], **arguments: Any) -> Reply:
        """Send a request, wait for its reply and return it.

        Args:
            verb: The verb; bridge.mjs lists them.
            shape: The shape of the reply.
            **arguments: The arguments of the verb.

        Raises:
            AskewError: The process has ended, does not answer, refuses the request, or says something else.
        """
        self._asked += 1
        request = {"id": self._asked, "do": verb, **arguments}
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._ended() from error
        while True:
            message = self._next(verb)
            if message.get("event") == "left":
                self.left.append(_shaped(Left, message))
            elif message.get("id") != self._asked:
                raise AskewError(f"the Minecraft process answers a request that was not made: {cut(str(message), 80)}")
            elif "error" in message:
                raise AskewError(f"Minecraft refuses to {verb}: {cut(str(message['error']), _LONGEST_REASON)}")
            else:
                return _shaped(shape, message.get("ok"))

    def _next(self, verb: str) -> dict[str, Any]:
        try:
            line = self._messages.get(timeout=self._seconds)
        except queue.Empty:
            raise AskewError(f"the Minecraft process did not {verb} within {self._seconds:g} seconds") from None
        if line is None:
            raise self._ended()
        try:
            message = json_text.parse(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            raise AskewError(f"the Minecraft process says something that is no message: {cut(line.strip(), 80)}")
        return message

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._messages.put(line)
        self._messages.put(None)

    def _ended(self) -> AskewError:
        """Return the error that tells of the process's end, with its last words."""
        code = self._process.wait()
        said = self._errors.read_text(encoding="utf-8", errors="replace")
        words = [line for line in map(_plain, said.splitlines()) if line]
        last = cut(words[-1], _LONGEST_REASON) if words else "it said nothing"
        return AskewError(f"the Minecraft process ended with code {code}: {last}")


def _shaped(shape: type[Reply], value: Any) -> Reply:
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        raise AskewError(f"the Minecraft process answers in another shape: {cut(str(value), 80)}") from error


def _plain(line: str) -> str:
    """Return a line without what moves the cursor or colours it, and without the prompt of the server's console."""
    return "".join(one for one in _without_codes(line) if one.isprintable()).strip("> ")


def _without_codes(line: str) -> str:
    start = line.split("\N{ESCAPE}[")
    return start[0] + "".join(part.lstrip("0123456789;?")[1:] for part in start[1:])
