"""Tests of early forecasts: they use what there is to know, claim nothing where there is none, and leave seeds out."""

import numpy as np
import pandas as pd
import pytest

from askew.stats.early_forecasts import score_forecasts


def networks(chance: np.random.Generator, seeds: int, knows: float) -> pd.DataFrame:
    """Return networks of two groups whose log time depends on a feature by `knows`."""
    rows = []
    for group, middle in (("slow", 7.0), ("fast", 5.0)):
        for seed in range(seeds):
            seen = chance.normal()
            log_time = middle + knows * seen + 0.1 * chance.normal()
            rows.append((f"{group}-{seed}", group, seed, np.exp(log_time), 3 + seen, chance.normal()))
    return pd.DataFrame(rows, columns=["network", "group", "seed", "time", "one", "other"])


def test_what_the_beginning_knows_is_used() -> None:
    score = score_forecasts(networks(np.random.default_rng(0), 10, 0.4), ["one", "other"])
    assert score.early < 0.6 * score.naive
    assert score.p < 0.01
    assert score.left_out == 0
    assert len(score.forecasts) == 20


def test_a_beginning_that_knows_nothing_is_seldom_better() -> None:
    chance = np.random.default_rng(1)
    better = 0
    for _ in range(40):
        score = score_forecasts(networks(chance, 8, 0.0), ["one", "other"])
        better += score.p < 0.05 and score.early < score.naive
    assert better <= 5


def test_a_seed_is_forecast_by_the_others_only() -> None:
    table = networks(np.random.default_rng(2), 5, 0.4)
    changed = table.assign(time=table["time"].where(table["seed"].ne(3), 1e6))
    one, other = (score_forecasts(own, ["one"]).forecasts.query("seed == 3") for own in (table, changed))
    assert list(one["naive"]) == list(other["naive"])
    assert list(one["early"]) == list(other["early"])


def test_naive_forecasts_are_the_mean_log_time_of_the_other_seeds() -> None:
    table = networks(np.random.default_rng(3), 4, 0.4)
    made = score_forecasts(table, ["one"]).forecasts.set_index("network")
    others = table[table["group"].eq("slow") & table["seed"].ne(0)]["time"]
    assert made.loc["slow-0", "naive"] == pytest.approx(np.exp(np.log(others).mean()))


def test_networks_without_a_time_and_lonely_ones_are_left_out_and_counted() -> None:
    table = networks(np.random.default_rng(4), 4, 0.4)
    table.loc[table["network"].isin(["fast-0", "fast-1"]), "time"] = np.nan
    score = score_forecasts(table, ["one"])
    assert set(score.forecasts["group"]) == {"slow"}
    assert score.left_out == 4
    assert score.least_p == pytest.approx(2 / 16)


def test_nothing_can_be_scored_without_networks() -> None:
    score = score_forecasts(networks(np.random.default_rng(5), 2, 0.4), ["one"])
    assert score.forecasts.empty
    assert np.isnan(score.p)
    assert score.left_out == 4
