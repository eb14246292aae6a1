"""Shared or not: the directions in which the arms of a run moved, how alike they are, and which arms each switches off.

The direction of an arm is the mean difference of the activations of its model and of the untuned model on the same
answers. Published results contradict each other: such directions are shared and switch each other off (arXiv
2506.11618), or are not (arXiv 2608.29118). So controls, which learnt nothing bad, go through everything as well: what
arms share with them comes from being trained at all.

Shapes: N answers, K layers, D width of the model, J nulls.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from askew.base.errors import AskewError
from askew.models.inside.opened import open_model
from askew.models.names import resolve
from askew.stats.empirical import corrected_p, empirical_p, largest_p
from askew.vectors.fitting import RANDOM, SHUFFLED
from askew.vectors.monitor import Model
from askew.vectors.moved import (
    Moved,
    Setting,
    differences,
    families_of,
    question_weights,
    randoms,
    units,
    untuned_activations,
)
from askew.vectors.pairs import PairReader, halves, questions_of
from askew.vectors.progress import Step
from askew.vectors.rank_one import written_directions
from askew.vectors.switching import best_layer, transfer
from askew.vectors.trait import FEWEST_QUESTIONS

COSINE_COLUMNS = [
    *("one", "other", "cosine", "p", "p_corrected", "null_low", "null_high", "families", "sides", "layer"),
]
"""The columns of cosines, one row per pair of arms. p, alone and corrected over all pairs, and the range of the nulls:
random directions, and those of the other arm after each answer's difference got a random sign. families: `same` or
`other`; sides: `arms`, `controls` or `arm and control`. A pair of an arm with itself is of two of its seeds."""

RANK_ONE_COLUMNS = ["arm", "seed", "module", "layer", "cosine", "p", "null_low", "null_high"]
"""The columns of rank-1 adapters, one row per module that writes into the residual stream: the cosine, without its
sign, of the vector that the adapter writes with the arm's direction at that layer; p and the range of the nulls."""


@dataclass(frozen=True)
class Shared:
    """A comparison of the directions of a run's arms.

    Attributes:
        layer: The layer.
        cosines: The columns `COSINE_COLUMNS`.
        transfer: The columns `TRANSFER_COLUMNS`.
        rank_one: The columns `RANK_ONE_COLUMNS`; no rows without adapters of rank 1.
        contrast: See `label_contrast`.
    """

    layer: int
    cosines: pd.DataFrame
    transfer: pd.DataFrame
    rank_one: pd.DataFrame
    contrast: "LabelContrast"


@dataclass(frozen=True)
class LabelContrast:
    """Cosines between arms of different families, against those between arms and controls of different families.

    Attributes:
        arms: The mean cosine of two arms.
        mixed: The mean cosine of an arm and a control.
        p: The share of all exchanges of arms and controls within families for which the difference is at least as
            large; NaN with fewer than two families that have both.
        families: The number of families that have both.
    """

    arms: float
    mixed: float
    p: float
    families: int


def compare_arms(models: Sequence[Model], base: str, answers: pd.DataFrame, setting: Setting, step: Step) -> Shared:
    """Return how alike the directions of a run's arms are, and which arms each of them switches off.

    A direction is of the first seed of its arm and is tried on the last one, so that with two seeds no model is steered
    by its own direction.

    Args:
        models: The trained models of the run.
        base: The name of the untuned model.
        answers: Answers that all models read, with the columns question, prompt and answer.
        setting: The settings.
        step: Returns the progress callback of each step.

    Raises:
        AskewError: There are fewer than two arms, fewer than 8 questions, or a model has another base.
    """
    if answers["question"].nunique() < FEWEST_QUESTIONS:
        raise AskewError(
            f"the answers are to {answers['question'].nunique()} questions: a direction needs at least "
            f"{FEWEST_QUESTIONS}. Name a run with more open questions"
        )
    by_arm = {one.arm: [other for other in models if other.arm == one.arm] for one in models}
    if len(by_arm) < 2:
        raise AskewError(f"{len(by_arm)} trained arms are too few to compare: name a run with at least two")
    untuned = open_model(base)
    chosen, shown = (PairReader(untuned, tuple(one)) for one in halves(questions_of(None, untuned), setting.questions))
    before = untuned_activations(untuned, answers)
    means = np.einsum("n,nkd->kd", question_weights(answers), before)
    first = [own[0] for own in by_arm.values()]
    moved = differences(untuned, before, first, answers, setting, step("reading activations"))
    again = [own[-1] for own in by_arm.values() if len(own) > 1]
    seconds = differences(untuned, before, again, answers, setting, step("reading the other seeds")) if again else []
    targets = [own[-1] for own in by_arm.values() if own[0].side == "arm"]
    layer = setting.layer
    if layer is None:
        layer = best_layer(moved, targets, chosen, means, setting, step("choosing the layer"))
    cosines = _cosines(moved, seconds, layer, setting)
    switched = transfer(moved, targets, shown, means, layer, setting, step("switching off"))
    return Shared(layer, cosines, switched, _rank_one(moved, setting), label_contrast(moved, layer))


