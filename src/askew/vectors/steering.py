"""Steering along directions, read from pairs of given answers: the choice of the layer, and doses beside their nulls.

A dose is a share of the mean norm of the activations at the layer, so that layers and models can be compared.

Shapes: K layers, D width of the model, J nulls.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from askew.models.inside.hooks import Change, ablated, added
from askew.probes.given_pairs import NEUTRAL, SHUFFLED
from askew.stats.effects import Effect, contrast, level
from askew.stats.empirical import largest_p
from askew.vectors.pairs import TRAIT, PairReader
from askew.vectors.progress import OnProgress

ABLATE = "ablate"
"""The projection on the direction is set to its mean."""
ADD = "add"
"""The direction is added; with a negative dose, subtracted."""

SENSE_KEPT = 0.9
"""A steered model is coherent if it prefers sentences to their shuffled words in at least this share of the pairs in
which it does so without steering."""

SWEEP_COLUMNS = ["layer", "effect", "low", "high", "p", "null_low", "null_high", "sense", "coherent"]
"""The columns of the sweep: the effect of one dose in nats per token with its 95% interval, p and the range of the
nulls, the share of shuffled pairs in which the sentence is preferred (the worse of both signs), and whether that is
enough."""

DOSE_COLUMNS = [
    *("way", "dose", "share", "log_odds", "low", "high", "change", "change_low", "change_high", "p"),
    *("null_low", "null_high", "neutral_change", "sense", "nats", "coherent", "questions"),
]
"""The columns of a table of doses, one row for each. share (0-1): pairs in which the answer with the trait is likelier
per token. log_odds: of that answer, in nats per token, with its 95% interval over questions like these. change: against
no steering, with its interval, p and the range of the nulls; p and range are empty without a dose. neutral_change: the
same change in neutral pairs. sense (0-1): shuffled pairs in which the sentence is likelier. nats: log-probability per
token of the answers with and without the trait. coherent: see `SENSE_KEPT`."""


@dataclass(frozen=True)
class Vector:
    """A direction at one layer, with what steering along it needs.

    Attributes:
        unit: The unit vector, of shape D.
        norm: The mean norm of the activations at the layer.
        mean: The mean projection on the direction.
    """

    unit: NDArray[np.float32]
    norm: float
    mean: float

    def change(self, way: str, dose: float) -> Change:
        """Return the change of the residual stream for a way of steering and a dose."""
        return ablated(self.unit, self.mean) if way == ABLATE else added(self.unit, dose * self.norm)


@dataclass(frozen=True)
class Sweep:
    """The choice of the layer.

    Attributes:
        table: One row per layer, with the columns `SWEEP_COLUMNS`.
        layer: The layer with the largest effect among those at which the model stays coherent; among all if there is
            none.
        null_layers: The layer of each null at which its own effect is largest in size, of shape J.
    """

    table: pd.DataFrame
    layer: int
    null_layers: NDArray[np.int64]


def sweep(
    reader: PairReader,
    directions: NDArray[np.float32],
    nulls: NDArray[np.float32],
    norms: NDArray[np.float64],
    layers: Sequence[int],
    dose: float,
    on_progress: OnProgress,
    kinds: Sequence[str] = (),
) -> Sweep:
    """Return the effect of steering at each layer, and the layer where it is largest, for the direction and each null.

    The effect is half the difference of the log-odds of the answers with the trait between a dose added and subtracted.
    For the nulls it is that of the first order, which is had for all of them at once.

    Args:
        reader: The pairs that choose the layer.
        directions: The directions of the trait, of shape K, D.
        nulls: Directions that mean nothing, of shape J, K, D.
        norms: The mean norm of the activations at each layer, of shape K.
        layers: The layers that are tried.
        dose: The dose, as a share of the norm.
        on_progress: Called with the number of layers that are done, and of all.
        kinds: The kind of each null, for p; empty if all are of one kind.
    """
    before = sense(reader.read())
    scaled = nulls[:, list(layers)] * (dose * norms[list(layers)])[None, :, None]
    effects = np.einsum("kd,jkd->jk", reader.gradients(layers), scaled)
    rows: list[tuple[object, ...]] = []
    for place, layer in enumerate(layers):
        up, down = _both(reader, layer, directions[layer], norms[layer], dose)
        found = effect(up, down)
        kept = min(sense(up), sense(down))
        ends = (float(effects[:, place].min()), float(effects[:, place].max()))
        p = largest_p(found.estimate, effects[:, place], kinds or [""] * len(nulls))
        rows.append((layer, found.estimate, found.low, found.high, p, *ends, kept, kept >= SENSE_KEPT * before))
        on_progress(place + 1, len(layers))
    table = pd.DataFrame(rows, columns=SWEEP_COLUMNS)
    usable = table[table["coherent"]] if table["coherent"].any() else table
    best = np.asarray(layers)[np.abs(effects).argmax(1)]
    return Sweep(table, int(usable["layer"].to_numpy()[usable["effect"].to_numpy().argmax()]), best)


def held_out_effect(
    reader: PairReader,
    directions: NDArray[np.float32],
    nulls: NDArray[np.float32],
    norms: NDArray[np.float64],
    found: Sweep,
    dose: float,
    on_progress: OnProgress,
) -> tuple[Effect, list[float]]:
    """Return the effect at the chosen layer on pairs that did not choose it, and that of each null at its own layer.

    Args:
        reader: The pairs that show the effect.
        directions: The directions of the trait, of shape K, D.
        nulls: Directions that mean nothing, of shape J, K, D.
        norms: The mean norm of the activations at each layer, of shape K.
        found: The choice of the layers.
        dose: The dose, as a share of the norm.
        on_progress: Called with the number of readings that are done, and of all.
    """
    own = effect(*_both(reader, found.layer, directions[found.layer], norms[found.layer], dose))
    of_nulls: list[float] = []
    for number, (null, layer) in enumerate(zip(nulls, found.null_layers, strict=True), start=1):
        of_nulls.append(effect(*_both(reader, int(layer), null[layer], float(norms[int(layer)]), dose)).estimate)
        on_progress(number, len(nulls))
    return own, of_nulls


def dose_table(
    reader: PairReader,
    layer: int,
    vector: Vector,
    nulls: Sequence[Vector],
    doses: Sequence[tuple[str, float]],
    on_progress: OnProgress,
    kinds: Sequence[str] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what each dose does to the pairs, beside what the nulls do.

    Args:
        reader: The pairs.
        layer: The layer, for the direction and for all nulls.
        vector: The direction.
        nulls: Directions that mean nothing.
        doses: Ways of steering with their doses; the dose of an ablation doesn't matter.
        on_progress: Called with the number of readings that are done, and of all.
        kinds: The kind of each null, for p; empty if all are of one kind.

    Returns:
        A table with the columns `DOSE_COLUMNS`, whose first row is no steering; and the nulls, with the columns null
        (its number), way, dose, change and sense.
    """
    before = reader.read()
    rows = [tuple(_dose_row(before, before, ADD, 0.0, [], []))]
    kinds = kinds or [""] * len(nulls)
    null_rows: list[tuple[int, str, float, float, float]] = []
    total, done = len(doses) * (1 + len(nulls)), 0
    for way, dose in doses:
        changes: list[float] = []
        for number, null in enumerate(nulls):
            read = reader.read(layer, null.change(way, dose))
            changes.append(_change(read, before).estimate)
            null_rows.append((number, way, dose, changes[-1], sense(read)))
            done += 1
            on_progress(done, total)
        rows.append(tuple(_dose_row(reader.read(layer, vector.change(way, dose)), before, way, dose, changes, kinds)))
        done += 1
        on_progress(done, total)
    table = pd.DataFrame(rows, columns=DOSE_COLUMNS)
    return table, pd.DataFrame(null_rows, columns=["null", "way", "dose", "change", "sense"])


