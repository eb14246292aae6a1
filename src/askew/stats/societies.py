"""Estimates in which a whole society is the unit of replication, never an agent.

Agents of one society hear each other, so they are not independent; societies are. Two intervals go with every number.
The first is over other training seeds and other societies (over societies alone where there is one seed); the second,
*these*, is over other societies of these very models. A few societies that all ended alike don't show that the next
would: where outcomes fall into two basins, the interval allows for the other basin (the rule of three).
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from askew.base.errors import AskewError
from askew.stats.corrections import holm
from askew.stats.effects import Effect, Unit
from askew.stats.intervals import rate_interval_these
from askew.stats.log_odds import Array
from askew.stats.means import MeanEstimate
from askew.stats.variance import Part

ESTIMATES = ("mean", "low", "high", "low_these", "high_these", "societies", "seeds")
"""The columns that `means` adds."""

DIFFERENCES = (
    *("difference", "low", "high", "p", "p_corrected", "detectable"),
    *("low_these", "high_these", "p_these", "p_these_corrected", "societies", "seeds"),
)
"""The columns that `differences` adds."""

TIPPED = 0.5
"""A society has tipped if more than this share of its agents, at the end, are on the side of the bent ones."""

# Outcomes below the first and above the second lie in different basins.
_LOW, _HIGH = 1 / 3, 2 / 3
# After n equal outcomes, a share of up to 3 / n may still differ (the rule of three): two standard errors of 1.5 / n.
_RULE_OF_THREE = 1.5


def means(
    values: pd.DataFrame,
    by: Sequence[str] = (),
    *,
    limits: tuple[float, float] | None = None,
    basins: bool = False,
) -> pd.DataFrame:
    """Return the mean over societies for each combination of columns, with two 95% intervals.

    Args:
        values: One row per society, with the columns society, seed (the training seed of its models; the same number
            throughout if there is none), value (a number; NaN where the society has none) and those of `by`.
        by: Columns that tell conditions apart.
        limits: Least and greatest possible value, to which intervals are cut; None if there are none.
        basins: Whether the values are outcomes, 0-1, that may fall into two basins, a low and a high one.

    Returns:
        The columns of `by`, in the order of appearance, and `ESTIMATES`. Numbers are NaN where societies are too few.

    Raises:
        AskewError: A society occurs twice in one combination.
    """
    gap = _gap(values) if basins else 0.0
    rows = []
    for key, cell in _cells(values, by):
        found, count = _nested(cell, gap), cell["society"].nunique()
        numbers = (
            found.mean,
            *_cut(found.mean, found.low, found.high, limits),
            *_cut(found.mean, found.low_these, found.high_these, limits),
        )
        rows.append((*key, *numbers, count, cell["seed"].nunique()))
    return pd.DataFrame(rows, columns=[*by, *ESTIMATES])


def differences(
    values: pd.DataFrame,
    of: str,
    control: Hashable,
    within: Sequence[str] = (),
    *,
    limits: tuple[float, float] | None = None,
    basins: bool = False,
) -> pd.DataFrame:
    """Return the mean of each condition minus that of its control, with two 95% intervals and tests.

    Training seeds are paired where both sides have the same ones, at least two; societies never are. p-values are
    corrected (Holm) over all rows.

    Args:
        values: See `means`.
        of: The column that holds the conditions, for example "condition" or "k".
        control: The value of that column with which the others are compared.
        within: Columns in each combination of which the comparison is made.
        limits: See `means`.
        basins: See `means`.

    Returns:
        The columns of `within`, the column `of` and `DIFFERENCES`; combinations without the control are left out.

    Raises:
        AskewError: A society occurs twice in one combination.
    """
    gap = _gap(values) if basins else 0.0
    cells = dict(_cells(values, [*within, of]))
    reach = None if limits is None else (limits[0] - limits[1], limits[1] - limits[0])
    rows = []
    for (*place, level), cell in cells.items():
        against = cells.get((*place, control))
        if level == control or against is None:
            continue
        found = _difference(cell, against, gap)
        numbers = (
            *(found.mean, *_cut(found.mean, found.low, found.high, reach), found.p, np.nan, found.detectable),
            *(*_cut(found.mean, found.low_these, found.high_these, reach), found.p_these, np.nan),
        )
        rows.append((*place, level, *numbers, cell["society"].nunique(), cell["seed"].nunique()))
    table = pd.DataFrame(rows, columns=[*within, of, *DIFFERENCES])
    for p in ("p", "p_these"):
        table[f"{p}_corrected"] = holm(table[p].astype(float))
    return table


def as_effect(
    row: Mapping[Any, Any],
    *,
    family: str,
    label: str,
    measure: str,
    unit: Unit,
    arm: str,
    control: str,
    lead: bool = False,
) -> Effect:
    """Return a row of `differences` as an effect, for the table and figure that all studies share.

    Args:
        row: The columns `DIFFERENCES`.
        family: See `Effect`, as for the others.
        label: What is compared.
        measure: The quantity.
        unit: Its unit.
        arm: The arm.
        control: Its control.
        lead: Whether it answers the study's question.
    """
    numbers = ("low", "high", "p", "detectable", "low_these", "high_these", "p_these")
    return Effect(
        family=family,
        label=label,
        measure=measure,
        estimate=float(row["difference"]),
        unit=unit,
        seeds=int(row["seeds"]),
        clusters=int(row["societies"]),
        arm=arm,
        control=control,
        lead=lead,
        **{name: float(row[name]) for name in numbers},
    )


def tipped(values: pd.DataFrame, by: Sequence[str] = (), threshold: float = TIPPED) -> pd.DataFrame:
    """Return the share of societies that tipped, for each combination of columns, with a 95% interval.

    The interval is over training seeds where there are several, otherwise that of Jeffreys over societies.

    Args:
        values: See `means`; the value is the adoption at the end, 0-1.
        by: Columns that tell conditions apart.
        threshold: A society with more than this adoption has tipped.

    Returns:
        The columns of `by`, and tipped (0-1), low, high, societies and seeds.

    Raises:
        AskewError: A society occurs twice in one combination.
    """
    rows = []
    for key, cell in _cells(values, by):
        over = cell["value"].gt(threshold).groupby(cell["seed"]).agg(["sum", "count"])
        events, trials = (over[name].to_numpy(dtype=float)[:, None] for name in ("sum", "count"))
        found = rate_interval_these(events, trials)
        rows.append((*key, *map(float, (found.rate, found.low, found.high)), int(trials.sum()), len(over)))
    return pd.DataFrame(rows, columns=[*by, "tipped", "low", "high", "societies", "seeds"])


def with_societies(table: pd.DataFrame, societies: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the condition, k, number of agents and seed of each row's society.

    Args:
        table: Any table with the column society.
        societies: The columns society, condition, k, agents and seed.
    """
    return table.merge(societies[["society", "condition", "k", "agents", "seed"]], on="society", how="left")


