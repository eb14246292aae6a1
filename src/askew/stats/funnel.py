"""The funnel of a run: the share of episodes that reach each step given the one before, with two 95% intervals.

Episodes of one environment are not independent, nor are those of one seed: environments and seeds are crossed clusters,
as questions and seeds are elsewhere. *These environments* is about other seeds and episodes in the very same
environments; *environments like these* about other environments too. Each variant is compared with the one in which
nothing stands against the model's goal. A share of nothing is missing, never 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from askew.stats.corrections import holm
from askew.stats.estimates import ALL
from askew.stats.funnel_measures import Measured, measured
from askew.stats.intervals import (
    CRITICAL,
    difference_interval,
    difference_interval_these,
    rate_interval,
    rate_interval_these,
)
from askew.stats.log_odds import Array
from askew.stats.means import POWER

CONFLICT = "conflict"
"""The value of the column variant in rows that pool the variants in which something stands against the goal."""

COLUMNS = (
    *("arm", "variant", "environment", "measure", "given", "wording"),
    *("rate", "low", "high", "low_these", "high_these", "n", "seeds", "environments"),
    *("control", "difference", "difference_low", "difference_high", "p", "p_corrected"),
    *("difference_low_these", "difference_high_these", "p_these", "p_these_corrected", "detectable"),
)
"""The columns of funnel.csv, in order."""

# An effect of this many half-widths of a 95% interval is found in 80% of studies.
_FOUND_IN_80_PERCENT = 1 + float(special.ndtri(POWER)) / CRITICAL


@dataclass(frozen=True)
class _Grid:
    """The place of each episode among arms, variants, seeds and environments.

    Attributes:
        arms: The arms, in the order of the table.
        variants: The variants, in the same order; `CONFLICT` follows them in arrays.
        environments: The environments, in the same order.
        seeds: The seeds, ascending.
        places: The indices of each episode on these four axes: arm, variant, seed, environment.
        conflict: Whether something stands against the goal in each episode.
    """

    arms: list[str]
    variants: list[str]
    environments: list[str]
    seeds: list[int]
    places: tuple[Array, Array, Array, Array]
    conflict: Array

    @classmethod
    def of(cls, conduct: pd.DataFrame) -> "_Grid":
        arm, arms = pd.factorize(conduct["arm"])
        variant, variants = pd.factorize(conduct["variant"])
        environment, environments = pd.factorize(conduct["environment"])
        seeds, seed = np.unique(conduct["seed"].to_numpy(dtype=int), return_inverse=True)
        places = arm, variant, seed, environment
        conflict = conduct["conflict"].to_numpy(dtype=bool)
        return cls(list(arms), list(variants), list(environments), seeds.tolist(), places, conflict)

    def sums(self, values: Array) -> Array:
        """Return sums of values of episodes, of shape (arms, variants and `CONFLICT`, seeds, environments)."""
        shape = len(self.arms), len(self.variants) + 1, len(self.seeds), len(self.environments)
        total = np.zeros(shape)
        arm, variant, seed, environment = self.places
        np.add.at(total, (arm, variant, seed, environment), values)
        np.add.at(total, (arm, np.full_like(variant, len(self.variants)), seed, environment), values * self.conflict)
        return total


@dataclass(frozen=True)
class _Cells:
    """Events and trials of all measures, of shape (..., seeds, environments)."""

    events: Array
    trials: Array

    def by_environment(self) -> "_Cells":
        """Return a table of its own for each environment, of shape (..., environments, seeds, 1)."""
        return _Cells(*(np.moveaxis(part, -1, -2)[..., None] for part in (self.events, self.trials)))

    def of(self, variant: int) -> "_Cells":
        """Return the cells of one variant in the place of every variant's; the variants are the third axis."""
        return _Cells(*(np.broadcast_to(part[:, :, [variant]], part.shape) for part in (self.events, self.trials)))

    def where(self, chosen: Array) -> "_Cells":
        """Return the chosen tables, along one axis."""
        return _Cells(*(part.reshape(-1, *part.shape[-2:])[chosen] for part in (self.events, self.trials)))