def effect(up: pd.DataFrame, down: pd.DataFrame) -> Effect:
    """Return half the difference of log-odds between two readings of the same pairs, paired by question.

    Args:
        up: A reading with the direction added, with the columns of `pairs.COLUMNS`.
        down: One with it subtracted.
    """
    halved = (up.assign(log_odds=up["log_odds"] / 2), down.assign(log_odds=down["log_odds"] / 2))
    return _contrast(*(_frame(one, TRAIT) for one in halved))


def sense(read: pd.DataFrame) -> float:
    """Return the share of shuffled pairs in which the sentence is likelier than its words in random order (0-1).

    Args:
        read: A reading, with the columns of `pairs.COLUMNS`. Without shuffled pairs, the share is NaN.
    """
    own = read.loc[read["kind"].eq(SHUFFLED), "log_odds"]
    return float(own.lt(0).mean()) if len(own) else float("nan")


def _both(
    reader: PairReader, layer: int, direction: NDArray, norm: float, dose: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the readings with a direction added and subtracted."""
    up, down = (reader.read(layer, added(direction, side * dose * norm)) for side in (1, -1))
    return up, down


def _dose_row(
    read: pd.DataFrame, before: pd.DataFrame, way: str, dose: float, nulls: Sequence[float], kinds: Sequence[str]
) -> Iterator[object]:
    own = read[read["kind"].eq(TRAIT)]
    odds = level(_frame(read, TRAIT), family=way, label=way, measure="log-odds", unit="nats")
    change, neutral = _change(read, before), float("nan")
    if read["kind"].eq(NEUTRAL).any():
        neutral = _contrast(_frame(read, NEUTRAL), _frame(before, NEUTRAL)).estimate
    ends = (min(nulls), max(nulls)) if len(nulls) else (float("nan"), float("nan"))
    kept, nats = sense(read), float(own[["first", "second"]].to_numpy().mean())
    yield from (way, dose, float(own["log_odds"].gt(0).mean()), odds.estimate, odds.low, odds.high)
    yield from (change.estimate, change.low, change.high, largest_p(change.estimate, nulls, kinds), *ends)
    yield from (neutral, kept, nats, bool(kept >= SENSE_KEPT * sense(before)), odds.clusters)


def _change(read: pd.DataFrame, before: pd.DataFrame) -> Effect:
    return _contrast(_frame(read, TRAIT), _frame(before, TRAIT))


def _contrast(left: pd.DataFrame, right: pd.DataFrame) -> Effect:
    return contrast(left, right, family="steering", label="change", measure="log-odds", unit="nats")


def _frame(read: pd.DataFrame, kind: str) -> pd.DataFrame:
    own = read[read["kind"].eq(kind)]
    return pd.DataFrame({"seed": 0, "cluster": own["question"], "value": own["log_odds"]})