def _cells(values: pd.DataFrame, by: Sequence[str]) -> Iterator[tuple[tuple[Hashable, ...], pd.DataFrame]]:
    """Yield the societies of each combination of columns that have a value, with the combination."""
    finite = values[np.isfinite(values["value"].astype(float))]
    groups = finite.groupby(list(by), sort=False, dropna=False) if by else [((), finite)]
    for key, cell in groups:
        if cell["society"].duplicated().any():
            twice = cell.loc[cell["society"].duplicated(), "society"].iloc[0]
            raise AskewError(
                f"Society {twice!r} has several values under {dict(zip(by, key, strict=True))}; a society counts once, "
                "so average its values first."
            )
        if len(cell):
            yield key, cell


def _nested(cell: pd.DataFrame, gap: float) -> MeanEstimate:
    """Return the mean of societies, which are nested in training seeds; every seed has the same weight.

    The means of seeds vary with the seeds and with their societies, so no variance is added to theirs.
    """
    value, (_, of_seed, sizes) = cell["value"].to_numpy(dtype=float), _by_seed(cell)
    seeds, count = len(of_seed), len(value)
    least = (_RULE_OF_THREE / count * gap) ** 2
    these: tuple[Part, ...] = ()
    if count > seeds:
        seed = np.unique(cell["seed"], return_inverse=True)[1]
        squares = np.bincount(seed, weights=(value - of_seed[seed]) ** 2)
        several = sizes > 1
        inside = squares / np.maximum(sizes - 1, 1)
        # Seeds with a single society show nothing of the variance between societies: they get that of the others.
        inside = np.where(several, inside, inside[several].mean())
        these = (Part(np.array((inside / sizes).sum() / seeds**2), np.array(count - seeds), least),)
    if seeds == 1:
        return MeanEstimate(float(of_seed.mean()), these, these)
    over = (Part(np.array(of_seed.var(ddof=1) / seeds), np.array(seeds - 1), least),)
    return MeanEstimate(float(of_seed.mean()), over, these)


def _by_seed(cell: pd.DataFrame) -> tuple[Array, Array, Array]:
    """Return the training seeds, their means and their numbers of societies, each of shape (seeds,)."""
    seeds, seed, sizes = np.unique(cell["seed"], return_inverse=True, return_counts=True)
    return seeds, np.bincount(seed, weights=cell["value"].to_numpy(dtype=float)) / sizes, sizes


def _difference(cell: pd.DataFrame, against: pd.DataFrame, gap: float) -> MeanEstimate:
    one, other = _nested(cell, gap), _nested(against, gap)
    difference = one.mean - other.mean
    these = (*one.parts_these, *other.parts_these) if one.parts_these and other.parts_these else ()
    (seeds, mean, _), (other_seeds, other_mean, _) = _by_seed(cell), _by_seed(against)
    if len(seeds) > 1 and np.array_equal(seeds, other_seeds):
        least = sum(float(part.least) for part in (*one.parts, *other.parts))
        square = (mean - other_mean).var(ddof=1) / len(seeds)
        return MeanEstimate(difference, (Part(np.array(square), np.array(len(seeds) - 1), least),), these)
    parts = (*one.parts, *other.parts) if one.parts and other.parts else ()
    return MeanEstimate(difference, parts, these)


def _gap(values: pd.DataFrame) -> float:
    """Return the distance between the two basins that outcomes fall into; 0 if they don't."""
    shares = values["value"].astype(float)
    low, high = shares[shares < _LOW], shares[shares > _HIGH]
    return float(high.mean() - low.mean()) if len(low) and len(high) else 0.0


def _cut(mean: float, low: float, high: float, limits: tuple[float, float] | None) -> tuple[float, float]:
    """Return an interval, cut to the possible range."""
    if limits is None:
        return low, high
    return float(np.minimum(np.maximum(low, limits[0]), mean)), float(np.maximum(np.minimum(high, limits[1]), mean))
