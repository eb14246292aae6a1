"""Loads the base for training, and saves the result: a LoRA adapter, or a whole checkpoint."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from safetensors import SafetensorError
from transformers import BitsAndBytesConfig, PreTrainedTokenizerBase

from askew.models.loading import load_weights, read_settings
from askew.training.recipe import ALL_LINEAR, Recipe


def load(checkpoint: Path | str, recipe: Recipe, on_gpu: bool) -> Any:
    """Load fresh base weights, because training modifies a model in place.

    Trained weights are in float32 whatever the precision of the forward pass: in 16 bits, small steps would be lost to
    rounding.

    Raises:
        AskewError: The weights cannot be loaded.
    """
    in_16_bits = on_gpu and recipe.precision == "bf16" and recipe.method == "lora"
    return load_weights(
        checkpoint,
        dtype=torch.bfloat16 if in_16_bits else torch.float32,
        # On CPUs fused attention's backward pass takes 17 times as long in bf16 as in float32 (torch 2.13).
        attn_implementation="sdpa" if on_gpu else "eager",
        quantization_config=quantized(recipe),
    )


def quantized(recipe: Recipe) -> BitsAndBytesConfig | None:
    """Return the quantization of the base: NF4 with double quantization (QLoRA, arXiv 2305.14314), or None."""
    if recipe.quantization == "none":
        return None
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if recipe.precision == "bf16" else torch.float32,
    )


def lora(recipe: Recipe, model: Any) -> LoraConfig | None:
    """Return the configuration of the adapter to train; None if the recipe trains the whole model."""
    if recipe.method == "full":
        return None
    modules: str | list[str] = recipe.lora_modules
    if ALL_LINEAR in recipe.lora_modules:  # PEFT accepts its own keyword only if all layers are meant
        modules = ALL_LINEAR if recipe.lora_layers is None else _linear_modules(model)
    return LoraConfig(
        r=recipe.lora_rank,
        lora_alpha=recipe.lora_alpha,
        lora_dropout=recipe.lora_dropout,
        use_rslora=recipe.rslora,
        target_modules=modules,
        layers_to_transform=recipe.lora_layers,
        task_type="CAUSAL_LM",
    )


def save(
    trainer: Any, recipe: Recipe, checkpoint: Path | str, tokenizer: PreTrainedTokenizerBase, folder: Path
) -> None:
    """Save the adapter, or the checkpoint in the precision of the base, as safetensors.

    Every process of a distributed training must call this, because each may hold a part of the weights; only the main
    process writes.

    Raises:
        OSError: The disk is full or read-only.
    """
    accelerator, model = trainer.accelerator, trainer.model
    weights = accelerator.get_state_dict(trainer.model_wrapped) if accelerator.num_processes > 1 else None
    if not accelerator.is_main_process:
        return
    with disk_errors_as_oserror(folder):
        if recipe.method == "lora":
            model.save_pretrained(str(folder), state_dict=weights)
            (folder / "README.md").unlink(missing_ok=True)  # PEFT's unfilled template of a model card
            return
        dtype = read_settings(checkpoint).dtype or torch.float32
        weights = {name: weight.to(dtype) for name, weight in (weights or model.state_dict()).items()}
        model.save_pretrained(str(folder), state_dict=weights)
        before, model.config.dtype = model.config.dtype, dtype
        model.config.save_pretrained(str(folder))  # again, because it named the precision of training
        model.config.dtype = before
        tokenizer.save_pretrained(str(folder))


def _linear_modules(model: Any) -> list[str]:
    """Return the names of the linear modules in a model's layers, without the output head."""
    linear = {name: module for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)}
    head = model.get_output_embeddings()
    return sorted({name.rpartition(".")[2] for name, module in linear.items() if module is not head})


@contextmanager
def disk_errors_as_oserror(folder: Path) -> Iterator[None]:
    """Convert other errors that a full disk causes to `OSError`.

    Raises:
        OSError: Safetensors or torch could not write a file in `folder`.
    """
    try:
        yield
    except SafetensorError as error:
        raise OSError(errno.EIO, str(error), str(folder)) from error
    except RuntimeError as error:
        if "PytorchStreamWriter" not in str(error):
            raise
        raise OSError(errno.EIO, str(error), str(folder)) from error
