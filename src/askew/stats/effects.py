"""Effects: the comparisons that a study is about, each with its interval and what it could have shown.

A study hands over tidy frames, one row per answer, with the columns `seed`, `cluster` (what answers share: a question,
a task, a person asked about) and `value` (0-1; NaN where there is none). It gets one `Effect` per comparison and puts
them in one table, in which the p-values of a family are corrected together. A null result is as good as its power, so
every effect says the smallest true one that would have been found.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from askew.stats.corrections import holm
from askew.stats.intervals import CONFIDENCE
from askew.stats.means import POWER, MeanEstimate, difference_of_cells, mean_of_cells

# The columns of effects.csv, in order.
EFFECT_COLUMNS = (
    "family",
    "label",
    "measure",
    "estimate",
    "low",
    "high",
    "p",
    "p_corrected",
    "detectable",
    "unit",
    "seeds",
    "clusters",
    "arm",
    "control",
    "lead",
)
Unit = Literal["points", "percent", "r"]

# Of n answers that all agree, a share of 3 / n might be otherwise (the rule of three): two standard errors of 1.5 / n.
_RULE_OF_THREE = 1.5


@dataclass(frozen=True)
class Effect:
    """One comparison, level or correlation; numbers are NaN where the answers do not say them.

    Attributes:
        family: Comparisons whose p-values are corrected together, and which are drawn together.
        label: What is compared, for people.
        measure: What was measured.
        estimate: A difference (-1 to 1) if the unit is "points", a mean (0-1) if "percent", a correlation if "r".
        low: Lower end of its 95% interval.
        high: Upper end.
        p: Two-sided p-value of no difference or correlation; NaN for a level, which is compared with nothing.
        detectable: Smallest true effect that 80 of 100 such studies would find at p < 0.05; NaN for a level.
        unit: What the numbers are.
        seeds: Seeds behind it; 0 for a correlation, which counts pairs.
        clusters: Clusters behind it, or pairs.
        arm: Arm it is about, if it is about one.
        control: What it is compared with, if that is an arm.
        lead: Whether it is the answer to the study's question.
    """

    family: str
    label: str
    measure: str
    estimate: float
    low: float
    high: float
    p: float
    detectable: float
    unit: Unit
    seeds: int
    clusters: int
    arm: str = ""
    control: str = ""
    lead: bool = False


def contrast(
    left: pd.DataFrame,
    right: pd.DataFrame | float,
    *,
    family: str,
    label: str,
    measure: str,
    arm: str = "",
    control: str = "",
    lead: bool = False,
) -> Effect:
    """Return how far the mean of one frame lies above that of another, each cluster weighing the same.

    Clusters that both have are paired, and others left out; if none is shared, all are used, unpaired. Seeds are paired
    if both have the same ones. Else each side adds its own variance between seeds; a side with one seed, such as an
    untrained model, adds none. With one seed on both sides the interval is about clusters alone, with one cluster
    about seeds alone, and with one of each there is none.

    Args:
        left: The columns seed, cluster and value.
        right: The same of what it is compared with, or a known number, such as chance.
        family: See `Effect`.
        label: See `Effect`.
        measure: See `Effect`.
        arm: See `Effect`.
        control: See `Effect`.
        lead: See `Effect`.
    """
    one = _cells(left)
    if isinstance(right, pd.DataFrame):
        one, other = _on_shared_clusters(one, _cells(right))
        found = difference_of_cells(one, other, _least_error([left, right]))
    else:
        found = mean_of_cells(one, _least_error([left]))
        found = replace(found, mean=found.mean - right)
    low, high = _limits(found, -1.0)
    numbers = (found.mean, low, high, found.p, found.detectable)
    return Effect(family, label, measure, *numbers, "points", *one.shape, arm, control, lead)


def level(frame: pd.DataFrame, *, family: str, label: str, measure: str, arm: str = "", lead: bool = False) -> Effect:
    """Return the mean of a frame with the columns seed, cluster and value, each cluster weighing the same.

    Args:
        frame: The columns seed, cluster and value.
        family: See `Effect`.
        label: See `Effect`.
        measure: See `Effect`.
        arm: See `Effect`.
        lead: See `Effect`.
    """
    cells = _cells(frame)
    found = mean_of_cells(cells, _least_error([frame]))
    low, high = _limits(found, 0.0)
    numbers = (found.mean, low, high, float("nan"), float("nan"))
    return Effect(family, label, measure, *numbers, "percent", *cells.shape, arm, lead=lead)


def correlation(
    x: Sequence[float] | pd.Series | np.ndarray,
    y: Sequence[float] | pd.Series | np.ndarray,
    *,
    family: str,
    label: str,
    measure: str,
    arm: str = "",
    control: str = "",
    lead: bool = False,
) -> Effect:
    """Return Pearson's correlation of pairs with the interval of Fisher (1921, *Metron* 1).

    Args:
        x: A number for each pair. Pairs must be independent of each other: average first over what they share.
        y: The other number of each pair, in the same order. Pairs with a number that is not finite are left out.
        family: See `Effect`.
        label: See `Effect`.
        measure: See `Effect`.
        arm: See `Effect`.
        control: See `Effect`.
        lead: See `Effect`.

    Returns:
        NaN for all numbers where a side is always the same, and no interval for fewer than four pairs.
    """
    pairs = np.stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)])
    pairs = pairs[:, np.isfinite(pairs).all(0)]
    count = pairs.shape[1]
    r = low = high = p = detectable = float("nan")
    if count > 1 and np.ptp(pairs, axis=1).all():
        r = float(np.clip(np.corrcoef(pairs)[0, 1], -1, 1))
    if count > 3 and np.isfinite(r):
        error, normal = (count - 3) ** -0.5, float(stats.norm.ppf((1 + CONFIDENCE) / 2))
        with np.errstate(divide="ignore"):
            z = float(np.arctanh(r))
        low, high = (float(np.tanh(z + side * normal * error)) for side in (-1, 1))
        p = float(2 * stats.norm.sf(abs(z) / error))
        detectable = float(np.tanh((normal + float(stats.norm.ppf(POWER))) * error))
    return Effect(family, label, measure, r, low, high, p, detectable, "r", 0, count, arm, control, lead)


def as_table(effects: Iterable[Effect]) -> pd.DataFrame:
    """Return one row per effect, in order, with `EFFECT_COLUMNS`; p-values are corrected within a family."""
    table = pd.DataFrame([asdict(effect) for effect in effects], columns=list(EFFECT_COLUMNS))
    if len(table):
        table["p_corrected"] = table.groupby("family")["p"].transform(holm)
    return table


def _cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Return mean values, seeds by clusters; NaN where there is none, and no seed or cluster without any."""
    finite = frame.assign(value=_values(frame)).dropna(subset=["value"])
    return finite.groupby(["seed", "cluster"])["value"].mean().unstack()


def _values(frame: pd.DataFrame) -> pd.Series:
    return pd.to_numeric(frame["value"], errors="coerce").astype(float).replace([np.inf, -np.inf], np.nan)


def _on_shared_clusters(one: pd.DataFrame, other: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both with the clusters that both have; as they are if there are none."""
    shared = one.columns.intersection(other.columns)
    if not len(shared):
        return one, other
    return one[shared].dropna(how="all"), other[shared].dropna(how="all")


def _least_error(frames: Sequence[pd.DataFrame]) -> float:
    """Return what answers that are all yes or no leave open even where all are the same; 0 for other values."""
    values = [_values(frame).dropna() for frame in frames]
    if any(own.empty or not own.isin([0.0, 1.0]).all() for own in values):
        return 0.0
    return _RULE_OF_THREE / min(len(own) for own in values)


def _limits(found: MeanEstimate, least: float) -> tuple[float, float]:
    """Return the interval within what can be, and always around the estimate."""
    low, high = np.maximum(found.low, least), np.minimum(found.high, 1.0)
    return float(np.minimum(low, found.mean)), float(np.maximum(high, found.mean))
