"""The separation by directions: they tell answers with a trait from those without it, to questions of no direction.

A good separation doesn't make a direction that steers well, so it chooses nothing; see `steering`.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from askew.models.inside.directions import METHODS, Method, direction, shuffled
from askew.stats.effects import level
from askew.stats.empirical import largest_p
from askew.vectors.examples import Examples
from askew.vectors.fitting import EACH, SHUFFLED, Directions, compared

COLUMNS = ["layer", "method", "auc", "low", "high", "p", "null_low", "null_high", "questions"]
"""The columns of the table: the AUC of held-out questions with its 95% interval over questions like these, p and the
range of the nulls' AUC, and the number of questions."""

_FOLDS = 4


def separation(
    examples: Examples,
    directions: Directions,
    seed: int,
    on_progress: Callable[[int, int], None],
    methods: Sequence[Method] = METHODS,
) -> pd.DataFrame:
    """Return how well each method separates held-out answers at each layer, with the columns `COLUMNS`.

    The AUC is the share of pairs of answers to one question, one with the trait and one without it, in which the former
    has the larger projection. Directions are made without the questions on which they are tried. Nulls are random
    and orthogonal directions, and shuffled labels, which go through the same folds and are themselves what is told
    apart: a held-out figure spreads more than that of a fixed direction, since every question is in most folds.

    Args:
        examples: Answers with and without the trait.
        directions: The directions made of all of them, for the nulls that need no labels.
        seed: The seed of the folds and of the shuffled labels.
        on_progress: Called with the number of layers that are done, and of all.
        methods: The methods.
    """
    has, questions = examples.has, examples.questions
    folds = _folds(questions, seed)
    rng = np.random.default_rng([seed, 2])
    orders = [shuffled(has, questions, rng) for _ in range(EACH)]
    unfitted = [i for i, kind in enumerate(directions.kinds) if kind != SHUFFLED]
    kinds = [*compared([directions.kinds[i] for i in unfitted]), *[SHUFFLED] * len(orders)]
    rows: list[tuple[object, ...]] = []
    layers = examples.activations.means.shape[1]
    for layer in range(layers):
        at = examples.activations.means[:, layer]
        fixed = [_aucs(at @ directions.nulls[i, layer], has, questions) for i in unfitted]
        for method in methods:
            own = _aucs(_held_out(method, at, has, questions, folds), has, questions)
            fitted = [_aucs(_held_out(method, at, order, questions, folds), order, questions) for order in orders]
            nulls = [one.mean() for one in (*fixed, *fitted)]
            frame = pd.DataFrame({"seed": 0, "cluster": own.index, "value": own.to_numpy()})
            found = level(frame, family="separation", label=method, measure="AUC")
            p = largest_p(found.estimate, nulls, kinds, around=0.5)
            ends = (float(np.min(nulls)), float(np.max(nulls)))
            rows.append((layer, method, found.estimate, found.low, found.high, p, *ends, len(own)))
        on_progress(layer + 1, layers)
    return pd.DataFrame(rows, columns=COLUMNS)


def _folds(questions: NDArray, seed: int) -> NDArray[np.int64]:
    """Return the fold of each answer, of shape answers; all answers to a question are in one."""
    names, place = np.unique(questions, return_inverse=True)
    fold = np.arange(len(names)) % _FOLDS
    return np.random.default_rng([seed, 3]).permutation(fold)[place]


def _held_out(
    method: Method, activations: NDArray, labels: NDArray[np.bool_], questions: NDArray, folds: NDArray
) -> NDArray:
    """Return the projection of each answer on a direction made without its question, of shape answers."""
    found = np.zeros(len(activations))
    for fold in np.unique(folds):
        out = folds == fold
        found[out] = activations[out] @ direction(method, activations[~out], labels[~out], questions[~out])
    return found


def _aucs(projections: NDArray, has: NDArray[np.bool_], questions: NDArray) -> pd.Series:
    """Return the AUC of each question that has both kinds of answers (0-1), with the question as index."""
    found: dict[str, float] = {}
    for question in np.unique(questions):
        own = questions == question
        more, less = projections[own & has], projections[own & ~has]
        if len(more) and len(less):
            apart = more[:, None] - less[None]
            found[str(question)] = float((apart > 0).mean() + 0.5 * (apart == 0).mean())
    return pd.Series(found, dtype=float)
