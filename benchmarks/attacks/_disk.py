"""A model of a disk that loses power: it records what a program does, and makes the states that a crash may leave.

The program works in a real folder. Between its calls of `fsync`, `rename`, `unlink`, `mkdir` and `rmdir` the folder is
compared with what it was, which shows what was written, by any library. The rules are those that ALICE (Pillai et al.
2014, OSDI) and SQLite's crash tests assume of a POSIX disk:

- What was written to a file since its last `fsync` may be there whole, in part, as zeros, or not at all.
- A change of names in a folder since its last `fsync` may have happened or not, each one apart from the others.
- One `rename` is atomic.
"""

import errno
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

SECTOR = 64  # bytes that a disk writes as one; small, so that small files are torn too
_NAMING = ("rename", "replace", "unlink", "remove", "mkdir", "rmdir")

Entry = tuple[int, str]
"""A name in a folder, by the folder's number."""


@dataclass(frozen=True)
class Event:
    """One change, or one flush.

    Attributes:
        names: What names lead to after the change: the number of a file or folder, or None.
        file: The number of the file that was written; None if none was.
        content: Its whole new content.
        flushed: The number of the file or folder that was flushed; None if none was.
    """

    names: tuple[tuple[Entry, int | None], ...] = ()
    file: int | None = None
    content: bytes = b""
    flushed: int | None = None


@dataclass
class Recording:
    """What a program did to a folder, in order.

    Attributes:
        root: The folder.
        events: The changes and flushes.
        promises: What the program was promised to be on the disk, each with the number of events before it.
    """

    root: Path
    events: list[Event] = field(default_factory=list)
    promises: list[tuple[int, Any]] = field(default_factory=list)
    _numbers: dict[int, int] = field(default_factory=dict)
    _names: dict[Entry, int] = field(default_factory=dict)
    _contents: dict[int, bytes] = field(default_factory=dict)
    _folders: set[int] = field(default_factory=set)
    _unused: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self._top = self._number(os.stat(self.root).st_ino)
        self.observe()
        self.events += [Event(flushed=number) for number in [*self._contents, *self._folders]]
        self.start = len(self.events)

    def promise(self, value: Any) -> None:
        """Note that a program was promised something, such as that a write has succeeded."""
        self.observe()
        self.promises.append((len(self.events), value))

    def observe(self, together: bool = False) -> None:
        """Record what changed since the last look; name changes of one call happen `together`."""
        names: dict[Entry, int] = {}
        contents: dict[int, bytes] = {}
        self._look(self.root, names, contents)
        changed: list[tuple[Entry, int | None]] = [(at, to) for at, to in names.items() if self._names.get(at) != to]
        changed += [(at, None) for at in self._names if at not in names]
        groups = [tuple(changed)] if together and changed else [(one,) for one in changed]
        self.events += [Event(names=group) for group in groups]
        for number, content in contents.items():
            if self._contents.get(number, b"") != content:
                self.events.append(Event(file=number, content=content))
        self._names, self._contents = names, contents
        # The inode of a removed file may be used again for another file.
        kept = {*names.values(), self._top}
        self._numbers = {inode: number for inode, number in self._numbers.items() if number in kept}

    def flush(self, opened: int) -> None:
        """Record a flush of an open file or folder."""
        self.observe()
        number = self._numbers.get(os.fstat(opened).st_ino)
        if number is not None:
            self.events.append(Event(flushed=number))

    def _look(self, folder: Path, names: dict[Entry, int], contents: dict[int, bytes]) -> None:
        here = self._number(os.stat(folder).st_ino)
        self._folders.add(here)
        for found in os.scandir(folder):
            number = self._number(found.inode())
            names[here, found.name] = number
            if found.is_dir(follow_symlinks=False):
                self._look(Path(found.path), names, contents)
            else:
                contents[number] = Path(found.path).read_bytes()

    def _number(self, inode: int) -> int:
        if inode not in self._numbers:
            self._numbers[inode] = next(self._unused)
        return self._numbers[inode]

    # ---- crashes

    def crash(self, rng: random.Random, into: Path) -> list[Any]:
        """Make a folder as a crash may leave it, and return the promises that were made before the crash.

        Args:
            rng: Chooses the moment of the crash, and what is lost.
            into: The new folder.
        """
        until = rng.randint(self.start, len(self.events))
        names, contents = self._survivors(until, rng)
        self._make(self._top, into, names, contents)
        return [value for number, value in self.promises if number <= until]

    def _survivors(self, until: int, rng: random.Random) -> tuple[dict[Entry, int], dict[int, bytes]]:
        names: dict[Entry, int] = {}
        contents: dict[int, bytes] = {}
        lucky = rng.random()  # some crashes lose nearly everything, others nearly nothing
        for place, event in enumerate(self.events[:until]):
            later = {one.flushed for one in self.events[place:until]}
            if event.names:
                target = event.names[0][0][0]  # the folder with the new name comes first
                if target in later or rng.random() < lucky:
                    for at, to in event.names:
                        names.pop(at, None)
                        if to is not None:
                            names[at] = to
            elif event.file is not None:
                before = contents.get(event.file, b"")
                safe = event.file in later
                contents[event.file] = event.content if safe else _torn(before, event.content, lucky, rng)
        return names, contents

    def _make(self, number: int, path: Path, names: dict[Entry, int], contents: dict[int, bytes]) -> None:
        path.mkdir()
        for (folder, name), to in names.items():
            if folder == number and to in self._folders:
                self._make(to, path / name, names, contents)
            elif folder == number:
                (path / name).write_bytes(contents.get(to, b""))


def _torn(before: bytes, after: bytes, lucky: float, rng: random.Random) -> bytes:
    """Return what may be on the disk of a content that was not flushed."""
    if rng.random() < lucky / 2:
        return after
    length = rng.choice([len(before), len(after), rng.randint(*sorted([len(before), len(after)]))])
    sectors = []
    for start in range(0, length, SECTOR):
        old, new = before[start : start + SECTOR], after[start : start + SECTOR]
        sectors.append(rng.choice([new, old]).ljust(SECTOR, b"\0"))  # zeros where nothing was before
    return b"".join(sectors)[:length]


@contextmanager
def recording(root: Path) -> Iterator[Recording]:
    """Record what happens to a folder in this block."""
    found = Recording(root)

    def naming(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **kwargs: Any) -> Any:
            found.observe()
            try:
                return call(*args, **kwargs)
            finally:
                found.observe(together=True)

        return called

    def fsync(opened: Any) -> None:
        real_fsync(opened)
        found.flush(opened if isinstance(opened, int) else opened.fileno())

    real_fsync = os.fsync
    patches = [patch.object(os, "fsync", fsync)]
    patches += [patch.object(os, name, naming(getattr(os, name))) for name in _NAMING]
    for one in patches:
        one.start()
    try:
        yield found
    finally:
        for one in patches:
            one.stop()
        found.observe()


class Refused(OSError):
    """An error of the disk that was made on purpose."""


@contextmanager
def refusing(made: list[str], number: int, code: int = errno.EIO) -> Iterator[None]:
    """Let one call fail, by its number among those that change or flush a disk; `made` receives their names."""

    def counting(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **kwargs: Any) -> Any:
            made.append(name)
            if len(made) - 1 == number:
                raise Refused(code, os.strerror(code))
            return call(*args, **kwargs)

        return called

    patches = [patch.object(os, name, counting(name, getattr(os, name))) for name in ("fsync", "open", *_NAMING)]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()
