"""The products of a run's folder: which of them are finished, and whether they are as they were written.

The manifest lists every finished product, a file or a folder, with its hash and a digest of what it was made of.
"""

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from askew.base.atomic import write_whole
from askew.base.csv_cells import escaped
from askew.base.errors import AskewError
from askew.base.json_objects import read_object
from askew.base.product_record import digest
from askew.base.signatures import is_signed_product
from askew.base.untrusted import could_be_path, visible
from askew.runs.ownership import Ownership
from askew.runs.set_aside import set_aside

if TYPE_CHECKING:
    import pandas as pd

MANIFEST = "manifest.json"


class Products:
    """The products of a folder.

    Args:
        path: The folder; it need not exist yet.
        ownership: Whose folder it is.

    Raises:
        AskewError: The manifest is damaged, or names a file outside the folder.
    """

    def __init__(self, path: Path, ownership: Ownership) -> None:
        self.path = path
        self.ownership = ownership
        self._doubted: list[str] = []
        self.read_manifest()

    def __truediv__(self, name: str) -> Path:
        """Return the path of a product."""
        return self.path / name

    def read_manifest(self) -> None:
        """Read which products are finished.

        Raises:
            AskewError: The manifest is damaged, or names a file outside the folder.
        """
        manifest = read_object(self / MANIFEST) if (self / MANIFEST).is_file() else {}
        if not all(isinstance(noted, dict) and {"sha256", "made_of"} <= noted.keys() for noted in manifest.values()):
            raise AskewError(f"{self / MANIFEST} is damaged: restore it, or delete the folder and run again")
        if outside := next((name for name in manifest if not _is_inside(name)), None):
            raise AskewError(
                f"{self / MANIFEST} names {visible(outside)}, outside the folder: no run of Askew does that"
            )
        self._manifest: dict[str, dict[str, str]] = manifest

    def write_bytes(self, name: str, content: bytes) -> None:
        """Write a product atomically."""
        write_whole(self / name, content)

    def write_json(self, name: str, content: Any) -> None:
        """Write JSON data atomically."""
        self.write_bytes(name, as_json(content))

    def write_table(self, name: str, table: "pd.DataFrame") -> None:
        """Write a table with any columns, in CSV or Parquet by its name, atomically; no cell of a CSV is a formula."""
        if name.endswith(".csv"):
            self.write_bytes(name, table.map(escaped).to_csv(index=False).encode())
        else:
            buffer = io.BytesIO()
            table.to_parquet(buffer, index=False)
            self.write_bytes(name, buffer.getvalue())

    def finish_table(self, name: str, table: "pd.DataFrame", made_of: str = "") -> None:
        """Write a table (see `write_table`), and record it as finished (see `finish`)."""
        self.write_table(name, table)
        self.finish(name, made_of)

    def finish(self, name: str, made_of: str = "") -> None:
        """Record a product as finished.

        Args:
            name: The product, a file or a folder, relative to this one.
            made_of: A digest of what it was made of, where that can change: see `is_finished`.
        """
        self._manifest[name] = {"sha256": digest(self / name), "made_of": made_of}
        self.ownership.sign(MANIFEST, as_json(self._manifest))
        self.write_json(MANIFEST, self._manifest)

    def is_finished(self, name: str, made_of: str = "") -> bool:
        """Return whether a product is finished and was made from the same sources.

        A product that the manifest does not list is not finished; see `adopt`.

        Raises:
            AskewError: It is not as it was written.
        """
        noted = self._manifest.get(name)
        return noted is not None and (self / name).exists() and noted["made_of"] == made_of and self.check(name)

    def adopt(self, name: str, doubt: Callable[[Path], str], made_anew: bool = False) -> bool:
        """Take a product that the manifest does not list, if it is what the run would make; set it aside if not.

        Such a product was finished just before a run was killed, or was put there by somebody.

        Args:
            name: The product.
            doubt: Returns why a path is not this product, as the end of a sentence; "" if it is.
            made_anew: Whether `doubt` compares it with what the run makes now, so that it needs no signature.

        Returns:
            Whether it is finished now.
        """
        if name in self._manifest or not (self / name).exists():
            return False
        reason = doubt(self / name)
        if not reason and not made_anew and not is_signed_product(self / name):
            reason = "was not made here"
        if reason:
            place = set_aside(self.path, name)
            self._doubted.append(
                f"{name} is not in the manifest and {reason}: it is made again, and what was there is in {place}"
            )
            return False
        self.finish(name)
        return True

    def take_doubted(self) -> list[str]:
        """Return a line for the user about each product that was set aside since the last call."""
        lines, self._doubted = self._doubted, []
        return lines

    def check(self, name: str) -> bool:
        """Return True if a product is as it was written.

        Raises:
            AskewError: It was changed or damaged since.
        """
        noted = self._manifest.get(name)
        if noted is None:
            raise AskewError(f"{self / name} is not a finished product of this run: finish the run first")
        if not (self / name).exists():
            raise AskewError(f"{self / name} is missing: repeat the command that made the run")
        if digest(self / name) != noted["sha256"]:
            raise AskewError(
                f"{self / name} was changed or damaged after the run wrote it. Delete it, then repeat the command "
                "that made the run"
            )
        return True

    def made_of(self, *names: str) -> str:
        """Return a digest of finished products, as the `made_of` of products that are made from them."""
        return sha256("\n".join(self._manifest[name]["sha256"] for name in sorted(names)).encode())[:16]

    def hashes(self) -> dict[str, str]:
        """Return the hash of every finished product, by its name."""
        return {name: noted["sha256"] for name, noted in self._manifest.items()}


def _is_inside(name: str) -> bool:
    return could_be_path(name) and not PurePath(name).is_absolute() and ".." not in PurePath(name).parts


def as_json(content: Any) -> bytes:
    """Return data as JSON for people and programs, in UTF-8."""
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
