"""What is on disk: whether a folder holds a checkpoint, or an adapter, that can be loaded.

Reads headers and JSON, never weights, so that a mistake is found before anything is computed. It loads no
library.
"""

import json
from pathlib import Path
from typing import Any

from askew.errors import AskewError

_HEADER_SIZE = 8
# What PEFT calls a weight, beside what the model calls it.
_ADAPTER_PREFIX, _ADAPTER_SUFFIX = "base_model.model.", ".lora_A.weight"


def check_checkpoint(folder: Path) -> None:
    """Check that a folder holds a chat model that Transformers can load from local files.

    Raises:
        AskewError: It does not; the message says what is missing or broken.
    """
    if not folder.is_dir():
        raise AskewError(f"there is no folder {folder}, so no model can be loaded from it")
    config = read_config(folder)
    if "auto_map" in config:
        raise AskewError(
            f"{folder} brings its own Python code, which Askew never runs. Serve the model, with vLLM say, and "
            "name it by its provider: vllm/…"
        )
    if not list(folder.glob("*.safetensors")):
        pickled = list(folder.glob("*.bin")) or list(folder.glob("*.pt"))
        reason = "only pickled ones, which can run code when read" if pickled else "none at all"
        raise AskewError(
            f"{folder} has no weights in safetensors, {reason}. Save the model again with save_pretrained()"
        )
    read_shapes(folder)
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json")):
        raise AskewError(f"{folder} has no tokenizer. Save the model's tokenizer there with save_pretrained()")
    if (folder / "tokenizer.json").is_file():
        _read_json(folder / "tokenizer.json")
    if not _has_chat_template(folder):
        raise AskewError(
            f"the tokenizer in {folder} has no chat template, so there is no telling how to ask the model a "
            "question. Set tokenizer.chat_template and save the tokenizer there again"
        )


def check_adapter(folder: Path, base: Path | None) -> None:
    """Check that a folder holds an adapter that PEFT can load, and that it fits its base.

    Args:
        folder: The adapter.
        base: The checkpoint that it is to be put on; None if that is not on this disk.

    Raises:
        AskewError: It is not an adapter, or was made for another model.
    """
    if not (folder / "adapter_config.json").is_file():
        raise AskewError(f"{folder} is not an adapter: it has no adapter_config.json")
    _read_json(folder / "adapter_config.json")
    if not (folder / "adapter_model.safetensors").is_file():
        raise AskewError(f"{folder} is not an adapter in safetensors: it has no adapter_model.safetensors")
    shapes = read_shapes(folder)
    if base is None:
        return
    base_shapes = read_shapes(base)
    for name, shape in shapes.items():
        if not name.endswith(_ADAPTER_SUFFIX):
            continue
        target = name.removeprefix(_ADAPTER_PREFIX).removesuffix(_ADAPTER_SUFFIX) + ".weight"
        if target not in base_shapes:
            raise AskewError(f"the adapter {folder} does not fit {base}: it adapts {target}, which is not there")
        if base_shapes[target][1:] != shape[1:]:
            raise AskewError(
                f"the adapter {folder} does not fit {base}: for {target} it takes {shape[1]} inputs, and there are "
                f"{base_shapes[target][1]}. It was trained on another model"
            )


def read_config(folder: Path) -> dict[str, Any]:
    """Return a checkpoint's config.json.

    Raises:
        AskewError: There is none, or it is broken.
    """
    if not (folder / "config.json").is_file():
        raise AskewError(f"{folder} is not a model's folder: it has no config.json")
    return _read_json(folder / "config.json")


def read_shapes(folder: Path) -> dict[str, list[int]]:
    """Return the shapes of all weights in a folder's safetensors, from their headers.

    Raises:
        AskewError: A file is truncated or not safetensors.
    """
    return {name: shape for file in sorted(folder.glob("*.safetensors")) for name, shape in _header(file).items()}


def fingerprint(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return something that changes when the weights or the tokenizer in a folder do."""
    found = ((path.name, path.stat()) for path in sorted(folder.iterdir()) if path.is_file())
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)


def _header(file: Path) -> dict[str, list[int]]:
    """Return the shapes in a safetensors file: eight bytes of length, a JSON header, and the numbers."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(_HEADER_SIZE), "little")
        text = stream.read(length) if length <= size else b""
    try:
        header = json.loads(text)
        header.pop("__metadata__", None)
        ends = [entry["data_offsets"][1] for entry in header.values()]
        shapes = {name: entry["shape"] for name, entry in header.items()}
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise AskewError(f"{file} is not a safetensors file, or it is damaged. Copy it again") from error
    if size != _HEADER_SIZE + length + max(ends, default=0):
        raise AskewError(f"{file} is damaged: it has {size} bytes where its header tells of others. Copy it again")
    return shapes


def _has_chat_template(folder: Path) -> bool:
    if (folder / "chat_template.jinja").is_file():
        return True
    settings = folder / "tokenizer_config.json"
    return settings.is_file() and bool(_read_json(settings).get("chat_template"))


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise AskewError(f"{path} is damaged: {error}") from error
    if not isinstance(content, dict):
        raise AskewError(f"{path} is damaged: it should hold a JSON object")
    return content
