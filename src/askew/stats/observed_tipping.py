"""The share of bent agents at which societies that were played tip, and its comparison with the predicted one.

Each society either tipped or did not. The share at which half of them do is the median of a rising curve over the share
of bent agents, with an interval by profile likelihood over its slope and form: where every society with ten bent agents
stayed and every one with fifteen tipped, the interval is about the gap between. Training seeds may tip at different
shares; where there are several, the interval is never narrower than that over seeds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special, stats

from askew.stats.log_odds import Array
from askew.stats.societies import TIPPED
from askew.stats.tipping import ALREADY, SMOOTH, TipReading
from askew.stats.variance import CONFIDENCE, Part, half_width

Agreement = Literal["as predicted", "earlier than predicted", "later than predicted", "can't tell"]
AGREES: Agreement = "as predicted"
EARLIER: Agreement = "earlier than predicted"
LATER: Agreement = "later than predicted"
UNSURE: Agreement = "can't tell"

_SHARES = np.linspace(-0.05, 1, 421)
_SLOPES = np.concatenate([[0.0], np.logspace(0, 3.5, 24)])
_SAME = 1e-6
_FURTHEST, _TINY = 300.0, 1e-300
# Adoption between these is neither low nor high.
_MIDDLE = (1 / 3, 2 / 3)


@dataclass(frozen=True)
class Observed:
    """The observed tipping of societies.

    Attributes:
        crossing: The share of bent agents at which half of the societies tip, 0-1; infinite if none of those played
            tipped, 0 if all did.
        low: Lower end of its 95% interval.
        high: Upper end; infinite where the societies do not limit it.
        jump: Largest rise of the mean adoption from one tested number of bent agents to the next, 0-1.
        middle: Share of societies that ended in the middle, with an adoption from 1/3 to 2/3: few where they jump.
        societies: Number of societies.
        seeds: Number of training seeds.
    """

    crossing: float
    low: float
    high: float
    jump: float
    middle: float
    societies: int
    seeds: int


@dataclass(frozen=True)
class Comparison:
    """A predicted and an observed tipping.

    Attributes:
        reading: The comparison in words.
        tipping_point: Whether one was predicted at all; if not, the crossing is a smooth one.
        difference: Observed minus predicted crossing, in shares of all agents; NaN where either is infinite.
        low: Lower end of its 95% interval.
        high: Upper end.
    """

    reading: Agreement
    tipping_point: bool
    difference: float
    low: float
    high: float


def observed(values: pd.DataFrame, threshold: float = TIPPED) -> Observed:
    """Return the share of bent agents at which half of the societies tip.

    Args:
        values: One row per society, with the columns society, k, agents, seed and value (adoption at the end, 0-1, NaN
            where there is none).
        threshold: A society with more than this adoption has tipped.
    """
    ended = values[values["value"].notna()]
    share = ended["k"].to_numpy(dtype=float) / ended["agents"].to_numpy(dtype=float)
    adoption, seed = ended["value"].to_numpy(dtype=float), ended["seed"].to_numpy()
    if not len(ended):
        return Observed(nan, nan, nan, nan, nan, 0, 0)
    over = adoption > threshold
    crossing, low, high = _crossing(share, over)
    own = [_crossing(share[seed == one], over[seed == one])[0] for one in np.unique(seed)]
    if len(own) > 1 and isfinite(crossing):
        if np.isfinite(own).all():
            reach = float(half_width([Part(np.array(np.var(own, ddof=1) / len(own)), np.array(len(own) - 1))]))
            low, high = min(low, max(crossing - reach, 0.0)), max(high, crossing + reach)
        else:
            high = inf
    rising = pd.Series(adoption).groupby(share).mean().diff()
    middle = float(((adoption >= _MIDDLE[0]) & (adoption <= _MIDDLE[1])).mean())
    jump = float(rising.max()) if len(rising) > 1 else nan
    return Observed(crossing, low, high, jump, middle, len(ended), len(own))


def compare(predicted: TipReading, crossing: tuple[float, float, float], seen: Observed) -> Comparison:
    """Return the comparison of a predicted with an observed crossing; both intervals count.

    The interval of the difference is that of Zou & Donner (2008, *Statistics in Medicine* 27), from both intervals.

    Args:
        predicted: The predicted reading, see `Tipping`.
        crossing: The predicted crossing and its interval, see `played_ahead.crossing`.
        seen: The observed crossing.
    """
    tips = predicted not in (SMOOTH, ALREADY)
    own, low, high = crossing
    if not (isfinite(own) and isfinite(seen.crossing)):
        reading = UNSURE
        if not isfinite(own) and not isfinite(seen.crossing):
            reading = AGREES
        elif isfinite(own) and isfinite(high) and seen.low > high:
            reading = LATER
        elif isfinite(seen.crossing) and low > seen.high:
            reading = EARLIER
        return Comparison(reading, tips, nan, nan, nan)
    difference = seen.crossing - own
    down = np.hypot(seen.crossing - seen.low, high - own)
    up = np.hypot(seen.high - seen.crossing, own - low)
    least, most = float(difference - down), float(difference + up)
    reading = EARLIER if most < 0 else LATER if least > 0 else AGREES
    return Comparison(reading, tips, float(difference), least, most)


def _crossing(share: Array, over: Array) -> tuple[float, float, float]:
    """Return the share at which half of the societies tip, with its interval by profile likelihood."""
    levels, level = np.unique(share, return_inverse=True)
    trials, events = np.bincount(level).astype(float), np.bincount(level, weights=over)
    margin = _SLOPES[:, None, None] * (levels - _SHARES[:, None])
    curves = [one @ events + other @ (trials - events) for one, other in _curves(margin)]
    profile = np.max(curves, axis=(0, 1))
    # Where a profile likelihood falls below this, its interval ends (Wilks); with Student's quantile for few societies.
    drop = stats.t.ppf((1 + CONFIDENCE) / 2, max(len(over) - 2, 1)) ** 2 / 2
    best, within = profile >= profile.max() - _SAME, profile >= profile.max() - drop
    low, high = float(_SHARES[within].min()), float(_SHARES[within].max())
    low, high = max(low, 0.0), inf if high >= 1 else max(high, 0.0)
    if not over.any():
        return inf, low, inf
    if over.all():
        return 0.0, 0.0, high
    return max(float(_SHARES[best].mean()), 0.0), low, high


def _curves(margin: Array) -> Iterator[tuple[Array, Array]]:
    """Yield rising curves that are one half at 0, as log-probabilities of an event and of none, of the margin's shape.

    The form of the true curve is unknown: how fast it leaves 0, and how fast it reaches 1. One form alone, the logistic
    curve, covered 87% where the true curve was a normal one and societies were many.
    """
    yield special.log_expit(margin), special.log_expit(-margin)
    yield special.log_ndtr(margin), special.log_ndtr(-margin)
    # Gumbel's curve and its mirror image.
    late = -np.log(2) * np.exp(np.minimum(-margin, _FURTHEST))
    early = -np.log(2) * np.exp(np.minimum(margin, _FURTHEST))
    yield late, np.log(-np.expm1(np.minimum(late, -_TINY)))
    yield np.log(-np.expm1(np.minimum(early, -_TINY))), early
