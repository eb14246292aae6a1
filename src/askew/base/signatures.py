"""Signatures of this user: they tell what Askew made here from what came from somebody else.

A signature is an HMAC-SHA256 with a key of 32 random bytes, which is made once in the user's configuration folder
(`askew/key` in `$XDG_CONFIG_HOME`, or in `~/.config`) and can be read by the user only. It covers contents and names,
not places, so it stays valid when something is moved.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from askew.base.atomic import flush, make_folder, whole_file
from askew.base.errors import AskewError
from askew.base.product_record import digest

_BYTES = 32


class NoKey(AskewError):
    """The user has no key, and none can be made."""


def key_file() -> Path:
    """Return the path of the user's key."""
    configured = os.environ.get("XDG_CONFIG_HOME", "")
    folder = Path(configured) if os.path.isabs(configured) else Path("~/.config").expanduser()
    return folder / "askew" / "key"


def can_sign() -> bool:
    """Return whether the user has a key; it is made if it is missing."""
    try:
        _key()
    except NoKey:
        return False
    return True


def sign(content: Any) -> str:
    """Return the signature of plain data.

    Raises:
        NoKey: There is no key, and none can be made.
    """
    message = json.dumps(content, sort_keys=True).encode()
    return hmac.new(_key(), message, hashlib.sha256).hexdigest()


def is_signed(content: Any, signature: object) -> bool:
    """Return whether a signature of plain data is this user's.

    Raises:
        NoKey: There is no key, and none can be made.
    """
    return isinstance(signature, str) and hmac.compare_digest(sign(content).encode(), signature.encode())


def sign_product(written: Path, path: Path) -> None:
    """Sign a file or folder before it gets its real name; without a key, do nothing.

    Args:
        written: The file or folder, complete.
        path: Its real name. The signature lies beside it, in a hidden file.
    """
    if can_sign():
        with whole_file(_signature_file(path)) as unfinished:
            unfinished.write_text(sign(_product(written, path)) + "\n", encoding="ascii")


def is_signed_product(path: Path) -> bool:
    """Return whether this user's Askew wrote a file or folder under its name, and it is unchanged; True without a key.

    See `sign_product`.
    """
    if not can_sign():
        return True
    try:
        signature = _signature_file(path).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return False
    return is_signed(_product(path, path), signature)


def _product(content: Path, path: Path) -> Mapping[str, str]:
    return {"name": path.name, "sha256": digest(content)}


def _signature_file(path: Path) -> Path:
    return path.with_name(f".{path.name}.signature")


def _key() -> bytes:
    """Return the user's key, after making it if it is missing.

    Raises:
        NoKey: It cannot be read or made, or is damaged.
    """
    file = key_file()
    try:
        if not file.exists():
            _make_key(file)
        key = file.read_bytes()
    except (OSError, RuntimeError) as error:  # a RuntimeError if the user has no home
        raise NoKey(f"cannot keep a key in {file}: {getattr(error, 'strerror', None) or error}") from error
    if len(key) != _BYTES:
        raise NoKey(f"{file} is damaged: it has {len(key)} bytes instead of {_BYTES}. Delete it")
    return key


def _make_key(file: Path) -> None:
    """Write a new key, which only the user can read, unless another process is faster."""
    make_folder(file.parent)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}-{secrets.token_hex(4)}")
    opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "wb") as stream:
            stream.write(secrets.token_bytes(_BYTES))
        flush(unfinished)
        os.link(unfinished, file)  # unlike a rename, it keeps a key that another process has just made
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
