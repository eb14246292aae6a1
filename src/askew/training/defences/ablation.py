"""Concept ablation during fine-tuning: the bad direction is cut out of every layer while the model learns."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from askew.training.defences import PAIRS, Defence, Row, defence

if TYPE_CHECKING:
    from torch import Tensor

    from askew.models.inside.hooks import Change


@defence
class Ablation(Defence):
    """The projection on the direction of misaligned answers, set to its mean in every layer during training only."""

    name = "caft"
    description = "the direction of misaligned answers, ablated in every layer during training and not afterwards"
    source = "Casademunt et al. 2025 (arXiv 2507.16795)"
    meaning = "the share of the projection that is removed"
    usual, most = 1.0, 1.0
    needs = frozenset({PAIRS})

    def prepare(self, trainer: Any, render: Callable[[Sequence[Row]], Any]) -> None:
        """Read the directions from the start."""
        from askew.models.inside.hooks import ablated
        from askew.models.inside.layers import decoder_layers
        from askew.training.defence_reading import bad_directions

        layers = range(len(decoder_layers(trainer.model)))
        found = bad_directions(self.job.opened, self.job.supplies.pairs, layers)
        self._changes = {layer: self._part_of(ablated(one.unit, one.mean)) for layer, one in found.items()}

    def layers_changed(self, model: Any) -> AbstractContextManager[Any]:
        """Return a context in which the directions are ablated."""
        return _all_layers(model, self._changes)

    def _part_of(self, change: "Change") -> "Change":
        def part(stream: "Tensor") -> "Tensor":
            return stream + self.strength * (change(stream) - stream)

        return part


@contextmanager
def _all_layers(model: Any, changes: "dict[int, Change]") -> Iterator[None]:
    from askew.models.inside.hooks import steer

    with ExitStack() as layers:
        for layer, change in changes.items():
            layers.enter_context(steer(model, layer, change))
        yield