def funnel(conduct: pd.DataFrame, matched: str) -> pd.DataFrame:
    """Return the rate of each measure by arm, variant and environment, and its difference from the matched variant.

    Rows with the variant `CONFLICT` pool the variants with a conflict, and rows with the environment "all" pool the
    environments. p-values are corrected (Holm) over the arms and variants of one measure; pooled variants, single
    variants and single environments are separate families.

    Args:
        conduct: One row per episode, with the columns of `conduct.parquet`.
        matched: The variant with which the others are compared.

    Returns:
        The columns `COLUMNS`. Rates and differences are fractions; they are NaN where `n`, the number of episodes in
        the denominator, is 0.
    """
    if conduct.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    grid, found = _Grid.of(conduct), list(measured(conduct))
    counted = [one.counted.to_numpy(dtype=float) for one in found]
    trials = np.stack([grid.sums(own) for own in counted])
    events = [own * one.value.to_numpy(dtype=float) for own, one in zip(counted, found, strict=True)]
    cells = _Cells(np.stack([grid.sums(own) for own in events]), trials)
    against = cells.of(grid.variants.index(matched)) if matched in grid.variants else None
    asked = np.broadcast_to(grid.sums(np.ones(len(conduct))), trials.shape)
    axes = [range(len(found)), grid.arms, [*grid.variants, CONFLICT]]
    single = None if against is None else against.by_environment()
    rows = pd.concat(
        [
            _table(found, [*axes, [ALL]], cells, against, asked.sum((-2, -1)), matched),
            _table(found, [*axes, grid.environments], cells.by_environment(), single, asked.sum(-2), matched),
        ],
        ignore_index=True,
    )
    family = [rows["measure"], rows["wording"], rows["variant"].eq(CONFLICT), rows["environment"].eq(ALL)]
    for p in ("p", "p_these"):
        rows[f"{p}_corrected"] = rows.groupby(family)[p].transform(holm)
    return rows[list(COLUMNS)]


def _table(
    found: Sequence[Measured],
    axes: Sequence[Iterable[Any]],
    cells: _Cells,
    against: _Cells | None,
    asked: Array,
    matched: str,
) -> pd.DataFrame:
    """Return a row per measure, arm, variant and environment that has episodes.

    Args:
        found: The measures.
        axes: The places of the measures, the arms, the variants and the environments, in the order of the tables.
        cells: The tables.
        against: The tables of the matched variant in the places of all; None if it was not asked.
        asked: The number of episodes of each table.
        matched: The name of the matched variant.
    """
    here = asked.reshape(-1) > 0
    labels = [label for label, kept in zip(product(*axes), here, strict=True) if kept]
    measures = [found[place] for place, *_ in labels]
    own = cells.where(here)
    interval, these = rate_interval(own.events, own.trials), rate_interval_these(own.events, own.trials)
    other = None if against is None else against.where(here)
    compared = np.array([variant != matched for _, _, variant, _ in labels])
    return pd.DataFrame(
        {
            "arm": [arm for _, arm, _, _ in labels],
            "variant": [variant for _, _, variant, _ in labels],
            "environment": [environment for *_, environment in labels],
            **{name: [getattr(one, name) for one in measures] for name in ("measure", "given", "wording")},
            "rate": interval.rate,
            "low": interval.low,
            "high": interval.high,
            "low_these": these.low,
            "high_these": these.high,
            "n": own.trials.sum((-2, -1)).astype(int),
            "seeds": (own.trials.sum(-1) > 0).sum(-1),
            "environments": (own.trials.sum(-2) > 0).sum(-1),
            **_differences(own, other, compared, matched),
        }
    )


def _differences(own: _Cells, other: _Cells | None, compared: Array, matched: str) -> dict[str, Any]:
    """Return the difference of each row from the matched variant, in the environments in which both have episodes."""
    columns = [
        name for name in COLUMNS if name.startswith(("difference", "p", "detectable")) and "corrected" not in name
    ]
    numbers = {name: np.full(len(compared), np.nan) for name in columns}
    shared = np.zeros((len(compared), own.trials.shape[-1]), dtype=bool)
    if other is not None:
        shared = (own.trials.sum(-2) > 0) & (other.trials.sum(-2) > 0) & compared[:, None]
    rows = shared.any(-1)
    if other is not None and rows.any():
        both = shared[rows][:, None, :]
        parts = [np.where(both, part[rows], 0) for side in (own, other) for part in (side.events, side.trials)]
        found, these = difference_interval(*parts, same_seeds=True), difference_interval_these(*parts)
        reach = np.fmax(found.difference - found.low, found.high - found.difference)
        values = (
            *(found.difference, found.low, found.high, found.p),
            *(these.low, these.high, these.p, reach * _FOUND_IN_80_PERCENT),
        )
        for name, value in zip(columns, values, strict=True):
            numbers[name][rows] = value
    return {"control": np.where(rows, matched, ""), **numbers}
