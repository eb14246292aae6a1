"""Directions in activations: a difference of means, a linear probe, and directions that mean nothing beside them.

All are unit vectors. They are computed for one layer, from activations with and without a trait.

Shapes: N answers, D width of the model.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from askew.base.errors import AskewError

Floats = NDArray[np.float64]
Method = Literal["means", "probe"]
MEANS: Method = "means"
"""The mean with the trait minus the mean without it, each question with the same weight (Chen et al. 2025, arXiv
2507.21509)."""
PROBE: Method = "probe"
"""The weights of a logistic regression that tells both kinds of answers apart (Alain & Bengio 2016, arXiv
1610.01644)."""
METHODS: tuple[Method, ...] = (MEANS, PROBE)

# The penalty on the squared weights of standardized activations, against a sum of losses: the usual default.
_PENALTY = 0.5


def direction(method: Method, activations: NDArray, has: NDArray[np.bool_], questions: NDArray) -> Floats:
    """Return the unit vector that points from activations without a trait to those with it, of shape D.

    Args:
        method: The method.
        activations: Activations of shape N, D.
        has: Whether each answer has the trait, of shape N; at least one has it and one has not.
        questions: The question of each answer, of shape N.

    Raises:
        AskewError: Both kinds of answers have the same activations, so there is no direction between them.
    """
    found = {MEANS: _difference_of_means, PROBE: _probe}[method](activations.astype(np.float64), has, questions)
    norm = float(np.linalg.norm(found))
    if not np.isfinite(norm) or norm == 0:
        raise AskewError("the answers with the trait and those without it have equal activations: there is no contrast")
    return found / norm


def gap(activations: NDArray, has: NDArray[np.bool_], questions: NDArray) -> Floats:
    """Return the mean with a trait minus the mean without it, of shape D, in the unit of the activations.

    Questions have the same weight; those with one kind of answer only are left out, unless all are such.

    Args:
        activations: Activations of shape N, D.
        has: Whether each answer has the trait, of shape N.
        questions: The question of each answer, of shape N.
    """
    names, place = np.unique(questions, return_inverse=True)
    sums = {side: np.zeros((len(names), activations.shape[1])) for side in (True, False)}
    counts = {side: np.bincount(place[has == side], minlength=len(names)) for side in (True, False)}
    for side, total in sums.items():
        np.add.at(total, place[has == side], activations[has == side].astype(np.float64))
    both = (counts[True] > 0) & (counts[False] > 0)
    if not both.any():
        return activations[has].mean(0, dtype=np.float64) - activations[~has].mean(0, dtype=np.float64)
    means = {side: sums[side][both] / counts[side][both, None] for side in (True, False)}
    return (means[True] - means[False]).mean(0)


def shuffled(has: NDArray[np.bool_], questions: NDArray, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return labels in random order within each question, of shape N, so that questions keep their share of each.

    Args:
        has: The labels, of shape N.
        questions: The question of each label, of shape N.
        rng: The random generator.
    """
    found = has.copy()
    for question in np.unique(questions):
        own = np.flatnonzero(questions == question)
        found[own] = has[rng.permutation(own)]
    return found


def random_directions(count: int, width: int, rng: np.random.Generator) -> Floats:
    """Return random unit vectors without a preferred direction, of shape count, D."""
    found = rng.normal(size=(count, width))
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


def orthogonal_direction(to: NDArray, rng: np.random.Generator) -> Floats:
    """Return a random unit vector of shape D that is orthogonal to another one.

    Args:
        to: The other vector, of shape D, of any norm but 0.
        rng: The random generator.
    """
    unit = to / np.linalg.norm(to)
    found = rng.normal(size=len(unit))
    found -= (found @ unit) * unit
    return found / np.linalg.norm(found)


def _difference_of_means(activations: Floats, has: NDArray[np.bool_], questions: NDArray) -> Floats:
    return gap(activations, has, questions)


def _probe(activations: Floats, has: NDArray[np.bool_], questions: NDArray) -> Floats:
    """Return the weights of a logistic regression, in the unit of the activations, of shape D."""
    scale = activations.std(0)
    scale = np.where(scale > 1e-12, scale, np.inf)  # a constant dimension tells nothing
    standard = (activations - activations.mean(0)) / scale
    # The weights lie in the span of the answers, which is smaller where the model is wide.
    basis = np.linalg.svd(standard, full_matrices=False)[2] if len(standard) < standard.shape[1] else None
    inputs = standard if basis is None else standard @ basis.T
    sides = np.where(has, 1.0, -1.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        margins = sides * (inputs @ weights[:-1] + weights[-1])
        slopes = -sides * special.expit(-margins)
        penalty = _PENALTY * weights[:-1]
        value = np.logaddexp(0, -margins).sum() + penalty @ weights[:-1]
        return float(value), np.append(inputs.T @ slopes + 2 * penalty, slopes.sum())

    found = optimize.minimize(loss, np.zeros(inputs.shape[1] + 1), jac=True, method="L-BFGS-B").x[:-1]
    return (found if basis is None else found @ basis) / scale
