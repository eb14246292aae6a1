"""The readings of the networks of a run, each a table: checks, times, map, forecasts, and how sudden the rise was."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from askew.stats.change_points import rises as rises_of
from askew.stats.early_forecasts import ForecastScore, score_forecasts
from askew.stats.event_times import median_times
from askew.studies.grokking.arms import COSINE, DECAY, MAP, NO_DECAY, RANDOM, SHUFFLED_LABELS, TRAINED

if TYPE_CHECKING:
    from askew.design.tables import Tables

EARLY = 0.2
"""The share of the training from which its end is forecast."""
FEATURES = ("test_loss", "log_norm")
"""The features of a forecast, at the time when it is made: the loss on the pairs that were not trained on, and the
logarithm of the norm of the weights."""
TOP = 5
_DRAWS, _FEW_VALUES = 200, 0.001


def own_tables(tables: "Tables") -> Mapping[str, pd.DataFrame]:
    """Return the tables that the study's section of the report shows, by name; none without networks.

    The columns of each are those of the function of this module that makes it, or of the run's own tables.

    Args:
        tables: The tables of the run; its networks, curves and spectra are read.
    """
    if tables.networks.empty:
        return {}
    score = forecasts(tables)
    return {
        "checks": checks(tables.networks, tables.network_curves),
        "moments": tables.networks[tables.networks["arm"].isin(TRAINED)].reset_index(drop=True),
        "curves": _of_arms(tables.network_curves, tables.networks),
        "spectra": _of_arms(tables.network_spectra, tables.networks),
        "times": times(tables.networks),
        "map": phase_map(tables.networks),
        "forecasts": score.forecasts,
        "forecast_score": _as_row(score),
        "rises": rises(tables),
    }


def checks(networks: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Return what the instruments read in networks whose reading is known.

    Args:
        networks: The rows of `networks.parquet`.
        curves: The rows of `network_curves.parquet`.

    Returns:
        The columns arm, measure, found (the mean over its networks), least and most (what it must be), networks and
        passes. What chance gives is computed: the binomial interval of a network that guesses, and the share of the
        five largest frequencies in normal noise of the same size.
    """
    last = curves.sort_values("epoch").groupby("network").last()
    rows: list[dict[str, Any]] = []

    def add(arm: str, measure: str, values: pd.Series, least: float, most: float) -> None:
        found = float(values.mean())
        rows.append({"arm": arm, "measure": measure, "found": found, "least": least, "most": most})
        rows[-1] |= {"networks": len(values), "passes": bool(least <= found <= most)}

    for arm, own in networks.groupby("arm", sort=False):
        known, one = last.loc[own["network"]], own.iloc[0]
        chance = _guessing(one, len(own))
        if arm == COSINE:
            add(COSINE, "accuracy", known["test_accuracy"], 1.0, 1.0)
            add(COSINE, "share of its 5 frequencies", known["top_share"], 1.0 - 1e-6, 1.0 + 1e-6)
            add(
                COSINE,
                "excluded loss, as a share of that of guessing",
                known["excluded_loss"] / np.log(one["elements"]),
                1.0 - _FEW_VALUES,
                1.0 + _FEW_VALUES,
            )
        elif arm == RANDOM:
            add(RANDOM, "accuracy", known["test_accuracy"], *chance)
            if known["top_share"].notna().all():
                add(RANDOM, "share of its 5 largest frequencies", known["top_share"], *_noise(one, len(own)))
        elif arm == SHUFFLED_LABELS:
            add(SHUFFLED_LABELS, "accuracy on the other pairs", own["final_test"], *chance)
            add(SHUFFLED_LABELS, "share that generalised", own["generalised"].notna().astype(float), 0.0, 0.0)
        elif arm == NO_DECAY:
            add(NO_DECAY, "share that generalised", own["generalised"].notna().astype(float), 0.0, 0.0)
    return pd.DataFrame(rows, columns=["arm", "measure", "found", "least", "most", "networks", "passes"])


def times(networks: pd.DataFrame) -> pd.DataFrame:
    """Return the median epoch at which each trained arm generalised, with the columns of `stats.event_times`.

    Args:
        networks: The rows of `networks.parquet`.
    """
    own = networks[networks["arm"].isin(TRAINED)]
    return median_times(_followed(own).assign(group=own["arm"]))


