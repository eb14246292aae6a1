"""Combining runs: planted truths agree or differ, nulls keep the error, and intervals cover."""

import numpy as np
import pytest
from scipy import special

from askew.stats.combine import Combined, combine, combine_correlations, holds
from askew.stats.intervals import difference_interval_these, rate_interval_these

RUNS = 2_000
SEEDS, QUESTIONS, ANSWERS = 4, 8, 25


def counts(rng: np.random.Generator, rate: float, runs: int, between_seeds: float = 0.5) -> tuple[np.ndarray, ...]:
    """Return events and trials of shape (runs, seeds, questions) of models whose log-odds vary from seed to seed."""
    questions = np.linspace(-1, 1, QUESTIONS)
    seeds = rng.normal(0, between_seeds, (runs, SEEDS, 1))
    trials = np.full((runs, SEEDS, QUESTIONS), ANSWERS)
    return rng.binomial(trials, special.expit(special.logit(rate) + seeds + questions)), trials


def rates(rng: np.random.Generator, rate: float, runs: int) -> np.ndarray:
    """Return the rate and the ends of its interval of each of many runs, of shape (3, runs)."""
    found = rate_interval_these(*counts(rng, rate, runs))
    return np.stack([found.rate, found.low, found.high])


def differences(rng: np.random.Generator, rate: float, control: float, runs: int) -> np.ndarray:
    """Return the difference from a control and the ends of its interval of each of many runs, of shape (3, runs)."""
    found = difference_interval_these(*counts(rng, rate, runs), *counts(rng, control, runs))
    return np.stack([found.difference, found.low, found.high])


def together(*runs: np.ndarray) -> list[Combined]:
    """Return the combination of the first results of all runs, of the second results, …"""
    return [combine(*one) for one in np.stack(runs, axis=-1).swapaxes(0, 1)]


@pytest.mark.parametrize("rate", [0.005, 0.2])
@pytest.mark.parametrize("runs", [2, 8])
def test_runs_of_one_truth_are_seldom_said_to_differ(rate: float, runs: int) -> None:
    rng = np.random.default_rng(1)
    found = together(*(rates(rng, rate, RUNS // 2) for _ in range(runs)))
    assert np.mean([one.p_differ < 0.05 for one in found]) <= 0.06


@pytest.mark.parametrize(("rate", "control"), [(0.05, 0.05), (0.3, 0.05)])
def test_equal_differences_are_seldom_said_to_differ(rate: float, control: float) -> None:
    rng = np.random.default_rng(2)
    found = together(*(differences(rng, rate, control, RUNS // 2) for _ in range(2)))
    assert np.mean([one.p_differ < 0.05 for one in found]) <= 0.06


def test_runs_of_different_truths_are_said_to_differ() -> None:
    rng = np.random.default_rng(3)
    found = together(rates(rng, 0.05, 200), rates(rng, 0.5, 200))
    assert np.mean([one.p_differ < 0.05 for one in found]) > 0.95
    assert np.mean([one.gap_low > 0 for one in found]) > 0.95


def test_one_run_that_departs_among_five_is_found() -> None:
    rng = np.random.default_rng(4)
    found = together(*(rates(rng, rate, 200) for rate in (0.05, 0.05, 0.05, 0.05, 0.5)))
    assert np.mean([one.p_differ < 0.05 for one in found]) > 0.9


def test_the_test_of_two_runs_says_what_the_interval_of_their_gap_says() -> None:
    rng = np.random.default_rng(5)
    for one in together(rates(rng, 0.2, 300), rates(rng, 0.3, 300)):
        assert (one.p_differ < 0.05) == (one.gap_low > 0 or one.gap_high < 0)


@pytest.mark.parametrize("rate", [0.03, 0.3])
def test_the_interval_of_these_runs_covers_their_truth(rate: float) -> None:
    rng = np.random.default_rng(6)
    truth = special.expit(special.logit(rate) + rng.normal(0, 0.5, 20_000)[:, None] + np.linspace(-1, 1, QUESTIONS))
    found = together(*(rates(rng, rate, RUNS // 2) for _ in range(3)))
    assert np.mean([one.low <= truth.mean() <= one.high for one in found]) >= 0.94


@pytest.mark.parametrize("runs", [2, 3, 6])
@pytest.mark.parametrize("tau", [0.0, 1.0, 5.0])
def test_the_interval_of_runs_like_these_covers_the_mean_over_such_runs(runs: int, tau: float) -> None:
    rng = np.random.default_rng(7)
    error = rng.uniform(0.5, 2, (RUNS // 2, runs))
    value = 3 + rng.normal(0, np.hypot(tau, error))
    found = [combine(one, one - 1.96 * own, one + 1.96 * own) for one, own in zip(value, error, strict=True)]
    assert np.mean([one.low_like <= 3 <= one.high_like for one in found]) >= 0.93


def test_correlations_stay_within_their_range() -> None:
    found = combine_correlations([0.9, 0.95], [0.7, 0.8], [0.97, 0.99])
    assert 0.9 < found.estimate < 0.95
    assert -1 <= found.low_like < found.estimate_like < found.high_like <= 1


def test_results_without_an_interval_are_left_out() -> None:
    nan = float("nan")
    assert combine([0.1, 0.2, 0.3], [0.0, nan, 0.2], [0.2, nan, 0.4]).runs == 2
    alone = combine([0.1, 0.2], [0.0, nan], [0.2, nan])
    assert alone.runs == 1
    assert np.isnan(alone.estimate)


def test_a_result_without_width_does_not_break_the_combination() -> None:
    found = combine([0.0, 0.1], [0.0, 0.05], [0.0, 0.15])
    assert np.isfinite([found.estimate, found.low_like, found.p_differ]).all()


@pytest.mark.parametrize(
    ("estimates", "p", "said"),
    [
        ([0.1, 0.2], [0.01, 0.02], "all"),
        ([0.1, 0.2], [0.01, 0.2], "some"),
        ([0.1, 0.2], [0.3, 0.2], "none"),
        ([0.1, -0.2], [0.01, 0.01], "opposite"),
        ([0.1, -0.2], [0.01, 0.5], "some"),
        ([0.1, 0.2], [0.01, float("nan")], "some"),
        ([0.1, 0.2], [float("nan")] * 2, ""),
    ],
)
def test_a_difference_holds_in_all_runs_or_in_some(estimates: list[float], p: list[float], said: str) -> None:
    assert holds(estimates, p) == said
