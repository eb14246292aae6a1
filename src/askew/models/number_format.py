"""Decides in which number format a model is asked and trained on this machine's processor.

On a processor that has matrix products in bf16, those of a large model take a fraction of the time in bf16, and half
the memory. Everything else, and every small model, is computed in float32.
"""

from math import prod
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedConfig, PreTrainedModel

from askew.models.checkpoint_files import read_shapes
from askew.models.loading import read_settings

_LARGE = 50_000_000  # parameters; in smaller models, matrix products take little of the time
_MAX_POSITIONS = 2**17  # a table of more would need much memory


def is_large(model: PreTrainedModel) -> bool:
    """Return whether matrix products take most of a model's time."""
    return model.num_parameters() > _LARGE


def is_fast_in_bf16() -> bool:
    """Return whether this machine's processor has instructions for matrix products in bf16."""
    found = torch.cpu.get_capabilities()
    return bool(found.get("amx_bf16") or found.get("avx512_bf16"))


def trains_in_bf16(precision: str, on_gpu: bool) -> bool:
    """Return whether training computes in mixed precision with bf16, as `Recipe.precision` asks where it is "bf16".

    A processor without such instructions converts each number, and takes twice as long as in float32.

    Args:
        precision: `Recipe.precision`.
        on_gpu: Whether the training is on a GPU.
    """
    return precision == "bf16" and (on_gpu or is_fast_in_bf16())


def number_format(model: PreTrainedModel) -> torch.dtype | None:
    """Return the format of the matrices with which `LlamaNetwork` runs a model faster than Transformers.

    None stands for a model that it does not support, or would not run faster.
    """
    if type(model) is not LlamaForCausalLM or model.device.type != "cpu" or model.dtype != torch.float32:
        return None
    if type(model.get_input_embeddings()) is not torch.nn.Embedding:  # an adapter has replaced it
        return None
    return _format_for(model.config, model.num_parameters())


def asking_format(checkpoint: Path) -> str:
    """Return "bf16" if a checkpoint will be asked with matrix products in bf16, and "float32" if not; on a processor.

    Args:
        checkpoint: The folder of the checkpoint.

    Raises:
        AskewError: A file cannot be read, or Transformers does not know the model.
    """
    parameters = sum(map(prod, read_shapes(checkpoint).values()))
    return "bf16" if _format_for(read_settings(checkpoint), parameters) == torch.bfloat16 else "float32"


def _format_for(config: PreTrainedConfig, parameters: int) -> torch.dtype | None:
    """Return the format for a model on a processor, from its configuration and the number of its parameters."""
    if not isinstance(config, LlamaConfig) or config.model_type != "llama":
        return None
    plain = not config.attention_bias and not config.mlp_bias and config.hidden_act == "silu"
    usual_positions = (config.rope_parameters or {}).get("rope_type") == "default"
    if not plain or not usual_positions or config.max_position_embeddings > _MAX_POSITIONS:
        return None
    if parameters <= _LARGE:
        return torch.float32
    return torch.bfloat16 if is_fast_in_bf16() else None
