"""Gradients of steering: how the log-probability of a given answer changes along any direction, to first order.

One pass forward and one back tell it for every direction and every layer at once, so that many directions that mean
nothing can look for the layer at which they do most.

Shapes: N answers, K layers, D width of the model, B rows, L tokens.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from askew.models.answer_tokens import GivenAnswer
from askew.models.engine.prefill import halving_if_needed
from askew.models.inside.activations import batches, padded, takes_positions
from askew.models.inside.hooks import capture


def steering_gradients(
    model: nn.Module,
    texts: Sequence[GivenAnswer],
    layers: Sequence[int],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> NDArray[np.float32]:
    """Return the change of each answer's log-probability per token for a small vector added at every token.

    The product with a vector of shape D is the change, in nats per token, to first order in the vector.

    Args:
        model: The model; see `layers.decoder_layers`.
        texts: Prompts with their answers, as tokens.
        layers: The layers, counted from 0.
        on_progress: Called with the number of answers that are done, and of all.

    Returns:
        Gradients of shape N, K, D.
    """
    rows = [(*text.prompt, *text.answer) for text in texts]
    found: dict[int, Tensor] = {}

    def read(numbers: list[int]) -> Tensor:
        return _of_batch(model, [rows[i] for i in numbers], [len(texts[i].answer) for i in numbers], layers)

    for numbers in batches(rows, together=takes_positions(model)):
        found.update(halving_if_needed(numbers, read))
        on_progress(len(found), len(rows))
    return torch.stack([found[i] for i in range(len(rows))]).numpy()


def _of_batch(model: nn.Module, rows: Sequence[Sequence[int]], counts: Sequence[int], layers: Sequence[int]) -> Tensor:
    """Return gradients of shape B, K, D."""
    given = padded(rows, next(model.parameters()).device)
    ids_BL = given["input_ids"]
    # The weights need no gradients, so the residual stream asks for one from the first of the layers on.
    with torch.enable_grad(), capture(model, layers, _asking_for_gradients) as streams:
        logits_BLV = model(**given, use_cache=False).logits.float()
        answered = torch.arange(ids_BL.shape[1] - 1, device=ids_BL.device) >= (
            ids_BL.shape[1] - 1 - torch.tensor(counts, device=ids_BL.device)[:, None]
        )
        steps_BL = torch.log_softmax(logits_BLV[:, -ids_BL.shape[1] : -1], -1).gather(2, ids_BL[:, 1:, None])[..., 0]
        means_B = torch.where(answered, steps_BL, 0.0).sum(1) / answered.sum(1)
        gradients = torch.autograd.grad(means_B.sum(), [streams[layer] for layer in layers])
    return torch.stack([one.float().sum(1) for one in gradients], dim=1).cpu()


def _asking_for_gradients(stream: Tensor) -> Tensor:
    return stream if stream.requires_grad else stream.requires_grad_()
