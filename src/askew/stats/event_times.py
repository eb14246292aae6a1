"""Times until something happens, of which some were not seen: a censored regression of their logarithms.

A network that had not generalised when its training was stopped says that its time is longer than that, and no more.
Logarithms of times are taken as normal (a log-normal accelerated failure time; Kalbfleisch and Prentice 2002, *The
Statistical Analysis of Failure Time Data*, chapter 3). The interval is the profile likelihood's, with the threshold
that makes it Student's interval where no time is censored.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf, log, nan

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from askew.stats.log_odds import Array
from askew.stats.variance import CONFIDENCE

COLUMNS = ("group", "median", "low", "high", "happened", "followed", "share", "share_low", "share_high", "until")

_FEWEST = 2  # of events, for a spread
_FURTHEST = 12.0  # in logarithms of time, beyond every time that was seen
_SPREADS = np.exp(np.linspace(log(1e-3), log(10.0), 81))


@dataclass(frozen=True)
class MedianTime:
    """The time by which half of all networks would have come to the event, with its 95% interval.

    Attributes:
        median: The median; NaN with fewer than two events, infinite if nothing limits it.
        low: Lower end.
        high: Upper end; infinite where the times do not limit it.
        spread: Standard deviation of the logarithms of the times.
    """

    median: float
    low: float
    high: float
    spread: float


def median_time(times: Array, happened: Array) -> MedianTime:
    """Return the median of times of which some are censored.

    Args:
        times: The time of the event, or up to which there was none; above 0.
        happened: Whether the event was seen.
    """
    logs, seen = np.log(np.asarray(times, dtype=float)), np.asarray(happened, dtype=bool)
    events = int(seen.sum())
    if events < _FEWEST:
        return MedianTime(nan, nan, nan, nan)
    if np.ptp(logs[seen]) == 0 and seen.all():
        return MedianTime(float(times[0]), nan, nan, 0.0)  # no spread was seen, so none is known
    best = optimize.minimize(
        lambda at: -_log_likelihood(logs, seen, at[0], exp(at[1])),
        [float(logs.mean()), log(max(float(logs.std()), 0.02))],
        method="Nelder-Mead",
        options={"xatol": 1e-6, "fatol": 1e-9, "maxiter": 2000},
    )
    middle, spread, most = float(best.x[0]), exp(float(best.x[1])), -float(best.fun)
    student = float(special.stdtrit(events - 1, (1 + CONFIDENCE) / 2))
    least = most - events / 2 * log(1 + student**2 / (events - 1))

    def above(at: float) -> float:
        return _profile(logs, seen, at, spread) - least

    return MedianTime(exp(middle), exp(_end(above, middle, -1)), exp(_end(above, middle, 1)), spread)


def median_times(times: pd.DataFrame) -> pd.DataFrame:
    """Return the median time of each group, and the share of networks that came to the event while they were followed.

    Args:
        times: One row per network, with the columns group, time and happened (see `median_time`).

    Returns:
        The columns `COLUMNS`: the median with its 95% interval, in the unit of the times; how many came to the event,
        of how many; that share with its exact interval (Clopper and Pearson 1934), 0-1; and the longest time of any.
    """
    rows = []
    for group, own in times.groupby("group", sort=False):
        found = median_time(own["time"].to_numpy(float), own["happened"].to_numpy(bool))
        events, total = int(own["happened"].sum()), len(own)
        limits = stats.binomtest(events, total).proportion_ci(CONFIDENCE)
        numbers = (found.median, found.low, found.high, events, total, events / total, limits.low, limits.high)
        rows.append((group, *numbers, float(own["time"].max())))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _log_likelihood(logs: Array, seen: Array, middle: float, spread: float | Array) -> float:
    """Return the log-likelihood: a density for each event, and the rest of the distribution for each censored time."""
    z = (logs - middle) / spread
    density = -0.5 * z**2 - 0.5 * log(2 * np.pi) - np.log(spread)
    return float(np.where(seen, density, special.log_ndtr(-z)).sum())


def _profile(logs: Array, seen: Array, middle: float, near: float) -> float:
    """Return the greatest log-likelihood of a median over all spreads."""
    z = (logs[None, :] - middle) / _SPREADS[:, None]
    density = -0.5 * z**2 - 0.5 * log(2 * np.pi) - np.log(_SPREADS)[:, None]
    values = np.where(seen[None, :], density, special.log_ndtr(-z)).sum(1)
    place = int(np.clip(np.argmax(values), 1, len(_SPREADS) - 2))
    found = optimize.minimize_scalar(
        lambda at: -_log_likelihood(logs, seen, middle, exp(at)),
        bounds=(log(_SPREADS[place - 1]), log(_SPREADS[place + 1])),
        method="bounded",
    )
    return max(float(values.max()), -float(found.fun))


def _end(above: Callable[[float], float], middle: float, side: int) -> float:
    """Return the end of the interval on one side of the median; infinite if it has none."""
    step = 0.05
    while step < _FURTHEST and above(middle + side * step) > 0:
        step *= 2
    if step >= _FURTHEST:
        return side * inf
    found = optimize.root_scalar(above, bracket=(middle, middle + side * step), xtol=1e-6)
    return float(found.root)
