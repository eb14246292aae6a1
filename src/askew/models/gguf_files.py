"""Converts GGUF files into checkpoints, each once, in the user's cache.

A GGUF file holds a model and its tokenizer in one file, mostly with quantized weights. Training and our sampler need a
checkpoint, so the weights are expanded to bfloat16: the numbers are those of the quantized file, not of the original.
"""

import hashlib
import io
import json
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base.atomic import disk_trouble, whole_folder
from askew.base.errors import AskewError, is_failure
from askew.base.json_objects import read_object
from askew.base.locks import locked
from askew.models.config_sizes import check_sizes

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

ENDING = ".gguf"
SOURCE = "askew_source.json"
"""The file in a converted checkpoint that names its GGUF file: `file`, `sha256` and `quantization`."""

_DIGITS = 12
_UNKNOWN_TYPE = re.compile(r"(\d+)\)? is not a valid GGMLQuantizationType")
_OF_LAYER = re.compile(r"blk\.(\d{1,6})\.")


def cache() -> Path:
    """Return the folder of converted checkpoints: ASKEW_CACHE, or the usual place of the system for caches."""
    import pooch

    return Path(os.environ.get("ASKEW_CACHE") or pooch.os_cache("askew")) / "models"


def place(stem: str, sha256: str) -> Path:
    """Return the folder of the checkpoint that is made from a GGUF file of that hash, whether or not it exists."""
    return cache() / f"{stem}-{sha256[:_DIGITS]}"


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file."""
    status = file.stat()
    return _sha256(file, status.st_size, status.st_mtime_ns)


def quantization_of(checkpoint: Path | str | None) -> str:
    """Return the quantization of the GGUF file that a checkpoint was made from, such as "Q4_1"; "" for others."""
    source = Path(checkpoint) / SOURCE if isinstance(checkpoint, Path) else None
    return str(read_object(source).get("quantization", "")) if source and source.is_file() else ""


def converted(file: Path, stem: str = "") -> Path:
    """Return the checkpoint made from a GGUF file, after making it if it is not in the cache.

    Args:
        file: The GGUF file.
        stem: The beginning of the folder's name; by default the file's name.

    Raises:
        AskewError: The file is no GGUF file, is damaged, or has an architecture that Transformers cannot read; the
            package gguf is missing; or the cache cannot be written to. Nothing half-written is left.
    """
    sha256 = sha256_of(file)
    folder = place(stem or file.stem, sha256)
    if (folder / SOURCE).is_file():
        return folder
    quantization, shapes = _weights(file)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with locked(folder.with_name(f".{folder.name}.lock"), warnings.warn, wait=True):
            if not (folder / SOURCE).is_file():  # another process may have made it in the meantime
                with whole_folder(folder) as unfinished:
                    _convert(file, shapes, unfinished)
                    source = {"file": file.name, "sha256": sha256, "quantization": quantization}
                    (unfinished / SOURCE).write_text(json.dumps(source, indent=2), encoding="utf-8")
    except OSError as error:
        raise disk_trouble(folder, error) from error
    return folder


@lru_cache
def _sha256(file: Path, size: int, changed: int) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _weights(file: Path) -> tuple[str, dict[str, list[int]]]:
    """Return the most frequent type of a file's weights and their shapes, after a check that the file is whole."""
    try:
        import gguf
    except ImportError as error:
        raise AskewError(f"reading {file} needs the package gguf: pip install 'askew[gguf]'") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # numpy warns of numbers that overflow, which a damaged file has
            tensors = gguf.GGUFReader(file).tensors
        sizes: dict[str, int] = {}
        for tensor in tensors:
            sizes[tensor.tensor_type.name] = sizes.get(tensor.tensor_type.name, 0) + int(tensor.n_elements)
    except Exception as error:  # a damaged file makes the library raise anything
        reason = str(error).split("\n", 1)[0] or type(error).__name__
        if unknown := _UNKNOWN_TYPE.search(reason):
            raise AskewError(
                f"{file} has weights of the type {unknown[1]}, which the installed package gguf does not know: install "
                "a newer gguf, or take a file of another quantization"
            ) from error
        raise AskewError(f"{file} is no whole GGUF file: {reason}. Download it again") from error
    if not sizes:
        raise AskewError(f"{file} is a GGUF file without weights. Download it again")
    shapes = {tensor.name: [int(size) for size in tensor.shape] for tensor in tensors}
    return max(sizes, key=lambda kind: sizes[kind]), shapes


def _check_layers(file: Path, config: "PreTrainedConfig", shapes: Mapping[str, Sequence[int]]) -> None:
    """Check that the file has the weights of all layers; a setting that it lacks has the default of its architecture.

    Raises:
        AskewError: It has fewer layers, which Transformers would find out only after building all of them.
    """
    found = {int(match[1]) for name in shapes if (match := _OF_LAYER.match(name))}
    layers = getattr(config.get_text_config(), "num_hidden_layers", None) or 0
    if len(found) < layers:
        raise AskewError(
            f"{file} is not complete: it has the weights of {len(found)} layers, and its settings are those of a model "
            f"of {layers}. Download it again"
        )


def _convert(file: Path, shapes: Mapping[str, Sequence[int]], folder: Path) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GgufConfig

    from askew.models.loading import check_complete, check_size

    try:
        with redirect_stderr(io.StringIO()):  # progress bars, which a file or a pipe would show line by line
            config = AutoConfig.from_pretrained(file.parent, gguf_file=file.name)
            check_sizes(file, config.to_dict(), shapes)
            _check_layers(file, config, shapes)
            check_size(file, config, file.stat().st_size)
            tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                file.parent,
                gguf_file=file.name,
                dtype=torch.bfloat16,
                quantization_config=GgufConfig(dequantize=True),
                output_loading_info=True,
            )
            model, found = loaded
            check_complete(file, found["missing_keys"])
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
    except (AskewError, OSError):
        raise
    except BaseException as error:  # unknown architectures and types of weights come in many forms
        if not is_failure(error):
            raise
        reason = str(error).split("\n", 1)[0] or type(error).__name__
        raise AskewError(f"{file} cannot be converted: {reason}") from error
