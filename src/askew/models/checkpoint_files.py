"""Checks the files of a checkpoint before it is loaded.

It reads only headers and JSON, and imports no large library, so mistakes are found early and quickly.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from askew.base import json_text
from askew.base.errors import AskewError, is_failure
from askew.base.json_objects import read_object
from askew.models.config_sizes import check_sizes

_HEADER_SIZE = 8
_LONGEST, _DEEPEST = 255, 8  # bytes of a file name, and folders above it
_PICKLED = (".bin", ".pt", ".pth")
# The endings of files with weights.
WEIGHTS = (".safetensors", *_PICKLED)


@dataclass(frozen=True)
class Place:
    """A weight's place on disk.

    Attributes:
        file: The safetensors file.
        kind: The type of the numbers, such as BF16.
        shape: The shape of the weight.
        start: The first byte in the file.
        size: The number of bytes.
    """

    file: Path
    kind: str
    shape: tuple[int, ...]
    start: int
    size: int


def check_checkpoint(folder: Path) -> None:
    """Check that a folder contains a model that Transformers can load; `check_chat_template` checks whether it chats.

    Raises:
        AskewError: A file is missing or broken.
    """
    if not folder.is_dir():
        raise AskewError(f"cannot load a model from {folder}: the folder does not exist")
    config = read_config(folder)
    check_code(folder)
    if not list(folder.glob("*.safetensors")):
        pickled = any(path.suffix in _PICKLED for path in folder.iterdir())
        reason = "only pickled ones, which can run code when read" if pickled else "none at all"
        raise AskewError(
            f"{folder} has no weights in safetensors, {reason}. Save the model again with save_pretrained()"
        )
    _check_shards(folder)
    check_sizes(folder / "config.json", config, read_shapes(folder))
    if not has_tokenizer(folder):
        raise AskewError(f"{folder} has no tokenizer. Save the model's tokenizer there with save_pretrained()")
    if (folder / "tokenizer.json").is_file():
        read_object(folder / "tokenizer.json")


def check_chat_template(folder: Path, adapter: Path | None = None) -> None:
    """Check that a checkpoint, or the adapter on it, has a chat template that Transformers uses without being asked.

    Raises:
        AskewError: There is none, or there are several and none of them is the default.
    """
    if adapter is not None and _has_chat_template(adapter):
        return
    if not _has_chat_template(folder):
        raise no_chat_template(folder)


def no_chat_template(checkpoint: Path | str) -> AskewError:
    """Return the error for a model without a chat template that can be used; it gives the reason."""
    folder = checkpoint if isinstance(checkpoint, Path) else cached_folder(checkpoint)
    several = _template_names(folder) if folder is not None else []
    if several:
        return AskewError(
            f"the tokenizer of {checkpoint} has several chat templates ({', '.join(several)}), and none of them is "
            "named default, so Askew cannot know which one formats questions to the model. Save one of them as "
            "chat_template.jinja in the model's folder"
        )
    if folder is not None and (folder / "chat_template.json").is_file():
        return AskewError(
            f"the tokenizer of {checkpoint} has no chat template of its own: it is in chat_template.json, which only "
            "processors of images read. Save the text in it as chat_template.jinja in the model's folder"
        )
    return AskewError(
        f"the tokenizer of {checkpoint} has no chat template, so Askew cannot format questions to the model. Set "
        "tokenizer.chat_template and save the tokenizer there again; or save a template as chat_template.jinja in the "
        "folder of an adapter on it"
    )


def has_tokenizer(folder: Path) -> bool:
    """Return whether a folder has the files of a tokenizer."""
    return any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json"))


def is_downloaded(folder: Path) -> bool:
    """Return whether the folder of a hub model in the cache has its weights and its tokenizer."""
    return has_tokenizer(folder) and any(path.suffix in WEIGHTS for path in folder.iterdir())


def cached_folder(hub_id: str) -> Path | None:
    """Return the folder of a hub model's files in the cache; None if they are not there."""
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(hub_id, "config.json")
    return Path(config).parent if isinstance(config, str) else None


def check_code(folder: Path) -> None:
    """Check that neither the model nor the tokenizer of a checkpoint needs its own Python code.

    Raises:
        AskewError: One of them does.
    """
    for name in ("config.json", "tokenizer_config.json"):
        if (folder / name).is_file() and "auto_map" in read_object(folder / name):
            raise own_code_error(folder)


@contextmanager
def refusing(problem: str, source: Path | str) -> Iterator[None]:
    """Turn errors in this block into one that begins with the problem.

    Args:
        problem: A clause such as "the model ./x cannot be loaded".
        source: The checkpoint or adapter, for the error if it needs its own code.

    Raises:
        AskewError: Anything went wrong.
    """
    try:
        yield
    except AskewError:
        raise
    except BaseException as error:  # Transformers, PEFT and the parsers below them raise errors of any type
        if not is_failure(error):
            raise
        if "trust_remote_code" in str(error):
            raise own_code_error(source) from error
        raise AskewError(f"{problem}: {error}") from error


