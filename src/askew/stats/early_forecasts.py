"""Forecasts of an event's time from the beginning of a training, scored on seeds that they were not made from.

Each seed is left out in turn. The naive forecast of its time is the mean of the logarithms of the other seeds' times in
the same group. The early forecast adds to it what the network's own beginning says, by a ridge regression (Hoerl and
Kennard 1970) on the other seeds; without anything to learn it falls back on the naive one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import nan

import numpy as np
import pandas as pd

COLUMNS = ("network", "group", "seed", "time", "naive", "early")

_PENALTY = 1.0
_MOST_EXACT = 12  # seeds whose signs are all tried
_DRAWS = 4095


@dataclass(frozen=True)
class ForecastScore:
    """The scores of forecasts on seeds that were left out. Errors are of logarithms: 0.1 is about 10% of the time.

    Attributes:
        forecasts: One row per network, with the columns `COLUMNS`; times in their own unit.
        naive: Mean absolute error of the naive forecast.
        early: That of the early one.
        p: How often random signs of the seeds' differences favour either as much; NaN with fewer than two seeds.
        least_p: The smallest p that so many seeds can give.
        left_out: Networks that were not forecast: their event was not seen, or had come before the forecast.
    """

    forecasts: pd.DataFrame
    naive: float
    early: float
    p: float
    least_p: float
    left_out: int


def score_forecasts(networks: pd.DataFrame, features: Sequence[str]) -> ForecastScore:
    """Return the scores of both forecasts.

    Args:
        networks: One row per network, with the columns network, group, seed, time (NaN if its event was not seen, or
            came too early) and the features.
        features: The columns that are known at the time of the forecast.
    """
    known = networks.dropna(subset=["time", *features])
    sizes = known.groupby("group")["seed"].transform("nunique")
    known = known[sizes.ge(3)].reset_index(drop=True)
    parts = [_left_out(known, seed, features) for seed in known["seed"].unique()]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    left_out = len(networks) - len(found)
    if found.empty:
        return ForecastScore(found, nan, nan, nan, nan, left_out)
    errors = {name: _errors(found, name) for name in ("naive", "early")}
    by_seed = (errors["early"] - errors["naive"]).groupby(found["seed"]).mean().to_numpy(float)
    p, least_p = _signs(by_seed)
    return ForecastScore(found, float(errors["naive"].mean()), float(errors["early"].mean()), p, least_p, left_out)


def _errors(found: pd.DataFrame, name: str) -> pd.Series:
    """Return the error of each forecast, of the logarithm of the time."""
    logs = np.log(found[[name, "time"]].to_numpy(float))
    return pd.Series(np.abs(logs[:, 0] - logs[:, 1]), index=found.index)


def _left_out(known: pd.DataFrame, seed: int, features: Sequence[str]) -> pd.DataFrame:
    """Return both forecasts for the networks of one seed, made from those of the others."""
    own, others = known[known["seed"].eq(seed)], known[known["seed"].ne(seed)]
    logs = pd.Series(np.log(others["time"].to_numpy(float)), index=others.index)
    by_group = others["group"]
    middle = logs.groupby(by_group).mean()
    own = own[own["group"].isin(middle.index)]
    naive = own["group"].map(middle).to_numpy(float)
    means, x = others.groupby("group")[list(features)].mean(), others[list(features)].to_numpy(float)
    spread = np.maximum((x - means.loc[by_group].to_numpy(float)).std(0), 1e-12)
    x = (x - means.loc[by_group].to_numpy(float)) / spread
    y = (logs - by_group.map(middle)).to_numpy(float)
    weights = np.linalg.solve(x.T @ x + _PENALTY * np.eye(len(features)), x.T @ y)
    at = (own[list(features)].to_numpy(float) - means.loc[own["group"]].to_numpy(float)) / spread
    early = naive + np.clip(at, -3, 3) @ weights
    return own[["network", "group", "seed", "time"]].assign(naive=np.exp(naive), early=np.exp(early))


def _signs(differences: np.ndarray) -> tuple[float, float]:
    """Return the two-sided p-value of a mean by random signs (Fisher 1935), and the smallest that there could be."""
    count = len(differences)
    if count < 2:
        return nan, nan
    if count <= _MOST_EXACT:
        signs = np.array(list(product((1, -1), repeat=count)))
        means = np.abs(signs @ differences)
        return float(np.mean(means >= abs(differences.sum()) - 1e-12)), 2 / len(signs)
    signs = np.random.default_rng(0).choice([1, -1], (_DRAWS, count))
    means = np.abs(signs @ differences)
    return float((1 + np.sum(means >= abs(differences.sum()) - 1e-12)) / (1 + _DRAWS)), 1 / (1 + _DRAWS)
