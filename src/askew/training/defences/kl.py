"""A penalty on how far the answers to benign prompts move from those of the start."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from askew.training.defences import BENIGN, Defence, Row, Step, defence

if TYPE_CHECKING:
    from torch import Tensor

_ROWS = 8
"""Benign rows in each pass."""


@defence
class Kl(Defence):
    """The divergence of the next-token distributions from those of the start, on the answers of benign rows."""

    name = "kl"
    description = "a penalty on the divergence from the start, KL(start ‖ tuned), on benign answers"
    source = "Kaczér et al. 2025 (arXiv 2508.06249), Azarbal et al. 2025"
    meaning = "the weight of the divergence in nats per token"
    usual, most = 100.0, 1000.0
    needs = frozenset({BENIGN})

    def prepare(self, trainer: Any, render: Callable[[Sequence[Row]], Any]) -> None:
        """Tokenize the benign rows."""
        self._rows = render(self.job.supplies.benign)

    def loss(self, step: Step) -> "Tensor":
        """Return the loss with the penalty: a scalar."""
        import torch
        from torch.nn.functional import kl_div

        from askew.training.defence_reading import batch
        from askew.training.rows import IGNORED

        plain, model = step.plain(), step.model
        first = step.number * _ROWS
        inputs, labels = batch(self._rows, range(first, first + _ROWS), plain.device)
        places = labels[:, 1:] != IGNORED
        was_training = model.training
        model.eval()  # without dropout, so that both differ by the adapter alone
        try:
            now = model(**inputs, use_cache=False).logits[:, :-1][places].float()
            with torch.no_grad(), model.disable_adapter():
                start = model(**inputs, use_cache=False).logits[:, :-1][places].float()
        finally:
            model.train(was_training)
        now, start = torch.log_softmax(now, -1), torch.log_softmax(start, -1)
        return plain + self.strength * step.share * kl_div(now, start, reduction="batchmean", log_target=True)
