"""Switching off: what the direction of one arm does in the model of another, beside directions that mean nothing.

Shapes: K layers, D width of the model, J nulls.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from askew.models.inside.hooks import Change, ablated, added
from askew.models.inside.opened import open_model
from askew.stats.effects import Effect, contrast
from askew.stats.empirical import corrected_p, largest_p
from askew.vectors.fitting import RANDOM, SHUFFLED
from askew.vectors.monitor import Model
from askew.vectors.moved import SUBTRACT, Moved, Setting, families_of, randoms, units
from askew.vectors.pairs import TRAIT, PairReader
from askew.vectors.progress import OnProgress
from askew.vectors.steering import SENSE_KEPT, sense

TRANSFER_COLUMNS = [
    *("source", "target", "way", "shift", "drop", "low", "high", "off", "p", "p_corrected", "null_low", "null_high"),
    *("families", "source_side", "coherent", "layer", "questions"),
]
"""The columns of transfer, one row per source and target. shift: the log-odds of misaligned answers of the target's
model above those of the untuned model, in nats per token. drop: how far switching the source's direction off lowers
them, with its 95% interval over questions like these; off: drop as a share of the shift, NaN where the target did not
rise. p, alone and corrected over all pairs, and the range of the nulls' drop. families: `same`, or `other`.
source_side: `arm` or `control`. coherent: sentences are still preferred to their shuffled words."""


def best_layer(
    moved: Sequence[Moved],
    targets: Sequence[Model],
    reader: PairReader,
    means: NDArray,
    setting: Setting,
    on_progress: OnProgress,
) -> int:
    """Return the layer at which the directions of arms lower the log-odds of their own arm most, on the whole.

    Args:
        moved: The differences that the arms' trainings made.
        targets: The models that are steered, one per arm.
        reader: The pairs that choose the layer.
        means: The mean activations of the untuned model, of shape K, D.
        setting: The settings.
        on_progress: Called with the number of models that are read, and of all.
    """
    layers = sorted({round(one) for one in np.linspace(0, reader.opened.layers - 1, min(8, reader.opened.layers))})
    drops = np.zeros(len(layers))
    own = {one.model.arm: one for one in moved}
    for number, target in enumerate(targets, start=1):
        of_target = PairReader(open_model(target.name), reader.questions)
        before = of_target.read()
        for place, layer in enumerate(layers):
            arm = own[target.arm]
            size = float(np.linalg.norm(arm.means[layer]))
            steered = of_target.read(layer, switched_off(arm.unit(layer), size, means[layer], setting.way))
            if sense(steered) >= SENSE_KEPT * sense(before):
                drops[place] += _drop(before, steered).estimate
        on_progress(number, len(targets))
    return layers[int(drops.argmax())]


def transfer(
    moved: Sequence[Moved],
    targets: Sequence[Model],
    reader: PairReader,
    means: NDArray,
    layer: int,
    setting: Setting,
    on_progress: OnProgress,
) -> pd.DataFrame:
    """Return how far each arm's direction switches each target off, with the columns `TRANSFER_COLUMNS`.

    Args:
        moved: The differences that the arms' trainings made: the sources.
        targets: The models that are steered.
        reader: The pairs that show it.
        means: The mean activations of the untuned model, of shape K, D.
        layer: The layer, counted from 0.
        setting: The settings.
        on_progress: Called with the number of sources and targets that are read, and of all.
    """
    mean, untuned = means[layer], reader.read()
    random_units = randoms(len(mean), setting)
    kinds = [RANDOM] * setting.nulls + [SHUFFLED] * setting.nulls
    rows: list[list[object]] = []
    of_nulls: list[list[float]] = []
    total = len(targets) * len(moved)
    for target in targets:
        of_target = PairReader(open_model(target.name), reader.questions)
        before = of_target.read()
        shift = _drop(before, untuned).estimate
        for source in moved:
            size = float(np.linalg.norm(source.means[layer]))
            every = [source.unit(layer), *random_units, *units(source.nulls[:, layer])]
            read = [of_target.read(layer, switched_off(unit, size, mean, setting.way)) for unit in every]
            drop, *nulls = (_drop(before, one) for one in read)
            of_nulls.append([one.estimate for one in nulls])
            off = drop.estimate / shift if shift > 0 else float("nan")
            p = largest_p(drop.estimate, of_nulls[-1], kinds)
            numbers = (shift, drop.estimate, drop.low, drop.high, off, p, np.nan, min(of_nulls[-1]), max(of_nulls[-1]))
            kept = bool(sense(read[0]) >= SENSE_KEPT * sense(before))
            about = (families_of(source.model, target), source.model.side, kept, layer, drop.clusters)
            rows.append([source.model.arm, target.arm, setting.way, *numbers, *about])
            on_progress(len(rows), total)
    table = pd.DataFrame(rows, columns=TRANSFER_COLUMNS)
    return table.assign(p_corrected=corrected_p(table["drop"], np.array(of_nulls).T, kinds))


def switched_off(unit: NDArray, size: float, mean: NDArray, way: str) -> Change:
    """Return the change of the residual stream that switches a direction off.

    Args:
        unit: The direction, of shape D.
        size: The length of the difference, of which a subtraction takes off all.
        mean: The mean activation of the untuned model, of shape D, whose projection an ablation sets.
        way: One of `moved.WAYS`.
    """
    return added(unit, -size) if way == SUBTRACT else ablated(unit, float(mean @ unit))


def _drop(before: pd.DataFrame, after: pd.DataFrame) -> Effect:
    """Return how far the log-odds of misaligned answers fall from one reading to another, in nats per token."""
    frames = (
        pd.DataFrame({"seed": 0, "cluster": own["question"], "value": own["log_odds"]})
        for own in (one[one["kind"].eq(TRAIT)] for one in (before, after))
    )
    return contrast(*frames, family="shared", label="drop", measure="log-odds", unit="nats")
