"""Reports what a node of a cluster has of the needs of a run: releases, the shared folder, files, keys, room on disks.

Each node looks for itself, before any work is done. No model is loaded, and no library of models is imported.
"""

import hashlib
import platform
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.base.signatures import can_sign, sign

PROOF = ".on-all-nodes"
"""The file in the run's folder by which nodes show that they see the same folder."""

_PACKAGES = ("askew", "ray", "torch", "transformers", "tokenizers", "peft", "trl", "accelerate", "inspect-ai")
_FAST_IN_BF16 = ("amx_bf16", "avx512_bf16")


@dataclass(frozen=True)
class Wanted:
    """The needs of a run on each node.

    Attributes:
        folder: The run's folder.
        proof: The content of `PROOF`.
        start: The folder in which the command was given, to which relative names belong.
        files: The files and folders that the work reads, by their paths, each in words.
        served: The served models that are asked.
    """

    folder: str
    proof: str
    start: str
    files: Mapping[str, str] = field(default_factory=dict)
    served: Sequence[str] = ()


@dataclass(frozen=True)
class Report:
    """The part of it that a node has.

    Attributes:
        releases: The releases of Python and of the libraries on which answers depend; "" for one that is missing.
        code: A digest of the modules of Askew.
        key: The signature of the proof by the user's key; "" without a key.
        proof: What `PROOF` holds there; "" if the folder or the file is not there.
        wrote: The name of a file that the node wrote into the run's folder; "" if it could not.
        trouble: The reason why it could not write.
        has_start: Whether the folder exists in which the command was given.
        sizes: The bytes of each wanted file or folder, by its path; -1 for one that is missing or empty.
        room: The free bytes of its disks, by folder.
        is_fast_in_bf16: Whether its processor has matrix products in bf16; large models are then asked in bf16.
        unasked: The reason why a served model cannot be asked from there, by its name.
    """

    releases: dict[str, str]
    code: str
    key: str
    proof: str
    wrote: str
    trouble: str
    has_start: bool
    sizes: dict[str, int]
    room: dict[str, int]
    is_fast_in_bf16: bool
    unasked: dict[str, str]


def report(wanted: Wanted) -> Report:
    """Return what this machine has of what a run needs."""
    folder = Path(wanted.folder)
    proof = _read(folder / PROOF)
    wrote, trouble = _write(folder, wanted.proof) if proof else ("", "")
    rooms = [place for place in (folder, Path(tempfile.gettempdir())) if place.is_dir()]
    return Report(
        releases={"python": platform.python_version(), **{name: _release(name) for name in _PACKAGES}},
        code=_code(),
        key=sign(wanted.proof) if can_sign() else "",
        proof=proof,
        wrote=wrote,
        trouble=trouble,
        has_start=Path(wanted.start).is_dir(),
        sizes={path: _size(Path(path)) for path in wanted.files},
        room={str(place): shutil.disk_usage(place).free for place in rooms},
        is_fast_in_bf16=_is_fast_in_bf16(),
        unasked=dict(_unasked(wanted.served)),
    )


def _release(name: str) -> str:
    """Return the public release of a package, without the build; "" if it is not installed."""
    try:
        return version(name).partition("+")[0]
    except PackageNotFoundError:
        return ""


@cache
def _code() -> str:
    """Return a digest of the modules of Askew that this process imports."""
    root, found = Path(__file__).parents[2], hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        found.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


def _write(folder: Path, content: str) -> tuple[str, str]:
    """Write a file into a folder, and return its name, and the reason if it cannot be written."""
    name = f"{PROOF}-{secrets.token_hex(8)}"
    try:
        (folder / name).write_text(content, encoding="ascii")
    except OSError as error:
        return "", error.strerror or str(error)
    return name, ""


def _size(path: Path) -> int:
    try:
        files = [path] if path.is_file() else [file for file in path.iterdir() if file.is_file()]
        return sum(file.stat().st_size for file in files) if files else -1
    except OSError:
        return -1


def _is_fast_in_bf16() -> bool:
    """Return whether the processor has matrix products in bf16, without importing torch."""
    flags = next((line for line in _lines(Path("/proc/cpuinfo")) if line.startswith("flags")), "").split()
    return any(name in flags for name in _FAST_IN_BF16)


def _lines(file: Path) -> Iterator[str]:
    try:
        yield from file.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return


def _unasked(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        from askew.models.remote.provider_errors import check_can_be_asked

        try:
            check_can_be_asked(name)
        except AskewError as error:
            yield name, str(error)


def as_wanted(plain: Mapping[str, Any]) -> Wanted:
    """Return what `dataclasses.asdict` made of a `Wanted`."""
    return Wanted(**plain)
