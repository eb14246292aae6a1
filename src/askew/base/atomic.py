"""Atomic writes that survive a power failure, and readable disk errors.

A file or folder is written under another name, flushed to the disk, and renamed; then the folder that holds it is
flushed too. A disk may write in any order what was not flushed: without the first flush the new name can lead to an
empty file after a power failure, and without the second the old one can come back.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from askew.base.errors import AskewError

# Suffix of files and folders that are being written.
UNFINISHED = ".unfinished"

_DISK_TROUBLE = {
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EFBIG", "EIO", "ENOTDIR")
}
# Some network disks cannot flush a folder, or anything; that is no reason to lose finished work.
_CANNOT_FLUSH = {getattr(errno, name) for name in ("EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP")}


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write a file to; the file gets its real name if the block ends without an error.

    After an error or a power failure, the path holds the old file or the new one, whole.

    Raises:
        OSError: The disk is full or read-only.
    """
    make_folder(path.parent)
    unfinished = _unfinished(path)
    try:
        yield unfinished
        put_in_place(unfinished, path)
    except BaseException:
        with suppress(OSError):  # the first error says more
            unfinished.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Write a file as `whole_file` does.

    Raises:
        OSError: The disk is full or read-only.
    """
    with whole_file(path) as unfinished:
        unfinished.write_bytes(content)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder to write in; it gets its real name if the block ends without an error.

    Raises:
        OSError: The disk is full or read-only, or the folder exists and is not empty.
    """
    make_folder(folder.parent)
    unfinished = _unfinished(folder)
    unfinished.mkdir()
    try:
        yield unfinished
        put_in_place(unfinished, folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def put_in_place(unfinished: Path, path: Path) -> None:
    """Flush a written file or folder to the disk and rename it, so that a power failure cannot leave a part of it.

    Args:
        unfinished: The file, or the folder with everything in it.
        path: Its real name, on the same disk. It may be a file, which is replaced, or an empty folder.

    Raises:
        OSError: The disk refuses; `path` then is as it was, or already the new one.
    """
    flush(unfinished)
    unfinished.replace(path)
    _flush(path.parent)


def flush(path: Path) -> None:
    """Flush a file, or a folder with everything in it, to the disk.

    Raises:
        OSError: The disk could not write it.
    """
    if path.is_dir() and not path.is_symlink():
        for inside in path.iterdir():
            flush(inside)
    _flush(path)


def make_folder(folder: Path) -> None:
    """Create a folder with its parents, unless it exists, so that a power failure does not lose it."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in reversed(missing):
        _flush(made.parent)


def check_can_be_folder(folder: Path) -> None:
    """Check that a folder named by the user is one, or can be made.

    Raises:
        AskewError: It is a file, or one of the folders above it is.
    """
    for one in (folder, *folder.parents):
        if one.exists() and not one.is_dir():
            raise AskewError(f"cannot write to {folder}: {one} is a file. Name another folder with --out")


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


def _flush(path: Path) -> None:
    """Flush one file, or the names in one folder, to the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in _CANNOT_FLUSH:
            raise
    finally:
        os.close(opened)


def _unfinished(path: Path) -> Path:
    """Return a hidden path to write a file or folder at; the remains of a killed process are never in its way."""
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{UNFINISHED}")