def own_code_error(checkpoint: Path | str) -> AskewError:
    """Return the error for a checkpoint with its own Python code."""
    return AskewError(
        f"{checkpoint} contains its own Python code, which Askew never runs. If Transformers now supports the "
        "architecture, load the model with the classes of Transformers and save it again with save_pretrained(). "
        "Otherwise serve the model, for example with vLLM, and name it by its provider: vllm/…"
    )


def read_config(folder: Path) -> dict[str, Any]:
    """Return a checkpoint's config.json.

    Raises:
        AskewError: The file is missing or broken.
    """
    if not (folder / "config.json").is_file():
        if (folder / "adapter_config.json").is_file():
            raise AskewError(f"{folder} is an adapter and no model by itself: name its base too, BASE+{folder}")
        raise AskewError(f"{folder} is not the folder of a model: it has no config.json")
    return read_object(folder / "config.json")


def read_shapes(folder: Path) -> dict[str, list[int]]:
    """Return the shapes of all weights in the safetensors files of a folder, by name.

    Only the headers are read.

    Raises:
        AskewError: A file is truncated, or not a safetensors file.
    """
    return {name: list(place.shape) for name, place in places(folder).items()}


def places(folder: Path) -> dict[str, Place]:
    """Return the places of all weights in the safetensors files of a folder, by name.

    Raises:
        AskewError: A file is truncated, or not a safetensors file.
    """
    return {name: place for file in sorted(folder.glob("*.safetensors")) for name, place in _header(file).items()}


def fingerprint(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return the names, sizes and modification times of the files in a folder, to notice changes."""
    found = ((path.name, path.stat()) for path in sorted(folder.iterdir()) if path.is_file())
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)


def _header(file: Path) -> dict[str, Place]:
    """Return the places in a safetensors file: eight bytes with the header's length, a JSON header, and the data."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="np"):  # the library checks shapes, types, offsets, gaps and overlaps
            pass
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(_HEADER_SIZE), "little")
            header = json_text.parse(stream.read(length))
    except (SafetensorError, ValueError) as error:
        raise AskewError(f"{file} is not a safetensors file, or it is damaged ({error}). Copy it again") from error
    except OSError as error:
        raise AskewError(f"{file} cannot be read: {error.strerror or error}") from error
    header.pop("__metadata__", None)
    return {name: _place(file, _HEADER_SIZE + length, entry) for name, entry in header.items()}


def _place(file: Path, data: int, entry: dict[str, Any]) -> Place:
    """Return the place of a weight from its entry in the header; `data` is the first byte after the header."""
    begin, end = entry["data_offsets"]
    return Place(file, entry["dtype"], tuple(entry["shape"]), data + begin, end - begin)


def _check_shards(folder: Path) -> None:
    """Check that no shard of the weights is missing."""
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return
    spread = read_object(index).get("weight_map")
    if not isinstance(spread, dict):
        raise AskewError(f"{index} is damaged: it has no weight_map")
    if wrong := [name for name in spread.values() if not _is_file_name(name)]:
        raise AskewError(f"{index} is damaged: it names {str(wrong[0])[:60]!r} as a file of weights. Copy it again")
    files = set(spread.values())
    if missing := sorted(name for name in files if not (folder / name).is_file()):
        raise AskewError(f"{folder} is not complete: {missing[0]} is missing, one of {len(files)} files. Copy it again")


def _is_file_name(name: object) -> bool:
    """Return whether a value can be the name of a file below the folder that names it."""
    if not isinstance(name, str) or not name or "\0" in name or Path(name).is_absolute():
        return False
    parts = Path(name).parts
    return ".." not in parts and len(parts) < _DEEPEST and all(len(os.fsencode(part)) <= _LONGEST for part in parts)


def _has_chat_template(folder: Path) -> bool:
    """Return whether a folder has a chat template that Transformers uses without being asked."""
    if (folder / "chat_template.jinja").is_file():
        return True
    template = _template_setting(folder)
    return "default" in _template_names(folder) if isinstance(template, list) else bool(template)


def _template_names(folder: Path) -> list[str]:
    """Return the names of a tokenizer's chat templates; empty if it has no named ones."""
    template = _template_setting(folder)
    listed = template if isinstance(template, list) else []
    named = {str(one["name"]) for one in listed if isinstance(one, dict) and "name" in one}
    return sorted(named | {file.stem for file in (folder / "additional_chat_templates").glob("*.jinja")})


def _template_setting(folder: Path) -> Any:
    settings = folder / "tokenizer_config.json"
    return read_object(settings).get("chat_template") if settings.is_file() else None
