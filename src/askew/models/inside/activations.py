"""Reads activations of many prompts and answers in batches: means over the tokens of an answer, or one token.

Rows of different length are padded on the left and masked. The tokens that are read are counted from the end, where the
padding does not shift them. Means are computed in float32, whatever the format of the model.

Shapes: N texts, K layers, D width of the model, B rows of a batch, L tokens.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import signature
from itertools import groupby
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from askew.base.errors import AskewError
from askew.models.answer_tokens import GivenAnswer
from askew.models.engine.prefill import TOKENS_OF_A_PASS, halving_if_needed, is_out_of_memory
from askew.models.inside.hooks import capture

Where = Literal["answer", "prompt end"]
ANSWER: Where = "answer"
"""The mean over all tokens of the answer."""
PROMPT_END: Where = "prompt end"
"""The last token before the answer, from which its first token is predicted."""


@dataclass(frozen=True)
class Activations:
    """Activations of texts.

    Attributes:
        means: The mean residual stream over the tokens that were read, in float32, of shape N, K, D.
        norms: The mean norm of the residual stream over the same tokens, in float32, of shape N, K.
        layers: The layers, counted from 0, in the order of K.
    """

    means: NDArray[np.float32]
    norms: NDArray[np.float32]
    layers: tuple[int, ...]


def read_activations(
    model: nn.Module,
    texts: Sequence[GivenAnswer],
    layers: Sequence[int],
    where: Where = ANSWER,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Activations:
    """Return the activations of prompts with answers.

    A batch that does not fit memory is divided, which does not change the result.

    Args:
        model: The model; see `layers.decoder_layers`.
        texts: Prompts with their answers, as tokens.
        layers: The layers, counted from 0.
        where: The tokens that are read; for `PROMPT_END` the answers themselves are not computed.
        on_progress: Called with the number of texts that are read, and of all.

    Raises:
        AskewError: An activation is NaN or infinite, memory is too small for a single text, or there is no such layer.
    """
    rows = [(*text.prompt, *text.answer) if where == ANSWER else text.prompt for text in texts]
    counts = [len(text.answer) if where == ANSWER else 1 for text in texts]
    means: dict[int, Tensor] = {}

    def read(numbers: list[int]) -> Tensor:
        return _read_batch(model, [rows[i] for i in numbers], [counts[i] for i in numbers], layers)

    for numbers in batches(rows, together=takes_positions(model)):
        try:
            means.update(halving_if_needed(numbers, read))
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            longest = max(len(rows[i]) for i in numbers)
            raise AskewError(
                f"memory is too small to read the activations of a text of {longest} tokens. Read shorter answers, or "
                "fewer layers"
            ) from error
        on_progress(len(means), len(rows))
    found = torch.stack([means[i] for i in range(len(rows))]).numpy()
    _check_finite(found, layers)
    return Activations(found[..., :-1], found[..., -1], tuple(layers))


def _check_finite(found: NDArray[np.float32], layers: Sequence[int]) -> None:
    finite = np.isfinite(found).all(axis=(0, 2))
    if not finite.all():
        layer = layers[int(np.argmin(finite))]
        raise AskewError(
            f"the activations of layer {layer} are not finite: some are NaN or infinite, so the model's weights are "
            "damaged or overflow in their number format. Load the model in float32 or bf16, or save it again"
        )


def _read_batch(
    model: nn.Module, rows: Sequence[Sequence[int]], counts: Sequence[int], layers: Sequence[int]
) -> Tensor:
    """Return means and, as a last column, norms over the last tokens of each row, of shape B, K, D + 1."""
    device = next(model.parameters()).device
    given = padded(rows, device)
    length = given["input_ids"].shape[1]
    read = torch.arange(length, device=device) >= (length - torch.tensor(counts, device=device))[:, None]
    with torch.inference_mode(), capture(model, layers, partial(_mean_and_norm, read_BL=read)) as found:
        model(**given, use_cache=False)
    return torch.stack([found[layer] for layer in layers], dim=1)


def padded(rows: Sequence[Sequence[int]], device: torch.device) -> dict[str, Tensor]:
    """Return rows as the arguments of a model, padded on the left, with a mask and positions that leave padding out.

    Args:
        rows: Token ids of each row.
        device: The device of the model.

    Returns:
        `input_ids` and, unless all rows have the same length, `attention_mask` and `position_ids`: shape B, L.
    """
    length = max(map(len, rows))
    padding = torch.tensor([length - len(row) for row in rows])
    given = {"input_ids": torch.tensor([[0] * (length - len(row)) + list(row) for row in rows])}
    if padding.any():
        columns = torch.arange(length)
        given["attention_mask"] = (columns >= padding[:, None]).long()
        given["position_ids"] = (columns - padding[:, None]).clamp(min=0)
    return {name: tensor.to(device) for name, tensor in given.items()}


def _mean_and_norm(stream: Tensor, read_BL: Tensor) -> Tensor:
    """Return the mean over the tokens to read and, as a last column, the mean norm: shape B, D + 1, in float32."""
    # An adapter's virtual tokens precede the others. What padding holds does not count, even where it is NaN.
    tokens = stream[:, -read_BL.shape[1] :].float()
    tokens = torch.where(read_BL[..., None], tokens, 0.0)
    norms = tokens.norm(dim=-1, keepdim=True)
    return (torch.cat([tokens, norms], dim=-1).sum(1) / read_BL.sum(1, keepdim=True)).cpu()


def takes_positions(model: nn.Module) -> bool:
    """Return whether rows of a model can be padded on the left: it takes the positions of tokens."""
    return "position_ids" in signature(model.forward).parameters


def batches(rows: Sequence[Sequence[int]], together: bool) -> Iterator[list[int]]:
    """Yield the indices of rows that are read in one pass, in the order of their length.

    Args:
        rows: Token ids of each row.
        together: Whether rows of different length may be padded; otherwise a batch has rows of one length.
    """
    order = sorted(range(len(rows)), key=lambda i: (len(rows[i]), i))
    groups: Iterable[list[int]] = [order]
    if not together:
        groups = (list(same) for _, same in groupby(order, key=lambda i: len(rows[i])))
    for group in groups:
        batch: list[int] = []
        for i in group:
            if batch and (len(batch) + 1) * len(rows[i]) > TOKENS_OF_A_PASS:
                yield batch
                batch = []
            batch.append(i)
        if batch:
            yield batch
