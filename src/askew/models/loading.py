"""Loads weights with Transformers, and turns what libraries say about a malformed file into one clear error."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel
from transformers.utils import logging as transformers_logging

from askew.base.errors import AskewError
from askew.models.checkpoint_files import WEIGHTS, cached_folder, places, refusing
from askew.models.hub_files import hub_weights

# Weights quantized to one bit have 8 numbers in a byte. Up to 2**26 numbers, 256 MB, no harm is done.
_MOST_PER_BYTE, _ALWAYS_ALLOWED = 8, 2**26


def load_weights(checkpoint: Path | str, **options: Any) -> PreTrainedModel:
    """Return a model with the weights of a checkpoint.

    Args:
        checkpoint: The folder, also as a string, or a hub id.
        **options: Further options of `from_pretrained`, such as `dtype`.

    Raises:
        AskewError: The files cannot be read, or lack weights.
    """
    transformers_logging.disable_progress_bar()
    if isinstance(checkpoint, str) and Path(checkpoint).is_dir():
        checkpoint = Path(checkpoint)
    _check_declared(checkpoint)
    with _refusing_to_load(checkpoint):
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            checkpoint,
            local_files_only=isinstance(checkpoint, Path),
            use_safetensors=True,
            # Without it, Transformers may ask at the terminal whether to run the model's code.
            trust_remote_code=False,
            output_loading_info=True,
            **options,
        )
    model, found = loaded
    check_complete(checkpoint, found["missing_keys"])
    return model


def read_settings(checkpoint: Path | str) -> PreTrainedConfig:
    """Return the settings of a checkpoint.

    Args:
        checkpoint: The folder, or a hub id.

    Raises:
        AskewError: They cannot be read, or Transformers does not know a model of their type.
    """
    with _refusing_to_load(checkpoint):
        return AutoConfig.from_pretrained(
            checkpoint, local_files_only=isinstance(checkpoint, Path), trust_remote_code=False
        )


def check_complete(source: Path | str, missing: Iterable[str]) -> None:
    """Check that no weight of a model was missing; Transformers would fill it with random numbers.

    Raises:
        AskewError: One was.
    """
    if names := sorted(missing):
        raise AskewError(
            f"{source} is not complete: its files lack {names[0]}"
            f"{f' and {len(names) - 1} more weights' if len(names) > 1 else ''}. Copy or save the model again"
        )


def check_outputs(source: Path | str, logits: torch.Tensor) -> None:
    """Check that a model gives numbers, which it does not after a training that diverged.

    Args:
        source: Where its weights or those of its adapter are.
        logits: Logits of any tokens, of shape ..., V. Some models give -inf to tokens that they never write.

    Raises:
        AskewError: One is NaN or inf, or all are -inf.
    """
    if not logits.amax(-1).isfinite().all():
        raise AskewError(
            f"{source} gives no numbers: outputs of the model are NaN or infinite. If its training diverged, train it "
            "with a lower learning rate; if its files are damaged, copy them again; if its numbers overflow float16, "
            "save it in bf16"
        )


def check_size(source: Path | str, config: PreTrainedConfig, stored: int) -> None:
    """Check that a configuration describes no model that is far larger than its weights, before the model is built.

    Args:
        source: The checkpoint or file, for the error.
        config: Its configuration.
        stored: The bytes of its weights.

    Raises:
        AskewError: The model is far larger.
    """
    try:
        with torch.device("meta"):  # shapes without numbers
            model = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    except Exception:  # of any type; loading the weights fails for the same reason, and gives it
        return
    numbers = sum(part.numel() for part in chain(model.parameters(), model.buffers()))
    if numbers > max(_ALWAYS_ALLOWED, _MOST_PER_BYTE * stored):
        raise AskewError(
            f"{source} is damaged: its settings describe a model of {numbers:,} numbers, and its weights have "
            f"{stored:,} bytes. Copy or save the model again"
        )


def _check_declared(checkpoint: Path | str) -> None:
    """Check the size that the config.json of a checkpoint describes against its weights, also before a download."""
    folder = checkpoint if isinstance(checkpoint, Path) else cached_folder(checkpoint)
    if folder is None:
        return
    if isinstance(checkpoint, str) and not any(path.suffix in WEIGHTS for path in folder.iterdir()):
        found = hub_weights(checkpoint)
        if found is None:
            return
        stored = found.size
    else:
        stored = sum(place.size for place in places(folder).values())
    check_size(folder, read_settings(folder), stored)


def _refusing_to_load(checkpoint: Path | str) -> AbstractContextManager[None]:
    return refusing(f"the model {checkpoint} cannot be loaded", checkpoint)
