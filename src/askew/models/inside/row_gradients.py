"""Gradients of single answers, of the log-probability per token, in the space that a LoRA adapter changes first.

An adapter adds B A x to the output of a linear layer. B begins as zeros, so the first steps change B alone, by the
gradient of shape out, rank: the sum over tokens of the output's gradient times A x. It is computed here for every row
of a batch at once, from the inputs and the output gradients of the layers, with an A drawn at random. Rows are compared
with a target by products of these gradients (Pruthi et al. 2020, arXiv 2002.08484; with LoRA, Xia et al. 2024,
arXiv 2402.04333).

Shapes: N answers, T targets, B rows of a batch, L tokens, R rank.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from askew.base.errors import AskewError
from askew.models.answer_tokens import GivenAnswer
from askew.models.engine.prefill import halving_if_needed
from askew.models.inside.activations import batches, padded, takes_positions
from askew.models.inside.layers import decoder_layers

RANK = 8
"""The usual rank of the random A."""

Gradient = Mapping[str, Tensor]
"""The gradient by B of every linear layer, by the layer's name, each of shape out, R."""


@dataclass(frozen=True)
class Products:
    """Gradients of answers, compared with targets.

    Attributes:
        dots: The product of each answer's gradient with each target's, of shape N, T: to first order, how much the
            target's objective rises if the answer is learnt for a small step.
        norms: The norm of each answer's gradient, of shape N.
        target_norms: The norm of each target's gradient, of shape T.
    """

    dots: NDArray[np.float64]
    norms: NDArray[np.float64]
    target_norms: NDArray[np.float64]

    @property
    def cosines(self) -> NDArray[np.float64]:
        """The cosines of gradients and targets, of shape N, T; 0 where a gradient is 0."""
        lengths = self.norms[:, None] * self.target_norms[None]
        return np.divide(self.dots, lengths, out=np.zeros_like(self.dots), where=lengths > 0)


class RowGradients:
    """Reads gradients of single answers.

    Args:
        model: A model that computes through its modules; see `layers.decoder_layers`.
        rank: The rank of the random A.
        seed: Draws A.

    Raises:
        AskewError: The decoder layers have no linear layers that can be read.
    """

    def __init__(self, model: nn.Module, rank: int = RANK, seed: int = 0) -> None:
        self._model, self._rank, self._seed = model, rank, seed
        self._linear: dict[str, nn.Module] = {
            f"{number}.{name}": module
            for number, layer in enumerate(decoder_layers(model))
            for name, module in layer.named_modules()
            if isinstance(module, nn.Linear | Conv1D)
        }
        if not self._linear:
            raise AskewError(
                f"{type(model).__name__} has no linear layers in its decoder layers, so gradients of rows cannot be "
                "read. Choose scores that need none"
            )
        self._projections: dict[str, Tensor] = {}

    def target(self, texts: Sequence[GivenAnswer], weights: Sequence[float]) -> Gradient:
        """Return the gradient of a weighted sum of the log-probabilities per token of some answers.

        Args:
            texts: Prompts with their answers, as tokens.
            weights: The weight of each answer.
        """
        found: dict[str, Tensor] = {}
        for i, gradient in self._each(texts):
            for name, own in gradient.items():
                found[name] = found[name] + weights[i] * own if name in found else weights[i] * own
        return found

    def compare(
        self,
        texts: Sequence[GivenAnswer],
        targets: Sequence[Gradient],
        on_progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Products:
        """Return the products of each answer's gradient with those of targets.

        Args:
            texts: Prompts with their answers, as tokens.
            targets: Gradients that `target` returned.
            on_progress: Called with the number of answers that are done, and of all.
        """
        dots, norms = np.zeros((len(texts), len(targets))), np.zeros(len(texts))
        for done, (i, gradient) in enumerate(self._each(texts), start=1):
            dots[i] = [sum(float((own * target[name]).sum()) for name, own in gradient.items()) for target in targets]
            norms[i] = _norm(gradient)
            on_progress(done, len(texts))
        return Products(dots, norms, np.array([_norm(target) for target in targets]))

    def _each(self, texts: Sequence[GivenAnswer]) -> Iterator[tuple[int, Gradient]]:
        """Yield the number of each answer, in the order of their lengths, and its gradient."""
        rows = [(*text.prompt, *text.answer) for text in texts]

        def read(numbers: list[int]) -> Iterator[Gradient]:
            found = self._of_batch([rows[i] for i in numbers], [len(texts[i].answer) for i in numbers])
            return ({name: own[b] for name, own in found.items()} for b in range(len(numbers)))

        for numbers in batches(rows, together=takes_positions(self._model)):
            yield from halving_if_needed(numbers, read)

    def _of_batch(self, rows: Sequence[Sequence[int]], counts: Sequence[int]) -> dict[str, Tensor]:
        """Return the gradients of a batch, by layer, each of shape B, out, R."""
        device = next(self._model.parameters()).device
        given = padded(rows, device)
        ids_BL = given["input_ids"]
        length = ids_BL.shape[1]
        starts_B = torch.tensor([length - len(row) for row in rows], device=device)
        real_BL = torch.arange(length, device=device) >= starts_B[:, None]
        answered = torch.arange(length - 1, device=device) >= (
            length - 1 - torch.tensor(counts, device=device)[:, None]
        )
        with torch.enable_grad(), self._reading(real_BL) as found:
            logits_BLV = self._model(**given, use_cache=False).logits.float()
            steps_BL = torch.log_softmax(logits_BLV[:, -length:-1], -1).gather(2, ids_BL[:, 1:, None])[..., 0]
            (torch.where(answered, steps_BL, 0.0).sum(1) / answered.sum(1)).sum().backward()
        return found

    @contextmanager
    def _reading(self, real_BL: Tensor) -> Iterator[dict[str, Tensor]]:
        """Yield gradients, which are there after the pass back; hooks are gone when the block ends."""
        found: dict[str, Tensor] = {}

        def hook(name: str) -> Callable[..., None]:
            def keep(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
                narrow_BLR = inputs[0].detach().float() @ self._projection(name, inputs[0])
                # The weights need no gradients, so the outputs of the first layer ask for one.
                stream = output if output.requires_grad else output.requires_grad_()
                stream.register_hook(lambda gradient: take(name, narrow_BLR, gradient))

            return keep

        def take(name: str, narrow_BLR: Tensor, gradient_BLO: Tensor) -> None:
            # What padding holds does not count, even where it is NaN. An adapter's virtual tokens come first.
            length = real_BL.shape[1]
            narrow, wide = narrow_BLR[:, -length:], gradient_BLO.detach().float()[:, -length:]
            narrow, wide = (torch.where(real_BL[..., None], one, 0.0) for one in (narrow, wide))
            own = torch.einsum("blo,blr->bor", wide, narrow)
            found[name] = found[name] + own if name in found else own

        with ExitStack() as hooks:
            for name, module in self._linear.items():
                hooks.callback(module.register_forward_hook(hook(name)).remove)
            yield found

    def _projection(self, name: str, inputs: Tensor) -> Tensor:
        """Return the random A of a layer, transposed: shape in, R."""
        if name not in self._projections:
            number = list(self._linear).index(name)
            drawn = torch.randn(
                inputs.shape[-1], self._rank, generator=torch.Generator().manual_seed(self._seed * 1_000_003 + number)
            )
            self._projections[name] = (drawn / inputs.shape[-1] ** 0.5).to(inputs.device)
        return self._projections[name]


def _norm(gradient: Gradient) -> float:
    return float(sum(one.square().sum().double() for one in gradient.values())) ** 0.5
