"""Identifies local models by the content of their files."""

import hashlib
from pathlib import Path

from askew.models.names import PROVIDER, ModelSpec


def content_hash(spec: ModelSpec) -> str:
    """Return the hash of a model's weights, tokenizer and adapter; "" for a model without files on this disk."""
    if not isinstance(spec.checkpoint, Path):
        return ""
    return folder_hash(*(folder for folder in (spec.checkpoint, spec.adapter) if folder))


def folder_hash(*folders: Path) -> str:
    """Return the hash of the names and contents of all files in some folders, without those in folders within."""
    files = [file for folder in folders for file in sorted(folder.iterdir()) if file.is_file()]
    total = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            total.update(file.name.encode() + hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()


def content_if_placed(spec: ModelSpec) -> str:
    """Return the content hash of a model that is named by the folders in which it lies; "" for one with a name."""
    parts = spec.inspect_name.removeprefix(f"{PROVIDER}/").split("+")
    return content_hash(spec) if spec.is_local and any(part.startswith("/") for part in parts) else ""
