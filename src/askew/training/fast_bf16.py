"""Speeds up mixed precision on a processor, where converting numbers takes as long as half of the matrix products.

Autocast converts the frozen weights to bf16 in every forward pass, and the input of a norm's followers once for each of
them. Here both are converted once.
"""

from typing import Any

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn
from transformers import PreTrainedModel

from askew.models.number_format import is_large

_NORMS = ("Norm", "LayerNorm", "RMSNorm")


def prepare(model: Any) -> None:
    """Prepare a model that is trained under autocast in bf16, in place; without LoRA layers nothing is changed.

    The results are those of autocast, to the last bit, except for large models: the gradients of what their linear
    layers share as input are added up in bf16, as they are on a GPU.

    Args:
        model: A model of Transformers with LoRA layers of PEFT.
    """
    adapted: list[Any] = [module for module in model.modules() if isinstance(module, BaseTunerLayer)]
    if not adapted:
        return
    for layer in adapted:
        layer.cast_input_dtype_enabled = False  # it would convert inputs to float32, and autocast back again
    base: PreTrainedModel = model.get_base_model()
    head = base.get_output_embeddings()
    for module in base.modules():
        if type(module) is nn.Linear and module is not head and not module.weight.requires_grad:
            module.weight = nn.Parameter(module.weight.detach().to(torch.bfloat16), requires_grad=False)
    if is_large(base):
        for module in base.modules():
            if type(module).__name__.endswith(_NORMS):
                module.register_forward_hook(_in_bf16)


def _in_bf16(module: nn.Module, args: tuple[Any, ...], output: Tensor) -> Tensor:
    return output.to(torch.bfloat16)
