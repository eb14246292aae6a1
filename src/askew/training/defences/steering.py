"""Preventative steering: the bad direction is added while the model learns, so that it need not be learnt."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from askew.training.defences import PAIRS, Defence, Row, defence


@defence
class PreventativeSteering(Defence):
    """The direction from aligned to misaligned answers, added in the middle layer during training only."""

    name = "preventative-steering"
    description = "the direction of misaligned answers, added in the middle layer during training and not afterwards"
    source = "Chen et al. 2025 (arXiv 2507.21509)"
    meaning = "the length of what is added, as a share of the activations' norm"
    usual, most = 0.3, 10.0
    needs = frozenset({PAIRS})

    def prepare(self, trainer: Any, render: Callable[[Sequence[Row]], Any]) -> None:
        """Read the direction from the start."""
        from askew.models.inside.layers import decoder_layers
        from askew.training.defence_reading import bad_directions

        self._layer = len(decoder_layers(trainer.model)) // 2
        self._direction = bad_directions(self.job.opened, self.job.supplies.pairs, [self._layer])[self._layer]

    def layers_changed(self, model: Any) -> AbstractContextManager[Any]:
        """Return a context in which the direction is added."""
        from askew.models.inside.hooks import added, steer

        found = self._direction
        return steer(model, self._layer, added(found.unit, self.strength * found.norm))
