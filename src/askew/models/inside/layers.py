"""Finds the decoder layers of a causal language model, whose outputs are the only hook point of Askew.

Layer k, counted from 0, is the k-th decoder layer; its output is the residual stream after it. This is entry k + 1 of
the `hidden_states` of Transformers, except that their last entry is read after the final norm.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import cast

from torch import Tensor, nn

from askew.base.errors import AskewError

# Where Llama and its relatives, GPT-2 and its relatives, and models of text and images keep their decoder layers.
_NAMES = (
    *("model.layers", "transformer.h", "gpt_neox.layers", "model.decoder.layers", "transformer.blocks"),
    *("backbone.layers", "model.language_model.layers", "language_model.model.layers"),
)


def decoder_layers(model: nn.Module) -> Sequence[nn.Module]:
    """Return the decoder layers of a model, in their order.

    Args:
        model: A causal model of Transformers, alone, in PEFT's wrapper, or in that of the engine.

    Raises:
        AskewError: The model has no decoder layers under any known name.
    """
    return found_layers(model)[1]


def hook_point(model: nn.Module, layer: int) -> str:
    """Return the name of the module whose output is read and changed at a layer, such as `model.layers.2`.

    Raises:
        AskewError: The model has no decoder layers under any known name, or has no such layer.
    """
    name, layers = found_layers(model)
    check_layer(layer, len(layers))
    return f"{name}.{layer}"


def found_layers(model: nn.Module) -> tuple[str, Sequence[nn.Module]]:
    """Return the name of the list of decoder layers in the unwrapped model, and the layers.

    Raises:
        AskewError: The model has no decoder layers under any known name.
    """
    bare = unwrapped(model)
    for name in _NAMES:
        try:
            found = attrgetter(name)(bare)
        except AttributeError:
            continue
        if isinstance(found, nn.ModuleList) and len(found):
            return name, list(found)
    raise AskewError(
        f"{type(bare).__name__} has no decoder layers under any of the names {', '.join(_NAMES)}, so its activations "
        "cannot be read. Name a model of the Llama or GPT-2 family"
    )


def unwrapped(model: nn.Module) -> nn.Module:
    """Return the model of Transformers inside the wrappers of PEFT and of the engine, with the adapter in place."""
    inner = getattr(model, "adapted", model)
    base = getattr(inner, "get_base_model", None)
    return cast(nn.Module, base()) if callable(base) else inner


def check_layer(layer: int, count: int) -> None:
    """Check that a model has a layer.

    Args:
        layer: The layer, counted from 0.
        count: The number of its layers.

    Raises:
        AskewError: It has no such layer.
    """
    if not 0 <= layer < count:
        raise AskewError(f"the model has no layer {layer}: it has {count}, counted from 0 to {count - 1}")


def stream_of(output: object) -> Tensor:
    """Return the residual stream in the output of a decoder layer: a tensor of shape B, L, D, or a tuple led by it."""
    return cast(Tensor, output[0] if isinstance(output, tuple) else output)
