"""Context managers that read and change the output of decoder layers by forward hooks, and always remove them.

A change runs before every other hook of its layer. So the order of registration doesn't matter: what reads the layer
sees the change, also the hooks that Transformers installs for `output_hidden_states`.

Shapes: B rows, L tokens, D width of the model.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from askew.base.errors import AskewError
from askew.models.inside.layers import check_layer, decoder_layers, stream_of

Change = Callable[[Tensor], Tensor]
"""Returns the new residual stream for the old one, both of shape B, L, D. It treats every position alike."""


@contextmanager
def capture(
    model: nn.Module, layers: Sequence[int], read: Callable[[Tensor], Tensor] = Tensor.detach
) -> Iterator[dict[int, Tensor]]:
    """Keep the output of decoder layers in this block.

    Args:
        model: The model; see `layers.decoder_layers`.
        layers: The layers, counted from 0.
        read: Makes what is kept from the residual stream of shape B, L, D, so that less memory is needed.

    Yields:
        What was read in the latest forward pass, by layer. A pass that is repeated, as by gradient checkpointing,
        replaces its own reading.

    Raises:
        AskewError: The model has no such layer.
    """
    modules = decoder_layers(model)
    found: dict[int, Tensor] = {}

    def hook(layer: int) -> Callable[..., None]:
        def keep(module: nn.Module, inputs: object, output: object) -> None:
            found[layer] = read(stream_of(output))

        return keep

    for layer in layers:
        check_layer(layer, len(modules))
    with ExitStack() as hooks:
        for layer in layers:
            hooks.callback(modules[layer].register_forward_hook(hook(layer)).remove)
        yield found


@contextmanager
def steer(model: nn.Module, layer: int, change: Change) -> Iterator[None]:
    """Change the output of a decoder layer in this block, at every token that is computed: of prompts and of answers.

    Positions are never counted, so it makes no difference whether a model reads a whole text or one token at a time.

    Args:
        model: The model; see `layers.decoder_layers`.
        layer: The layer, counted from 0.
        change: The change, such as `added` or `ablated` returns.

    Raises:
        AskewError: The model has no such layer.
    """
    modules = decoder_layers(model)
    check_layer(layer, len(modules))

    def hook(module: nn.Module, inputs: object, output: Any) -> Any:
        changed = change(stream_of(output))
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    handle = modules[layer].register_forward_hook(hook, prepend=True)
    try:
        yield
    finally:
        handle.remove()


def added(direction: ArrayLike, size: float) -> Change:
    """Return the change that adds a direction.

    Args:
        direction: Numbers of shape D, of any norm but 0.
        size: The norm of what is added, in the unit of the activations; negative to subtract.

    Raises:
        AskewError: The direction has no norm, or it or the size is not finite.
    """
    unit = unit_vector(direction)
    if not np.isfinite(size):
        raise AskewError(f"a direction cannot be added with the size {size}")
    shift = torch.from_numpy(size * unit)

    def change(stream: Tensor) -> Tensor:
        _check_width(stream, shift)
        return stream + shift.to(stream.device, stream.dtype)

    return change


def ablated(direction: ArrayLike, mean: float) -> Change:
    """Return the change that sets the projection on a direction to its mean, so that it tells nothing any more.

    Setting it to 0 instead would be a push of its own: activations have no natural origin.

    Args:
        direction: Numbers of shape D, of any norm but 0.
        mean: The mean projection of ordinary activations on the unit vector of the direction.

    Raises:
        AskewError: The direction has no norm, or it or the mean is not finite.
    """
    unit = torch.from_numpy(unit_vector(direction))
    if not np.isfinite(mean):
        raise AskewError(f"a direction cannot be ablated to the mean {mean}")

    def change(stream: Tensor) -> Tensor:
        _check_width(stream, unit)
        own = unit.to(stream.device)
        projection = stream.float() @ own
        return (stream.float() - (projection - mean)[..., None] * own).to(stream.dtype)

    return change


def unit_vector(direction: ArrayLike) -> np.ndarray:
    """Return a direction of shape D as a 32-bit vector of norm 1.

    Raises:
        AskewError: It has no norm, or numbers that are not finite.
    """
    vector = np.asarray(direction, dtype=np.float64)
    norm = float(np.linalg.norm(vector))
    if not np.isfinite(norm) or norm == 0:
        raise AskewError("the direction is no direction: its numbers are all 0, or some of them are not finite")
    return (vector / norm).astype(np.float32)


def _check_width(stream: Tensor, vector: Tensor) -> None:
    if stream.shape[-1] != len(vector):
        raise AskewError(
            f"the direction has {len(vector)} numbers, and the model's activations have {stream.shape[-1]}: it is from "
            "another model"
        )
