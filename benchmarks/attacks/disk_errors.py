"""A disk refuses one call while products are written: each call in turn, with each of three errors."""

import errno
import tempfile
from pathlib import Path

from attacks import Row
from attacks._disk import refusing
from attacks._products import WRITERS, Writer, begin, fault

ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT)


def attack(count: int) -> list[Row]:
    """Refuse each call once, up to `count` calls for each kind of product, and repeat the work each time."""
    return [_attack(writer, count) for writer in WRITERS]


def _attack(writer: Writer, count: int) -> Row:
    failures: list[str] = []
    tried = 0
    for code in ERRORS:
        number, made = 0, 1
        while number < made and tried < count:
            wrong, made = _refuse(writer, number, code)
            if wrong:
                failures.append(f"{errno.errorcode[code]} at call {number}: {wrong}")
            number, tried = number + 1, tried + 1
    return Row(f"disk errors: {writer.name}", tried, tried - len(failures), failures)


def _refuse(writer: Writer, number: int, code: int) -> tuple[str, int]:
    """Return what is wrong after one call was refused, and how many calls there were until then."""
    with tempfile.TemporaryDirectory() as name:
        folder, promised = Path(name, "work"), list[str]()
        begin(writer, folder)
        made: list[str] = []
        try:
            with refusing(made, number, code):
                writer.write(folder, promised.append)
        except Exception as error:  # an error is right; it only must not be the cause of a half product
            if not isinstance(error, OSError) and not isinstance(error.__cause__, OSError):
                return f"an error that hides the disk's: {error!r}", len(made)
        return fault(writer, folder, promised), len(made) + 1
