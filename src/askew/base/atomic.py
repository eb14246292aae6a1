"""Atomic writes, and readable disk errors."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from askew.base.errors import AskewError

# Suffix of files and folders that are being written.
UNFINISHED = ".unfinished"

_DISK_TROUBLE = {
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EFBIG", "EIO", "ENOTDIR")
}


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write a file to; the file gets its real name if the block ends without an error.

    Raises:
        OSError: The disk is full or read-only.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = _unfinished(path)
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder to write in; it gets its real name if the block ends without an error.

    Raises:
        OSError: The disk is full or read-only, or the folder exists and is not empty.
    """
    unfinished = _unfinished(folder)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        if folder.is_dir():
            folder.rmdir()  # an empty folder may be replaced
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def wording_disk_trouble(folder: Path) -> Iterator[None]:
    """Turn errors of the disk in this block into one clear error.

    Raises:
        AskewError: The disk is full, or the folder may not be written to.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK_TROUBLE:
            raise
        raise disk_trouble(folder, error) from error


def disk_trouble(folder: Path, error: OSError) -> AskewError:
    """Return the error that tells a user what the disk refused."""
    reason = error.strerror or os.strerror(error.errno or errno.EIO)
    return AskewError(
        f"cannot write to {folder}: {reason}. Finished work is kept. Fix the cause, then repeat the command"
    )


def _unfinished(path: Path) -> Path:
    """Return the hidden path under which this process writes a file or folder."""
    return path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
