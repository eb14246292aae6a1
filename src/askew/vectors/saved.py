"""Directions on disk: vectors as safetensors, and a card in JSON that says where they come from and what they do."""

import json
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from askew.base.atomic import write_whole
from askew.base.errors import AskewError
from askew.base.json_objects import read_as
from askew.base.json_values import plain
from askew.models.inside.directions import METHODS, Method
from askew.models.inside.opened import Opened
from askew.vectors.fitting import Directions
from askew.vectors.steering import Vector
from askew.vectors.trait import TraitPair

VECTORS, CARD = "directions.safetensors", "card.json"
_NULLS, _ANSWERS, _MEANS = "nulls", "answer_centre", "mean_projections"


class Figure(BaseModel):
    """A figure with its 95% interval, and p and range of the same figure of the nulls; None where it is unknown."""

    model_config = ConfigDict(extra="forbid")

    value: float | None
    low: float | None
    high: float | None
    p: float | None
    null_low: float | None
    null_high: float | None


class Card(BaseModel):
    """A direction in words and numbers.

    Attributes:
        version: The version of this form.
        trait: The trait's name.
        description: The trait and its opposite.
        source: Where the answers come from: a trait file, or a run with its arms.
        model: The name of the model that read the answers.
        base_hash: See `Opened`.
        adapter_hash: See `Opened`.
        layers: The number of the model's layers.
        width: The width of its residual stream.
        layer: The chosen layer, counted from 0.
        method: The method of the direction that is steered with.
        hook_point: The module whose output is read and changed.
        read: What is read of an answer.
        answers_with: Number of answers with the trait.
        answers_without: Number of answers without it.
        questions: Number of their questions.
        norms: The mean norm of the activations at each layer.
        gaps: The norm of the difference of means at each layer.
        separation: The AUC of held-out questions at the chosen layer.
        steering: The effect of the dose on the log-odds of answers with the trait, in nats per token: half the
            difference between adding and subtracting it, on pairs that did not choose the layer.
        dose: The dose of that effect, as a share of the norm.
        nulls: The kind of each null.
        seed: The seed of all draws.
        pairs: The pairs of the trait that showed the effect; empty if they are those of the probe `answer_pairs`.
        shown: The questions whose pairs showed the effect, by id.
    """

    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    trait: str
    description: str
    source: str
    model: str
    base_hash: str
    adapter_hash: str
    layers: int
    width: int
    layer: int
    method: Method
    hook_point: str
    read: str = "mean over the tokens of the answer, in float32"
    answers_with: int
    answers_without: int
    questions: int
    norms: list[float]
    gaps: list[float]
    separation: Figure
    steering: Figure
    dose: float
    nulls: list[str]
    seed: int
    pairs: list[TraitPair]
    shown: list[str]


class Saved:
    """A direction that was read from disk.

    Args:
        folder: Its folder.
        card: Its card.
        tensors: Its arrays, by name.

    Attributes:
        folder: Its folder.
        card: Its card.
    """

    def __init__(self, folder: Path, card: Card, tensors: dict[str, NDArray]) -> None:
        self.folder, self.card = folder, card
        self._tensors = tensors

    def vector(self, layer: int) -> Vector:
        """Return the direction at a layer."""
        unit = self._tensors[self.card.method][layer]
        return Vector(unit, self.card.norms[layer], float(self._tensors[_MEANS][layer]))

    def nulls(self, layer: int) -> list[Vector]:
        """Return the nulls at a layer, each with the mean projection of the training answers on it."""
        centre, norm = self._tensors[_ANSWERS][layer], self.card.norms[layer]
        return [Vector(null, norm, float(null @ centre)) for null in self._tensors[_NULLS][:, layer]]


def write(folder: Path, card: Card, found: Directions, answer_centre: NDArray) -> None:
    """Write a direction into a folder: the vectors first, and then the card that says that they are whole.

    Args:
        folder: The folder; it is made if need be.
        card: The card.
        found: The directions and their nulls.
        answer_centre: The mean activation of the answers, of shape layers, width.
    """
    tensors = {**{one: found.own[one] for one in METHODS}, _NULLS: found.nulls}
    tensors |= {_MEANS: found.mean_projections.astype(np.float32), _ANSWERS: answer_centre.astype(np.float32)}
    write_whole(folder / VECTORS, save_tensors({name: np.ascontiguousarray(one) for name, one in tensors.items()}))
    write_whole(folder / CARD, (json.dumps(plain(card), indent=1, ensure_ascii=False) + "\n").encode())


def read(folder: Path) -> Saved:
    """Return the direction in a folder.

    Raises:
        AskewError: There is none, it is damaged, or it has numbers that are not finite.
    """
    for name in (CARD, VECTORS):
        if not (folder / name).is_file():
            raise AskewError(f"{folder} has no {name}: name a folder that `askew vectors extract` wrote")
    card = read_as(folder / CARD, Card)
    path = folder / VECTORS
    try:
        tensors = load_tensors(path.read_bytes())
    except (SafetensorError, ValueError, OSError) as error:
        raise AskewError(f"{path} is damaged: it cannot be read as safetensors. Extract the direction again") from error
    shape = (card.layers, card.width)
    wanted = dict.fromkeys(METHODS, shape) | {_ANSWERS: shape, _MEANS: (card.layers,)}
    wanted |= {_NULLS: (len(card.nulls), *shape)}
    for name, expected in wanted.items():
        if name not in tensors or tensors[name].shape != expected:
            raise AskewError(
                f"{path} does not fit its card: it should have {name!r} of the shape {expected}. Extract it again"
            )
        if not np.isfinite(tensors[name]).all():
            raise AskewError(f"{path} is damaged: {name!r} has numbers that are NaN or infinite. Extract it again")
    if not 0 <= card.layer < card.layers or len(card.norms) != card.layers:
        raise AskewError(
            f"{folder / CARD} is damaged: its layer {card.layer} or its norms don't fit {card.layers} layers"
        )
    return Saved(folder, card, tensors)


def check_fits(saved: Saved, opened: Opened) -> None:
    """Check that a direction is one of a model: of the same model, or of one with another adapter on the same base.

    Raises:
        AskewError: The model has another number of layers, another width, or other base weights.
    """
    card, name = saved.card, opened.spec.name
    if card.layers != opened.layers or card.width != opened.width:
        raise AskewError(
            f"the direction in {saved.folder} is of {card.model}, which has {card.layers} layers of width "
            f"{card.width}; {name} has {opened.layers} of width {opened.width}. Extract a direction from {name}"
        )
    if card.base_hash != opened.base_hash:
        raise AskewError(
            f"the direction in {saved.folder} is of {card.model}, and {name} has other base weights: a direction of "
            f"one model means nothing in another. Extract a direction from {name}"
        )
