"""Tests of censored times: exact without censoring, and with coverage near 95% over simulated families."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from askew.stats.event_times import median_time, median_times

MEDIAN = 400.0
FAMILIES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "log-normal": lambda chance, n: MEDIAN * np.exp(chance.normal(0, 0.3, n)),
    "Weibull": lambda chance, n: MEDIAN * chance.weibull(3, n) / np.log(2) ** (1 / 3),
    "log-logistic": lambda chance, n: MEDIAN * np.exp(0.2 * chance.logistic(size=n)),
}


def test_without_censoring_the_interval_is_students() -> None:
    times = np.array([300.0, 420.0, 380.0, 510.0])
    logs = np.log(times)
    half = stats.t.ppf(0.975, 3) * logs.std(ddof=1) / 2
    found = median_time(times, np.ones(4, dtype=bool))
    assert found.median == pytest.approx(np.exp(logs.mean()), rel=1e-4)
    assert (found.low, found.high) == pytest.approx((np.exp(logs.mean() - half), np.exp(logs.mean() + half)), rel=1e-3)


def test_censored_times_count_as_longer() -> None:
    times, seen = np.array([300.0, 420.0, 380.0, 500.0, 500.0]), np.array([True, True, True, False, False])
    ignored, found = median_time(times[seen], seen[seen]), median_time(times, seen)
    as_events = median_time(times, np.ones(5, dtype=bool))
    assert found.median > as_events.median > ignored.median
    assert found.high > as_events.high


@pytest.mark.parametrize("seen", [[False, False, False], [True, False, False]])
def test_fewer_than_two_events_give_no_median(seen: list[bool]) -> None:
    assert np.isnan(median_time(np.array([300.0, 500.0, 500.0]), np.array(seen)).median)


def test_equal_times_have_a_median_and_no_interval() -> None:
    found = median_time(np.array([300.0, 300.0]), np.array([True, True]))
    assert found.median == 300
    assert np.isnan(found.low)
    assert np.isnan(found.high)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("followed", [np.inf, 1.1])
def test_intervals_cover_the_median_of_every_family(family: str, followed: float) -> None:
    chance, covered, known = np.random.default_rng(1), 0, 0
    for _ in range(80):
        times = FAMILIES[family](chance, 6)
        seen = times <= followed * MEDIAN
        found = median_time(np.minimum(times, followed * MEDIAN), seen)
        if np.isfinite(found.median) and not np.isnan(found.low):
            known += 1
            covered += found.low <= MEDIAN <= found.high
    assert known >= 70
    # Of 80 intervals of 95% coverage, fewer than 70 cover once in 2,000 times.
    assert covered >= stats.binom.ppf(0.0005, known, 0.95)


def test_groups_have_their_share_with_its_exact_interval() -> None:
    times = pd.DataFrame(
        {
            "group": ["decay"] * 3 + ["none"] * 3,
            "time": [500.0, 600, 700, 900, 900, 900],
            "happened": [True, True, True, False, False, False],
        }
    )
    decay, none = median_times(times).to_dict("records")
    assert decay["median"] == pytest.approx((500 * 600 * 700) ** (1 / 3), rel=1e-3)
    assert np.isnan(none["median"])
    assert none["until"] == 900
    assert (none["share_low"], none["share_high"]) == pytest.approx((0, 0.7076), abs=1e-4)
