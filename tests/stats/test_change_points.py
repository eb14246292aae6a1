"""Tests of rises: steps are sudden, straight and slow ones are not, and the nulls hold their level."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from askew.stats.change_points import FEWEST, read_rise, rises

X = np.linspace(0, 1, 12)
SHAPES = {
    "step": lambda: 0.4 * (X > 0.5),
    "straight": lambda: 0.4 * X,
    "slow": lambda: 0.5 * (1 - np.exp(-3 * X)),
    "flat": lambda: np.zeros(12),
    "falling": lambda: -0.4 * X,
}


def readings(shape: str, noise: float = 0.06, runs: int = 40) -> Counter[str]:
    chance = np.random.default_rng(0)
    return Counter(
        read_rise([(X, SHAPES[shape]() + noise * chance.normal(size=12)) for _ in range(2)]).reading
        for _ in range(runs)
    )


def test_steps_are_sudden() -> None:
    assert readings("step")["sudden"] >= 36


@pytest.mark.parametrize("shape", ["straight", "slow"])
def test_straight_and_slow_rises_are_not_sudden(shape: str) -> None:
    found = readings(shape)
    assert found["sudden"] <= 5
    assert found["no rise"] == 0
    assert found["gradual"] >= 25


@pytest.mark.parametrize("shape", ["flat", "falling"])
def test_what_does_not_rise_has_no_rise(shape: str) -> None:
    assert readings(shape)["no rise"] >= 36


def test_the_null_of_a_straight_rise_holds_its_level() -> None:
    chance = np.random.default_rng(2)
    p = [read_rise([(X, 0.3 * X + 0.1 * chance.normal(size=12))]).p_step for _ in range(80)]
    # Of 80 tests at 5%, more than 12 reject once in a thousand times.
    assert np.sum(np.array(p) < 0.05) <= 12


def test_a_step_is_found_where_it_is() -> None:
    x = np.linspace(0, 1, 200)
    found = read_rise([(x, 1 / (1 + np.exp(-(x - 0.7) / 0.01)))])
    assert found.reading == "sudden"
    assert found.place == pytest.approx(0.7, abs=0.03)
    assert found.width < 0.1
    assert found.height == pytest.approx(1, abs=0.05)
    assert found.bic > 0


def test_few_points_are_not_read() -> None:
    few = X[: FEWEST - 1]
    found = read_rise([(few, few > 0.2)])
    assert found.reading == "too few points"
    assert found.points == FEWEST - 1
    assert np.isnan(found.p_step)
    unknown = np.where(np.arange(12) < 5, np.nan, X)
    assert read_rise([(X, unknown)]).reading == "too few points"


def test_no_curves_are_too_few() -> None:
    assert read_rise([]).reading == "too few points"


def test_groups_are_read_in_their_order() -> None:
    points = pd.DataFrame(
        {
            "arm": ["b"] * 12 + ["a"] * 12,
            "curve": 0,
            "place": [*X, *X],
            "value": [*(X > 0.5), *np.zeros(12)],
        }
    ).astype({"value": float})
    found = rises(points, ["arm"], "value")
    assert list(zip(found["arm"], found["reading"], strict=True)) == [("b", "sudden"), ("a", "no rise")]
