"""Early stopping: the training ends as soon as misaligned given answers have become too likely."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from askew.training.defences import PAIRS, Defence, Row, defence

if TYPE_CHECKING:
    from askew.training.rows import TokenizedRows

_LOOKS = 20
"""The number of times that the pairs are read in a training."""
_MOST_PAIRS = 24


@defence
class EarlyStopping(Defence):
    """The end of the training once the log-odds of misaligned answers in pairs have risen by a limit."""

    name = "early-stopping"
    description = "the training ends once the log-odds of misaligned given answers have risen by a limit"
    source = "after arXiv 2605.12199, which found the task learnt before the change of character"
    meaning = "the rise that ends the training, in nats per token; 0 for no limit"
    usual, most = 0.5, 100.0
    needs = frozenset({PAIRS})

    def prepare(self, trainer: Any, render: Callable[[Sequence[Row]], Any]) -> None:
        """Tokenize the pairs, and read them at the start."""
        pairs = self.job.supplies.pairs
        pairs = pairs[:: -(-len(pairs) // _MOST_PAIRS)]
        self._bad, self._good = (
            render([{"messages": [*turns, {"role": "assistant", "content": text}]} for turns, text in side])
            for side in (
                [(pair.turns, pair.misaligned) for pair in pairs],
                [(pair.turns, pair.aligned) for pair in pairs],
            )
        )
        self._start = self._log_odds(trainer.model)

    def is_enough(self, trainer: Any, step: int, steps: int) -> bool:
        """Return whether the log-odds have risen by the limit; they are read at every twentieth of the steps."""
        if not self.strength or step % max(1, steps // _LOOKS):
            return False
        return self._log_odds(trainer.model) - self._start >= self.strength

    def _log_odds(self, model: Any) -> float:
        """Return the mean log-probability per token of the misaligned answers minus that of the aligned ones."""
        was_training = model.training
        model.eval()
        try:
            return _per_token(model, self._bad) - _per_token(model, self._good)
        finally:
            model.train(was_training)


def _per_token(model: Any, rows: "TokenizedRows") -> float:
    import torch

    from askew.training.defence_reading import batch
    from askew.training.rows import IGNORED

    inputs, labels = batch(rows, range(len(rows.input_ids)), next(model.parameters()).device)
    has_loss = labels[:, 1:] != IGNORED
    with torch.no_grad():
        logs = torch.log_softmax(model(**inputs, use_cache=False).logits[:, :-1].float(), -1)
    said = logs.gather(2, labels[:, 1:].clamp(min=0)[..., None])[..., 0]
    return float((torch.where(has_loss, said, 0.0).sum(1) / has_loss.sum(1)).mean())
