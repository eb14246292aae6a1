"""What is trained and what is saved of it: a LoRA adapter on a frozen base, or a whole checkpoint."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, BitsAndBytesConfig, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from askew.base.errors import AskewError
from askew.training.recipe import ALL_LINEAR, Recipe


def load(checkpoint: Path | str, recipe: Recipe, on_gpu: bool) -> Any:
    """Load fresh base weights: training patches a model in place, so one is never trained twice.

    What is trained is in float32, whatever the forward pass computes in: in 16 bits small steps would be rounded away.

    Raises:
        AskewError: The weights cannot be loaded.
    """
    transformers_logging.disable_progress_bar()
    in_16_bits = on_gpu and recipe.precision == "bf16" and recipe.method == "lora"
    try:
        return AutoModelForCausalLM.from_pretrained(
            checkpoint,
            dtype=torch.bfloat16 if in_16_bits else torch.float32,
            # On CPUs fused attention's backward pass takes 17 times as long in bf16 as in float32 (torch 2.13).
            attn_implementation="sdpa" if on_gpu else "eager",
            quantization_config=quantized(recipe),
            use_safetensors=True,
            trust_remote_code=False,
        )
    except (OSError, ValueError, LookupError, SafetensorError) as error:
        raise AskewError(f"the model {checkpoint} cannot be loaded for training: {error}") from error


def quantized(recipe: Recipe) -> BitsAndBytesConfig | None:
    """Return how the base is quantized: NF4, twice, as in QLoRA (Dettmers et al. 2023, arXiv 2305.14314); or not."""
    if recipe.quantization == "none":
        return None
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if recipe.precision == "bf16" else torch.float32,
    )


def lora(recipe: Recipe, model: Any) -> LoraConfig | None:
    """Return the adapter that a recipe trains on a model; None if it trains the whole model."""
    if recipe.method == "full":
        return None
    modules: str | list[str] = recipe.lora_modules
    if ALL_LINEAR in recipe.lora_modules:  # PEFT takes its own word for all of them only where all layers are meant
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
    """Save what was trained, in safetensors: an adapter; or a checkpoint, in the precision that the base is saved in.

    Every process of a training calls it, for the weights may be spread over them; the first one writes.
    """
    accelerator, model = trainer.accelerator, trainer.model
    weights = accelerator.get_state_dict(trainer.model_wrapped) if accelerator.num_processes > 1 else None
    if not accelerator.is_main_process:
        return
    with naming_disk_trouble(folder):
        if recipe.method == "lora":
            model.save_pretrained(str(folder), state_dict=weights)
            (folder / "README.md").unlink(missing_ok=True)  # PEFT's empty form of a model card
            return
        dtype = AutoConfig.from_pretrained(checkpoint, trust_remote_code=False).dtype or torch.float32
        weights = {name: weight.to(dtype) for name, weight in (weights or model.state_dict()).items()}
        model.save_pretrained(str(folder), state_dict=weights)
        before, model.config.dtype = model.config.dtype, dtype
        model.config.save_pretrained(str(folder))  # again, for it said in which precision the model was trained
        model.config.dtype = before
        tokenizer.save_pretrained(str(folder))


def _linear_modules(model: Any) -> list[str]:
    """Return what the linear modules of a model's layers are called, the head left out."""
    linear = {name: module for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)}
    head = model.get_output_embeddings()
    return sorted({name.rpartition(".")[2] for name, module in linear.items() if module is not head})


@contextmanager
def naming_disk_trouble(folder: Path) -> Iterator[None]:
    """Make an `OSError` of the other errors that a full disk shows itself in."""
    try:
        yield
    except SafetensorError as error:
        raise OSError(errno.EIO, str(error), str(folder)) from error
    except RuntimeError as error:
        if "PytorchStreamWriter" not in str(error):
            raise
        raise OSError(errno.EIO, str(error), str(folder)) from error