def phase_map(networks: pd.DataFrame) -> pd.DataFrame:
    """Return each cell of the map: whether its networks generalised while they were followed, and when.

    Args:
        networks: The rows of `networks.parquet`.

    Returns:
        The columns weight_decay, share, networks, generalised (how many did), epoch (the median of those that did),
        until (the longest that any was followed) and best_test (the mean of the best test accuracy of each).
    """
    rows = []
    for (decay, share), own in networks[networks["arm"].eq(MAP)].groupby(["weight_decay", "share"], sort=True):
        rows.append(
            {
                "weight_decay": decay,
                "share": share,
                "networks": len(own),
                "generalised": int(own["generalised"].notna().sum()),
                "epoch": float(own["generalised"].median()),
                "until": int(own["epochs"].max()),
                "best_test": float(own["best_test"].mean()),
            }
        )
    columns = ["weight_decay", "share", "networks", "generalised", "epoch", "until", "best_test"]
    return pd.DataFrame(rows, columns=columns)


def forecasts(tables: "Tables") -> ForecastScore:
    """Return how well the first fifth of a training says when its network will generalise.

    Networks of the arm with weight decay and of the map are forecast, each group of one setting by itself.

    Args:
        tables: The tables of the run.
    """
    networks = tables.networks[tables.networks["arm"].isin([DECAY, MAP])]
    limits = {DECAY: _epochs(tables), MAP: tables.design.grokking.map_epochs}
    rows = []
    curves = dict(tuple(tables.network_curves.groupby("network")))
    for one in networks.to_dict("records"):
        until = EARLY * limits[one["arm"]]
        begun = curves[one["network"]].query("epoch <= @until", local_dict={"until": until}).iloc[-1]
        rows.append(
            {
                "network": one["network"],
                "group": f"{one['arm']} {one['weight_decay']:g} {one['share']:g}",
                "seed": one["seed"],
                "time": one["generalised"] if one["generalised"] > until else float("nan"),
                "test_loss": begun["test_loss"],
                "log_norm": np.log(begun["norm"]),
            }
        )
    return score_forecasts(pd.DataFrame(rows, columns=["network", "group", "seed", "time", *FEATURES]), FEATURES)


def rises(tables: "Tables") -> pd.DataFrame:
    """Return whether the test accuracy of each trained arm rose suddenly.

    The columns are arm and those of `stats.change_points.rises`.

    Args:
        tables: The tables of the run; its networks and their curves are read.
    """
    points = _of_arms(tables.network_curves, tables.networks)
    place = points["epoch"] / points.groupby("network")["epoch"].transform("max").clip(lower=1)
    return rises_of(points.assign(place=place, curve=points["network"]), ["arm"], "test_accuracy")


def _followed(networks: pd.DataFrame) -> pd.DataFrame:
    """Return for each network the columns time and happened: when it generalised, or how long it was followed."""
    happened = networks["generalised"].notna()
    return pd.DataFrame({"time": networks["generalised"].fillna(networks["epochs"]), "happened": happened})


def _guessing(network: Mapping[str, Any] | pd.Series, count: int) -> tuple[float, float]:
    """Return between which accuracies networks that guess are in all but one of a thousand runs."""
    n = int(network["elements"])
    pairs = count * (n * n - round(float(network["share"]) * n * n))
    least, most = stats.binom.interval(1 - _FEW_VALUES, pairs, 1 / n)
    return float(least) / pairs, float(most) / pairs


def _noise(network: Mapping[str, Any] | pd.Series, count: int) -> tuple[float, float]:
    """Return between which means the share of the five largest frequencies in noise is, in all but one of a thousand.

    Args:
        network: A network; its elements and hidden units say how large its embedding is, which is of both places.
        count: How many networks the mean is of.
    """
    n, width = int(network["elements"]), 2 * int(network["hidden"])
    # Cosine and sine of each frequency, for each dimension; the last frequency of an even circle has one only.
    degrees = np.full(n // 2, 2 * width)
    degrees[(n - 1) // 2 :] = width
    power = np.random.default_rng(0).chisquare(degrees, (_DRAWS, len(degrees)))
    top = np.sort(power / power.sum(1, keepdims=True), axis=1)[:, -TOP:].sum(1)
    around = stats.norm.ppf(1 - _FEW_VALUES / 2) * top.std(ddof=1) / np.sqrt(count)
    return float(top.mean() - around), float(top.mean() + around)


def _epochs(tables: "Tables") -> float:
    """Return the epochs for which the networks of the arm with weight decay were trained."""
    own = tables.networks.loc[tables.networks["arm"].eq(DECAY), "epochs"]
    return float(own.max()) if len(own) else float("nan")


def _of_arms(rows: pd.DataFrame, networks: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the trained arms, with their arm and seed."""
    own = networks.loc[networks["arm"].isin(TRAINED), ["network", "arm", "seed"]]
    return rows.merge(own, on="network")


def _as_row(score: ForecastScore) -> pd.DataFrame:
    numbers = {name: getattr(score, name) for name in ("naive", "early", "p", "least_p", "left_out")}
    return pd.DataFrame([{**numbers, "seeds": score.forecasts["seed"].nunique(), "forecast": len(score.forecasts)}])
