"""Reads vectors of the residual stream through a model's own final norm and output head: the logit lens.

Shapes: N vectors, D width of the model, V words of the vocabulary.
"""

from operator import attrgetter
from typing import cast

import torch
from torch import Tensor, nn

from askew.base.errors import AskewError
from askew.models.inside.layers import unwrapped

# Where Llama and its relatives, GPT-2 and its relatives, and models of text and images keep their final norm.
_NORMS = (
    *("model.norm", "transformer.ln_f", "gpt_neox.final_layer_norm", "model.decoder.final_layer_norm"),
    *("transformer.norm_f", "backbone.norm_f", "model.language_model.norm", "language_model.model.norm"),
)


def tokens_of(model: nn.Module, vectors: Tensor) -> Tensor:
    """Return the probabilities of tokens that a model's final norm and head read in vectors, of shape N, V.

    Args:
        model: A causal model of Transformers, alone or in PEFT's or the engine's wrapper.
        vectors: Vectors of the residual stream, of shape N, D.

    Raises:
        AskewError: The model has no final norm or head under any known name.
    """
    bare = unwrapped(model)
    norm = next((found for name in _NORMS if (found := _at(bare, name)) is not None), None)
    head = cast(nn.Module | None, getattr(bare, "get_output_embeddings", lambda: None)())
    if norm is None or head is None:
        raise AskewError(
            f"{type(bare).__name__} has no final norm under any of the names {', '.join(_NORMS)}, or no output head, "
            "so no tokens can be read in its activations"
        )
    weight = next(head.parameters())
    with torch.inference_mode():
        logits = head(norm(vectors.to(weight.device, weight.dtype)))
    return torch.softmax(logits.float(), dim=-1).cpu()


def _at(model: nn.Module, name: str) -> nn.Module | None:
    try:
        return attrgetter(name)(model)
    except AttributeError:
        return None
