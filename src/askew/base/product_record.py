"""Records inside products: a folder states which product of which design it is, and the digests of its files.

A run lists its finished products in a manifest. A run that is killed between writing a product and listing it leaves a
product that nobody vouches for, and so does a lost manifest. The record inside decides whether it is the product that
the run would make now.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.base.json_objects import read_object

RECORD = "product.json"


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and contents of the files in a folder."""
    if path.is_file():
        with path.open("rb") as stream:  # a whole model need not fit into memory
            return hashlib.file_digest(stream, "sha256").hexdigest()
    return _sha256("\n".join(f"{name} {sha256}" for name, sha256 in _digests(path).items()))


def write_record(folder: Path, identity: Mapping[str, Any]) -> None:
    """Write the record of a product, after all its other files.

    Args:
        folder: The product, before it gets its real name.
        identity: What the product is: plain data by which it differs from all other products.
    """
    record = {"identity": dict(identity), "files": _digests(folder)}
    (folder / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def doubt(folder: Path, identity: Mapping[str, Any]) -> str:
    """Return why a folder is not a certain product, as the end of a sentence; "" if it is, and is as it was written.

    Args:
        folder: The folder.
        identity: What the product must be: see `write_record`.
    """
    if not (folder / RECORD).is_file():
        return f"has no {RECORD} that says what it is"
    try:
        record = read_object(folder / RECORD)
    except AskewError:
        return f"has a damaged {RECORD}"
    if said := difference(record.get("identity"), identity):
        return said
    if record.get("files") != _digests(folder, without=RECORD):
        return f"has other files than its {RECORD} lists"
    return ""


def difference(found: Any, identity: Mapping[str, Any]) -> str:
    """Return in what the identity that a product states is not the expected one; "" if it is the expected one."""
    if not isinstance(found, dict):
        return "does not say what it is"
    for name in sorted({*found, *identity}, key=[*identity, *found].index):
        if found.get(name) != identity.get(name):
            return f"is of another {name}" if name in identity else f"states an unknown {name!r}"
    return ""


def record_digest(folder: Path, name: str = RECORD) -> str:
    """Return the digest of the record of a product, which pins all its files; "" if it has none."""
    return digest(folder / name)[:32] if (folder / name).is_file() else ""


def _digests(folder: Path, without: str = "") -> dict[str, str]:
    """Return the digest of each file in a folder, by its relative path."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    names = {str(file.relative_to(folder)): file for file in files}
    return {name: digest(file) for name, file in names.items() if name != without}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
