"""Directions of known vectors that fit a tiny model, saved without an extraction."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from askew.models.inside.directions import MEANS, METHODS, random_directions
from askew.models.inside.opened import Opened
from askew.vectors import saved
from askew.vectors.fitting import Directions
from askew.vectors.saved import Card, Figure, Saved

NONE = Figure(value=None, low=None, high=None, p=None, null_low=None, null_high=None)
NULLS = ("random",) * 4 + ("shuffled labels",) * 4 + ("orthogonal",)


def saved_direction(folder: Path, opened: Opened, unit: NDArray, norm: float = 4.0) -> Saved:
    """Write a direction that is the same unit vector at each layer, with random nulls; its mean projection is 0."""
    layers, width = opened.layers, opened.width
    own = np.tile(unit / np.linalg.norm(unit), (layers, 1)).astype(np.float32)
    nulls = random_directions(len(NULLS) * layers, width, np.random.default_rng(0)).reshape(len(NULLS), layers, width)
    found = Directions(
        dict.fromkeys(METHODS, own), MEANS, nulls.astype(np.float32), NULLS, np.ones(layers), np.zeros(layers)
    )
    card = Card(
        trait="made",
        description="",
        source="a test",
        model=opened.spec.name,
        base_hash=opened.base_hash,
        adapter_hash="",
        layers=layers,
        width=width,
        layer=layers - 1,
        method=MEANS,
        hook_point="output of model.layers.1",
        answers_with=8,
        answers_without=8,
        questions=8,
        norms=[norm] * layers,
        gaps=[1.0] * layers,
        separation=NONE,
        steering=NONE,
        dose=0.25,
        nulls=list(NULLS),
        seed=0,
        pairs=[],
        shown=[],
    )
    saved.write(folder, card, found, np.zeros((layers, width)))
    return saved.read(folder)
