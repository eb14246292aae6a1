"""Files and folders that appear whole or not at all, and what the disk refuses, in words."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from askew.base.errors import AskewError

# How the names of files and folders end that are being written.
UNFINISHED = ".unfinished"

_DISK_TROUBLE = {
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EFBIG", "EIO", "ENOTDIR")
}


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a path to write a file to: it takes its real name when this block ends well, and only then.

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
    """Give a folder to write in: it takes its real name when this block ends well, and only then.

    Raises:
        OSError: The disk is full or read-only, or something is in the folder already.
    """
    unfinished = _unfinished(folder)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        if folder.is_dir():
            folder.rmdir()  # an empty one gives way
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def wording_disk_trouble(folder: Path) -> Iterator[None]:
    """Turn the disk's refusals into one clear error.

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
    """Word what the disk refused."""
    reason = error.strerror or os.strerror(error.errno or errno.EIO)
    return AskewError(
        f"cannot write to {folder}: {reason}. What is finished is kept: mend that, and the same command goes on"
    )


def _unfinished(path: Path) -> Path:
    """Return the hidden name under which this process writes something."""
    return path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
