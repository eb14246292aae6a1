"""Tells the runs of this user from those of others, by a signature of the design and the manifest.

The signature lies in `signature.json` in the run's folder. It covers the contents of `study.json` and `manifest.json`,
and so the hash of every listed product, but no place: a moved run stays the user's. See
docs/explanation/resuming.md.
"""

import hashlib
import json
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Any

from askew.base.atomic import whole_file
from askew.base.errors import AskewError
from askew.base.json_objects import read_object
from askew.base.product_record import digest
from askew.base.signatures import can_sign, is_signed, key_file, sign
from askew.base.untrusted import visible

SIGNATURE = "signature.json"
# The folder of weights, which may have been moved to a larger disk.
_MAY_BE_ELSEWHERE = "models"


class Ownership:
    """Whose a run is.

    Args:
        folder: The run's folder.
        covered: The names of the files that the signature covers.
    """

    def __init__(self, folder: Path, covered: Sequence[str]) -> None:
        self._folder = folder
        self._names = covered
        self._state: dict[str, str] | None = None  # within `signing`: the digests that the signature covers

    @property
    def is_ours(self) -> bool:
        """True if this user made the run or vouched for it, so that its signature is valid; or if there is no run yet.

        Where no key can be kept, nobody can tell, and every run counts as the user's.
        """
        covered = self._covered()
        if not covered or not can_sign():
            return True
        return any(is_signed(covered, one) for one in self._signatures())

    def check(self) -> None:
        """Check that this user made the run or vouched for it.

        Raises:
            AskewError: It is somebody else's, or was changed by somebody else, or is older than signatures.
        """
        if not self.is_ours:
            raise AskewError(
                f"{visible(str(self._folder))} was not made here, so it can only be read. If you trust it, "
                f"`{self._adopting()}` checks and signs it; then repeat this command"
            )

    def warn_of_strangers(self) -> None:
        """Print one line on standard error if the run is somebody else's, which then is only read.

        Raises:
            AskewError: It has a link out of its folder, or a pipe or device in it.
        """
        if not self.is_ours:
            self.check_contents()
            said = (
                f"{visible(str(self._folder))} was not made here: opened read-only (`{self._adopting()}` changes that)"
            )
            print(said, file=sys.stderr)

    def check_contents(self) -> None:
        """Check that the folder has only files and folders, and no link out of it: it may be another person's.

        In a run of this user, the folder `models` may be a link to a larger disk.

        Raises:
            AskewError: There is such a link, or a pipe or device.
        """
        home, is_ours = self._folder.resolve(), self.is_ours
        for parent, folders, files in os.walk(self._folder):
            for path in (Path(parent, name) for name in (*folders, *files)):
                kind = path.lstat().st_mode
                if not (S_ISREG(kind) or S_ISDIR(kind) or S_ISLNK(kind)):
                    raise AskewError(f"{visible(str(path))} is neither a file nor a folder: remove it")
                moved = is_ours and path == self._folder / _MAY_BE_ELSEWHERE
                if S_ISLNK(kind) and not moved and not _leads_into(path, home):
                    raise AskewError(
                        f"{visible(str(path))} is a link to a place outside the folder, so nothing is read or written "
                        "through it: replace it with a file or folder"
                    )

    @contextmanager
    def signing(self, trusted: bool) -> Iterator[None]:
        """Let `sign` sign files in this block, if the run is this user's and there is a key.

        Args:
            trusted: Whether the run was checked to be this user's.
        """
        if not can_sign():
            _warn(
                f"no key can be kept in {key_file()}, so runs are not signed, and Askew cannot tell those made here "
                "from others. XDG_CONFIG_HOME names another folder for it"
            )
        elif trusted or (self._covered() and self.is_ours):
            self._state = self._covered()
        try:
            yield
        finally:
            self._state = None

    def sign(self, name: str, content: bytes) -> None:
        """Sign a covered file that is written next; the signature stays valid if the process is killed before that.

        Nothing is done outside `signing`.

        Args:
            name: The name of the file.
            content: Its new content.
        """
        before = self._state
        if before is None or before.get(name) == (new := hashlib.sha256(content).hexdigest()):
            return
        self._state = {**before, name: new}
        self._write([sign(before), sign(self._state)])

    def vouch(self) -> None:
        """Sign the run as it is.

        Raises:
            NoKey: The user has no key, and none can be made.
        """
        self._write([sign(self._covered())])

    def _covered(self) -> dict[str, str]:
        """Return the digests of the covered files that exist; empty if there is no run."""
        return {name: digest(self._folder / name) for name in self._names if (self._folder / name).is_file()}

    def _signatures(self) -> list[Any]:
        try:
            found = read_object(file).get("signatures") if (file := self._folder / SIGNATURE).is_file() else []
        except AskewError:  # it is damaged
            return []
        return found if isinstance(found, list) else []

    def _write(self, signatures: list[str]) -> None:
        with whole_file(self._folder / SIGNATURE) as unfinished:
            unfinished.write_text(json.dumps({"signatures": signatures}, indent=2) + "\n", encoding="ascii")

    def _adopting(self) -> str:
        return f"askew adopt {shlex.quote(visible(str(self._folder)))}"


def _leads_into(link: Path, home: Path) -> bool:
    """Return whether a link ends in a folder; one that ends nowhere, or in itself, does not."""
    try:
        return link.resolve(strict=True).is_relative_to(home)
    except (OSError, RuntimeError):
        return False


@cache
def _warn(sentence: str) -> None:
    """Warn of something once."""
    print(f"warning: {sentence}", file=sys.stderr)
