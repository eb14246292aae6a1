"""The status file of a run: what its process is doing, written every few seconds for `askew status`.

It is `.status.json` in the run's folder, so that any machine that sees the folder can read it. It is no product:
nothing else reads it, and a run without it, or with an old one, goes on as usual.
"""

import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from askew.base.atomic import write_whole
from askew.runs.progress import Display

STATUS = ".status.json"
FORMAT = 1
"""The version of the file; raised when an older Askew could not read a new one."""
WRITTEN_EVERY = 5.0
"""Seconds between two states in the file."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")

Ended = Literal["", "finished", "stopped", "failed"]


class Stage(BaseModel):
    """A kind of work.

    Attributes:
        name: What is done, such as "asking and judging".
        pieces: The number of pieces of work.
        done: How many of them are finished.
        running: How many are under way.
        seconds_left: About how long the rest takes; None if that is not known.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)
    name: str
    pieces: int = Field(ge=0)
    done: int = Field(ge=0)
    running: int = Field(0, ge=0)
    seconds_left: float | None = None


class UnderWay(BaseModel):
    """A piece of work that a worker does at the moment.

    Attributes:
        piece: Its name.
        stage: The kind of work, as in `Stage.name`; "" if that is not known.
        share: The part that is done, 0-1.
        rate: How many units a second; 0 if that is not known.
        unit: What is counted, such as "tokens".
        seconds_left: About how long the rest takes; None if that is not known.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)
    piece: str
    stage: str = ""
    share: float = 0.0
    rate: float = 0.0
    unit: str = ""
    seconds_left: float | None = None


class Snapshot(BaseModel):
    """The content of the file.

    Attributes:
        format: `FORMAT` of the Askew that wrote it.
        askew: The version of that Askew.
        process: The number of the run's process.
        machine: A digest that is the same for all processes of one start of one machine, and tells no more than that.
        began: When the session began, in seconds since 1970.
        written: When the file was written, in seconds since 1970.
        ended: How the session ended; "" while it goes on.
        error: Why it failed; "" if it did not.
        failed: The names of the pieces of work that failed.
        doing: What is done besides pieces of work, such as "counting"; "" for nothing.
        stages: The kinds of work, in order.
        under_way: The pieces of work that are under way.
        answers: The number of answers that were written or read in this session.
        answers_per_second: The number of answers a second, over the last minute; None if none came.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)
    format: int = FORMAT
    askew: str
    process: int
    machine: str
    began: float
    written: float
    ended: Ended = ""
    error: str = ""
    failed: list[str] = []
    doing: str = ""
    stages: list[Stage] = []
    under_way: list[UnderWay] = []
    answers: float = 0.0
    answers_per_second: float | None = None


@contextmanager
def reporting(folder: Path, display: Display) -> Iterator[None]:
    """Write the status file of a run every few seconds in this block, and at its end how it ended.

    A disk that refuses the file is no reason to stop a run.

    Args:
        folder: The run's folder, open for writing.
        display: Shows the progress of the run.
    """
    began, over = time.time(), threading.Event()

    def write(ended: Ended = "", error: str = "") -> None:
        found = Snapshot(
            askew=version("askew"),
            process=os.getpid(),
            machine=this_machine(),
            began=began,
            written=time.time(),
            ended=ended,
            error=error,
            **display.state(),
        )
        with suppress(OSError):
            write_whole(folder / STATUS, (json.dumps(found.model_dump(), ensure_ascii=False) + "\n").encode())

    def keep_writing() -> None:
        while not over.wait(WRITTEN_EVERY):
            write()

    write()
    writer = threading.Thread(target=keep_writing, name="askew status", daemon=True)
    writer.start()
    ended: Ended = "failed"
    error = ""
    try:
        yield
        ended = "finished"
    except KeyboardInterrupt:
        ended = "stopped"
        raise
    except BaseException as raised:
        error = str(raised) or type(raised).__name__
        raise
    finally:
        over.set()
        writer.join()
        write(ended, error)


def this_machine() -> str:
    """Return a digest that is the same for all processes of one start of this machine."""
    try:
        name = _BOOT.read_text(encoding="ascii")
    except OSError:
        import uuid

        name = str(uuid.getnode())
    return hashlib.sha256(f"askew status {name}".encode()).hexdigest()[:16]
