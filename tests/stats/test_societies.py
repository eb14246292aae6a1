"""A society counts once: intervals over societies and training seeds cover, and basins are allowed for."""

import numpy as np
import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.stats.effects import as_table
from askew.stats.societies import DIFFERENCES, ESTIMATES, as_effect, differences, means, tipped, with_societies

WORLDS = 80
# 95 of 100 within binomial slack: with a true coverage of 95%, 80 worlds have fewer than 72 in 2% of cases.
ENOUGH = 0.9


def drawn(
    rng: np.random.Generator, seeds: int, societies: int, mean: float = 0.0, between: float = 0.5
) -> pd.DataFrame:
    """Return values of many worlds, each of some training seeds with some societies."""
    own = mean + between * rng.standard_normal((WORLDS, seeds, 1)) * (seeds > 1)
    value = own + rng.standard_normal((WORLDS, seeds, societies))
    world, seed, society = np.indices(value.shape).reshape(3, -1)
    return pd.DataFrame({"world": world, "seed": seed, "society": society + societies * seed, "value": value.ravel()})


@pytest.mark.parametrize(("seeds", "societies"), [(1, 5), (3, 5)])
def test_means_cover_over_societies_and_training_seeds(seeds: int, societies: int) -> None:
    table = means(drawn(np.random.default_rng(seeds), seeds, societies, mean=2.0), ["world"])
    assert list(table) == ["world", *ESTIMATES]
    assert table["societies"].eq(seeds * societies).all()
    assert ((table["low"] <= 2) & (table["high"] >= 2)).mean() >= ENOUGH


def test_societies_of_the_same_models_say_nothing_of_other_models() -> None:
    table = means(drawn(np.random.default_rng(0), 3, 10, between=2.0), ["world"])
    assert ((table["low"] <= 0) & (table["high"] >= 0)).mean() >= ENOUGH
    assert ((table["low_these"] <= 0) & (table["high_these"] >= 0)).mean() < 0.5


def test_a_difference_covers_and_its_test_keeps_its_level() -> None:
    rng = np.random.default_rng(1)
    both = pd.concat([drawn(rng, 1, 5).assign(arm="control"), drawn(rng, 1, 5, mean=1.0).assign(arm="bent")])
    both["society"] += 100 * both["arm"].eq("bent")
    table = differences(both, "arm", "control", ["world"])
    assert list(table) == ["world", "arm", *DIFFERENCES]
    assert ((table["low"] <= 1) & (table["high"] >= 1)).mean() >= ENOUGH
    null = both.assign(value=both["value"] - both["arm"].eq("bent"))
    assert (differences(null, "arm", "control", ["world"])["p"] < 0.05).mean() <= 0.07


def test_training_seeds_are_paired() -> None:
    rng = np.random.default_rng(2)
    control = drawn(rng, 4, 5, between=5.0)
    own = control.groupby(["world", "seed"])["value"].transform("mean")
    bent = control.assign(value=own + 1 + 0.1 * rng.standard_normal(len(control)), society=control["society"] + 100)
    table = differences(pd.concat([control.assign(arm="a"), bent.assign(arm="b")]), "arm", "a", ["world"])
    assert (table["high"] - table["low"]).median() < 1
    assert ((table["low"] <= 1) & (table["high"] >= 1)).mean() >= ENOUGH


def test_equal_societies_allow_for_the_other_basin() -> None:
    """Five societies that all stayed do not show that a sixth would, in an experiment in which some tip."""
    adoption = [0.02, 0.04, 0.03, 0.05, 0.02, 0.95, 0.94, 0.97, 0.96, 0.93]
    values = pd.DataFrame({"society": range(10), "seed": 0, "k": [0] * 5 + [10] * 5, "value": adoption})
    plain = means(values, ["k"], limits=(0, 1)).set_index("k")
    allowed = means(values, ["k"], limits=(0, 1), basins=True).set_index("k")
    assert plain["high"][0] < 0.06
    assert 0.4 < allowed["high"][0] < 0.7
    assert allowed["low"][0] == 0
    assert differences(values, "k", 0, limits=(-1, 1), basins=True)["p"].iloc[0] < 0.05


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_means_of_outcomes_in_two_basins_cover(rate: float) -> None:
    rng = np.random.default_rng(3)
    high = rng.random((WORLDS, 5)) < rate
    value = np.where(high, 0.95, 0.05)
    world, society = np.indices(value.shape).reshape(2, -1)
    values = pd.DataFrame({"world": world, "society": society, "seed": 0, "value": value.ravel()})
    table = means(values, ["world"], limits=(0, 1), basins=True)
    truth = 0.05 + 0.9 * rate
    assert ((table["low"] <= truth) & (table["high"] >= truth)).mean() >= ENOUGH
    shares = tipped(values, ["world"])
    assert ((shares["low"] <= rate) & (shares["high"] >= rate)).mean() >= ENOUGH


def test_one_society_has_no_interval_and_missing_values_are_left_out() -> None:
    values = pd.DataFrame({"society": ["a", "b"], "seed": 0, "k": 1, "value": [0.3, np.nan]})
    row = means(values, ["k"], limits=(0, 1)).iloc[0]
    assert (row["mean"], row["societies"]) == (0.3, 1)
    assert np.isnan([row["low"], row["high"]]).all()
    assert means(values.iloc[:0], ["k"]).empty


def test_a_society_that_occurs_twice_is_refused() -> None:
    values = pd.DataFrame({"society": ["a", "a"], "seed": 0, "value": [0.3, 0.4]})
    with pytest.raises(AskewError, match="counts once"):
        means(values)


def test_differences_are_effects_like_others() -> None:
    values = drawn(np.random.default_rng(4), 1, 5).query("world == 0").assign(k=0)
    more = values.assign(k=10, society=values["society"] + 50, value=values["value"] + 3)
    table = differences(pd.concat([values, more]), "k", 0)
    words = {"family": "Adoption", "label": "k 10 against 0", "measure": "adoption", "arm": "10", "control": "0"}
    [difference] = table.to_dict("records")
    row = as_table([as_effect(difference, unit="points", lead=False, **words)]).iloc[0]
    assert {name: row[name] for name in words} == words
    assert row["estimate"] == pytest.approx(3)
    assert (row["low"], row["clusters"]) == (pytest.approx(table["low"].iloc[0]), 5)


def test_societies_are_joined_by_name() -> None:
    societies = pd.DataFrame({"society": ["a"], "condition": "stay", "k": 3, "agents": 30, "seed": 1, "ticks": 30})
    joined = with_societies(pd.DataFrame({"society": ["a"], "value": [0.5]}), societies)
    assert joined.iloc[0][["condition", "k", "agents", "seed"]].tolist() == ["stay", 3, 30, 1]
