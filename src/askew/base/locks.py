"""Locks between processes. The system releases them when a process ends in any way, so nothing stays locked.

Some network disks have no locks: they refuse every request, and that says nothing about other processes. The lock is
then held in this machine's folder for temporary files, which keeps out the processes of this machine only.
"""

import errno
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from askew.base.errors import AskewError

_TAKEN = {errno.EAGAIN, errno.EWOULDBLOCK}
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ESTALE, errno.EINVAL}
# Seconds between tries: a process that only looks whether the lock is held has it for a moment, too.
_PAUSES = (0.02, 0.1)
# A file server that was restarted, or a file that was replaced on it: the file is opened again this often.
_TRIES = 3


class Taken(AskewError):
    """Another process holds the lock."""


@contextmanager
def locked(path: Path, say: Callable[[str], None], wait: bool = False) -> Iterator[None]:
    """Hold a lock while in this block.

    Args:
        path: The file of the lock, in a folder that exists. It is created, and never removed: removing it would give
            two processes two locks of one name.
        say: Receives a sentence if the disk has no locks.
        wait: Wait for a process that holds the lock.

    Raises:
        Taken: Another process holds the lock, and `wait` is not set.
        OSError: The file cannot be opened.
    """
    opened = _locked_there(path, wait)
    if opened is None:
        opened = _locked_here(path, wait)
        kept_out = "no other process is kept out" if opened is None else "only processes of this machine are kept out"
        say(f"the disk of {path.parent} has no locks, so {kept_out}: let no other askew command write there meanwhile")
    try:
        yield
    finally:
        if opened is not None:
            os.close(opened)  # which releases it


def is_locked(path: Path) -> bool | None:
    """Return whether a process holds a lock; None if that cannot be told, since the disk has no locks.

    Args:
        path: The file of the lock. It is not created.

    Raises:
        OSError: The file cannot be opened.
    """
    if not path.exists():
        return False
    user = getattr(os, "getuid", lambda: 0)()
    held = [_is_held(one) for one in (path, _stand_in(path, user)) if one.exists()]
    return True if True in held else held[0]


def _is_held(path: Path) -> bool | None:
    opened = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    try:
        _lock(opened, wait=False, shared=True)
    except OSError as error:
        return True if error.errno in _TAKEN else None
    finally:
        os.close(opened)
    return False


def _locked_there(path: Path, wait: bool) -> int | None:
    """Return the open file of a lock that is held; None if its disk has no locks."""
    for _ in range(_TRIES):
        try:
            return _open_locked(path, wait)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            if error.errno != errno.ESTALE:
                return None
    return None


def _locked_here(path: Path, wait: bool) -> int | None:
    """Return the open file of a lock that stands for `path` on this machine; None if there can be none."""
    user = getattr(os, "getuid", lambda: 0)()
    try:
        return _open_locked(_stand_in(path, user), wait)
    except OSError:
        return None


def _stand_in(path: Path, user: int) -> Path:
    """Return the file of the lock that stands for `path` on this machine."""
    name = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:32]
    return Path(tempfile.gettempdir()) / f"askew-{user}-{name}.lock"


def _open_locked(path: Path, wait: bool) -> int:
    """Open a file, and lock it.

    Raises:
        Taken: Another process holds the lock, and `wait` is not set.
        OSError: The file cannot be opened, or its disk has no locks.
    """
    # No link is followed, since the folder may be a stranger's; workers do not inherit the open file, and so the lock.
    opened = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        for pause in (*_PAUSES, None):
            try:
                _lock(opened, wait)
                break
            except OSError as error:
                if error.errno not in _TAKEN or pause is None:
                    raise
                time.sleep(pause)
    except BaseException as error:
        os.close(opened)
        if isinstance(error, OSError) and error.errno in _TAKEN:
            raise Taken(f"another process holds the lock {path}") from error
        raise
    return opened


def _lock(opened: int, wait: bool, shared: bool = False) -> None:
    try:
        import fcntl
    except ImportError as error:  # Windows
        raise OSError(errno.ENOSYS, "this system has no file locks of this kind") from error
    fcntl.flock(opened, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
