"""The difference that each training of a run made to the activations, and what it is compared with.

Shapes: N answers, K layers, D width of the model, J nulls.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from askew.base.errors import AskewError
from askew.models.inside.activations import read_activations
from askew.models.inside.directions import random_directions
from askew.models.inside.opened import Opened, open_model
from askew.vectors.examples import given
from askew.vectors.monitor import Model
from askew.vectors.progress import OnProgress

SUBTRACT, ABLATE = "subtract", "ablate"
WAYS = (SUBTRACT, ABLATE)
"""The ways of switching off: the mean difference is subtracted at every token; or the projection on its direction is
set to its mean in the untuned model."""


@dataclass(frozen=True)
class Setting:
    """The settings of a comparison.

    Attributes:
        way: One of `WAYS`.
        layer: The layer, counted from 0; None to choose the one at which arms switch themselves off most.
        nulls: The number of random directions, and of directions of random signs.
        questions: The most questions with pairs that choose the layer, and as many that show the transfer.
        seed: The seed of all draws.
    """

    way: str = SUBTRACT
    layer: int | None = None
    nulls: int = 20
    questions: int = 16
    seed: int = 0


@dataclass(frozen=True)
class Moved:
    """The difference that a training made, at every layer.

    Attributes:
        model: The model.
        means: The mean difference, each question with the same weight, of shape K, D.
        nulls: The same after each answer's difference got a random sign, of shape J, K, D.
    """

    model: Model
    means: NDArray[np.float64]
    nulls: NDArray[np.float64]

    def unit(self, layer: int) -> NDArray[np.float64]:
        """Return the direction at a layer, of shape D."""
        return self.means[layer] / np.linalg.norm(self.means[layer])


def untuned_activations(untuned: Opened, answers: pd.DataFrame) -> NDArray[np.float64]:
    """Return the mean activations of answers in the untuned model, of shape N, K, D.

    Args:
        untuned: The untuned model.
        answers: The columns question, prompt and answer.
    """
    texts = list(given(untuned, answers.assign(system="")))
    return read_activations(untuned.model, texts, range(untuned.layers)).means.astype(np.float64)


def question_weights(answers: pd.DataFrame) -> NDArray[np.float64]:
    """Return the weight of each answer, of shape N: each question has the same, and all together 1."""
    weights = 1 / answers.groupby("question")["question"].transform("size").to_numpy(dtype=float)
    return weights / weights.sum()


def differences(
    untuned: Opened,
    before: NDArray[np.float64],
    models: Sequence[Model],
    answers: pd.DataFrame,
    setting: Setting,
    on_progress: OnProgress,
) -> list[Moved]:
    """Return the differences that trainings made.

    Args:
        untuned: The untuned model.
        before: Its activations, of shape N, K, D.
        models: The trained models.
        answers: The answers that all models read, with the columns question, prompt and answer.
        setting: The settings.
        on_progress: Called with the number of models that are read, and of all.

    Raises:
        AskewError: A model has other base weights than the untuned one.
    """
    weights, found = question_weights(answers), list[Moved]()
    for number, model in enumerate(models, start=1):
        opened = open_model(model.name)
        if opened.base_hash != untuned.base_hash:
            raise AskewError(
                f"{model.name} has other base weights than {untuned.spec.name}, so they cannot be compared. "
                "Name arms that were trained as adapters on it, with --arm"
            )
        texts = list(given(opened, answers.assign(system="")))
        after = read_activations(opened.model, texts, range(untuned.layers)).means
        apart = (after - before) * weights[:, None, None]
        rng = np.random.default_rng([setting.seed, 11, *model.arm.encode(), model.seed])
        signs = rng.choice([-1.0, 1.0], size=(setting.nulls, len(apart)))
        found.append(Moved(model, apart.sum(0), np.einsum("jn,nkd->jkd", signs, apart)))
        on_progress(number, len(models))
    return found


def randoms(width: int, setting: Setting) -> NDArray[np.float64]:
    """Return the random directions that everything is compared with, of shape J, D."""
    return random_directions(setting.nulls, width, np.random.default_rng([setting.seed, 12]))


def units(vectors: NDArray) -> NDArray[np.float64]:
    """Return vectors at length 1, of the same shape; D is the last axis."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def families_of(one: Model, other: Model) -> str:
    """Return whether two models are of the `same` family of data, or of an `other` one."""
    return "same" if one.family == other.family else "other"
