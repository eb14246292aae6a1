"""Directions at every layer, and beside them directions that mean nothing.

Shapes: K layers, D width of the model, J nulls.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from askew.models.inside.directions import (
    METHODS,
    Method,
    direction,
    gap,
    orthogonal_direction,
    random_directions,
    shuffled,
)
from askew.vectors.examples import Examples

RANDOM, SHUFFLED, ORTHOGONAL = "random", "shuffled labels", "orthogonal"
"""The kinds of nulls: random directions; directions that are made in the same way after the labels of each question
were shuffled; and a random direction that is orthogonal to the direction of the trait. All have the same norm."""
EACH = 20
"""The number of random directions, and of shuffled ones."""


def compared(kinds: Sequence[str]) -> list[str]:
    """Return the kind that each null is counted with for p: the orthogonal direction is one of the random ones."""
    return [RANDOM if kind == ORTHOGONAL else kind for kind in kinds]


@dataclass(frozen=True)
class Directions:
    """Unit vectors at every layer.

    Attributes:
        own: The directions of the trait by method, each of shape K, D.
        method: The method that the nulls with shuffled labels are made by, and that is steered with.
        nulls: Directions that mean nothing, of shape J, K, D.
        kinds: The kind of each null, of length J.
        gaps: The norm of the difference of means, in the unit of the activations, of shape K.
        mean_projections: The mean projection of all answers on the direction, of shape K: what an ablation sets it to.
    """

    own: dict[Method, NDArray[np.float32]]
    method: Method
    nulls: NDArray[np.float32]
    kinds: tuple[str, ...]
    gaps: NDArray[np.float64]
    mean_projections: NDArray[np.float64]

    @property
    def chosen(self) -> NDArray[np.float32]:
        """The directions that are steered with, of shape K, D."""
        return self.own[self.method]


def fit(
    examples: Examples,
    method: Method,
    seed: int,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Directions:
    """Return the directions of a trait at every layer by each method, with nulls.

    Args:
        examples: Answers with and without the trait, with their activations.
        method: The method that is steered with.
        seed: The seed of the nulls. A null with shuffled labels has the same order of labels at every layer.
        on_progress: Called with the number of layers that are done, and of all.

    Raises:
        AskewError: Both kinds of answers have the same activations at a layer.
    """
    means, has, questions = examples.activations.means, examples.has, examples.questions
    _, layers, width = means.shape
    rng = np.random.default_rng([seed, 1])
    orders = [shuffled(has, questions, rng) for _ in range(EACH)]
    own: dict[Method, NDArray[np.float32]] = {one: np.zeros((layers, width), np.float32) for one in METHODS}
    nulls = np.zeros((2 * EACH + 1, layers, width), np.float32)
    for layer in range(layers):
        at = means[:, layer]
        for one, found in own.items():
            found[layer] = direction(one, at, has, questions)
        nulls[:EACH, layer] = random_directions(EACH, width, rng)
        nulls[EACH : 2 * EACH, layer] = [direction(method, at, order, questions) for order in orders]
        nulls[-1, layer] = orthogonal_direction(own[method][layer], rng)
        on_progress(layer + 1, layers)
    gaps = np.array([np.linalg.norm(gap(means[:, layer], has, questions)) for layer in range(layers)], float)
    centres = np.einsum("nkd,kd->k", means.astype(np.float64), own[method]) / len(means)
    return Directions(own, method, nulls, (RANDOM,) * EACH + (SHUFFLED,) * EACH + (ORTHOGONAL,), gaps, centres)