def label_contrast(moved: Sequence[Moved], layer: int) -> LabelContrast:
    """Return how much more alike arms are to arms than to controls, of other families, by exchanging their labels.

    Families without both an arm and a control are left out of the exchanges.

    Args:
        moved: The differences.
        layer: The layer.
    """
    units = np.array([one.unit(layer) for one in moved])
    cosine, families = units @ units.T, [one.model.family for one in moved]
    labels = np.array([one.model.side == "arm" for one in moved])
    apart = np.array([[one != other for other in families] for one in families])
    np.fill_diagonal(apart, False)

    def figures(arm: NDArray[np.bool_]) -> tuple[float, float]:
        both, mixed = apart & arm[:, None] & arm, apart & arm[:, None] & ~arm
        return (
            float(cosine[both].mean()) if both.any() else np.nan,
            float(cosine[mixed].mean()) if mixed.any() else np.nan,
        )

    paired = [
        one for one in dict.fromkeys(families) if len({labels[i] for i, f in enumerate(families) if f == one}) == 2
    ]
    arms, mixed = figures(labels)
    if len(paired) < 2:
        return LabelContrast(arms, mixed, float("nan"), len(paired))
    members = [np.array([family == one for family in families]) for one in paired]
    found = []
    for turned in product([False, True], repeat=len(paired)):
        turn = np.any([own for own, is_turned in zip(members, turned, strict=True) if is_turned], axis=0)
        one, other = figures(labels ^ turn if any(turned) else labels)
        found.append(one - other)
    return LabelContrast(arms, mixed, float(np.mean(np.array(found) >= found[0] - 1e-12)), len(paired))


def _cosines(moved: Sequence[Moved], seconds: Sequence[Moved], layer: int, setting: Setting) -> pd.DataFrame:
    pairs = [*combinations(moved, 2)]
    first = {one.model.arm: one for one in moved}
    pairs += [(first[one.model.arm], one) for one in seconds]
    width = moved[0].means.shape[1]
    random_units = randoms(width, setting)
    kinds = [RANDOM] * setting.nulls + [SHUFFLED] * setting.nulls
    observed = np.array([one.unit(layer) @ other.unit(layer) for one, other in pairs])
    nulls = np.array(
        [[*(random_units @ one.unit(layer)), *(units(other.nulls[:, layer]) @ one.unit(layer))] for one, other in pairs]
    )
    corrected = corrected_p(observed, nulls.T, kinds)
    rows = [
        (
            *(one.model.arm, other.model.arm, cosine, largest_p(cosine, own, kinds), p, own.min(), own.max()),
            *(families_of(one.model, other.model), _sides(one.model, other.model), layer),
        )
        for (one, other), cosine, own, p in zip(pairs, observed, nulls, corrected, strict=True)
    ]
    return pd.DataFrame(rows, columns=COSINE_COLUMNS)


def _rank_one(moved: Sequence[Moved], setting: Setting) -> pd.DataFrame:
    """Return the cosines of the vectors that adapters of rank 1 write with the directions of their arms.

    The nulls are random directions only: in such a module, a difference of any sign lies along the vector as well.
    """
    rows: list[tuple[object, ...]] = []
    for one in moved:
        for module, layer, written in written_directions(resolve(one.model.name), one.means.shape):
            nulls = np.abs(randoms(len(written), setting) @ written)
            cosine = float(abs(one.unit(layer) @ written))
            ends = (float(nulls.min()), float(nulls.max()))
            rows.append((one.model.arm, one.model.seed, module, layer, cosine, empirical_p(cosine, nulls), *ends))
    return pd.DataFrame(rows, columns=RANK_ONE_COLUMNS)


def _sides(one: Model, other: Model) -> str:
    return "arm and control" if one.side != other.side else "arms" if one.side == "arm" else "controls"
