"""Coverage of the 95% intervals must be at least 92%, and tests must reject a true null at most 6% of the time.

Measured by simulation with fixed seeds and 800 tables per case. The Monte-Carlo standard error of a coverage of 95%
is 0.8%, so each limit has a tolerance of 1%. `benchmarks/coverage.py` prints the whole grid, including designs with
lower coverage.
"""

import itertools

import numpy as np
import pytest
from scipy import special

from askew.stats.intervals import (
    DifferenceInterval,
    difference_interval,
    difference_interval_these,
    rate_interval,
    rate_interval_these,
)
from askew.stats.simulation import Spread, bootstrap_interval, location, tables

TABLES = 800
ANSWERS = 50
SPARE = 0.01
DESIGNS = list(itertools.product((3, 5, 10), (8, 20, 50)))
SPREAD = Spread(question=1, seed=0.4, pair=0.3)
PAIRED = Spread(question=1, seed=0.4, pair=0.3, arm_question=0.4)


def covered(low: np.ndarray, high: np.ndarray, truth: float) -> float:
    return float(np.mean((low <= truth) & (truth <= high)))


def simulate_rate(seeds: int, questions: int, rate: float, spread: Spread = SPREAD) -> np.ndarray:
    rng = np.random.default_rng([seeds, questions, int(1000 * rate)])
    return tables(rng, rate, spread, rng.standard_normal((TABLES, questions)), seeds, ANSWERS)


def rate_of_these(rate: float, spread: Spread, shared: np.ndarray) -> np.ndarray:
    """Return the rate of the drawn questions over all seeds and answers, of shape (tables,)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    at = location(rate, spread) + spread.question * shared[..., None] + np.hypot(spread.seed, spread.pair) * nodes
    return (special.expit(at) @ (weights / weights.sum())).mean(-1)


def compare(seeds: int, questions: int, rate: float, control_rate: float, untuned: bool) -> DifferenceInterval:
    rng = np.random.default_rng([seeds, questions, int(1000 * rate), int(1000 * control_rate)])
    shared = rng.standard_normal((TABLES, questions))
    events = tables(rng, rate, PAIRED, shared, seeds, ANSWERS)
    fixed = PAIRED.without_seeds() if untuned else PAIRED
    control = tables(rng, control_rate, fixed, shared, 1 if untuned else seeds, ANSWERS)
    everything = np.full_like(events, ANSWERS), np.full_like(control, ANSWERS)
    return difference_interval(events, everything[0], control, everything[1], same_seeds=not untuned)


@pytest.mark.parametrize(("seeds", "questions"), DESIGNS)
@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.9])
def test_rate_interval_covers(seeds: int, questions: int, rate: float) -> None:
    events = simulate_rate(seeds, questions, rate)
    interval = rate_interval(events, np.full_like(events, ANSWERS))
    assert 0.92 - SPARE <= covered(interval.low, interval.high, rate) <= 0.99 + SPARE


@pytest.mark.parametrize(("seeds", "questions"), DESIGNS)
@pytest.mark.parametrize("rate", [0.003, 0.02, 0.98, 0.997])
def test_rate_interval_near_0_and_1_is_not_too_narrow(seeds: int, questions: int, rate: float) -> None:
    """With a handful of events, no interval covers exactly 95%, so only an interval that is too narrow is wrong."""
    events = simulate_rate(seeds, questions, rate)
    interval = rate_interval(events, np.full_like(events, ANSWERS))
    assert covered(interval.low, interval.high, rate) >= 0.92 - SPARE


@pytest.mark.parametrize(("seeds", "questions"), DESIGNS)
def test_rate_interval_covers_without_variance_between_clusters(seeds: int, questions: int) -> None:
    """Questions that are all alike are outside of the published range, so the interval is wider than it had to be."""
    events = simulate_rate(seeds, questions, 0.3, Spread(0, 0, 0))
    interval = rate_interval(events, np.full_like(events, ANSWERS))
    assert covered(interval.low, interval.high, 0.3) >= 0.92 - SPARE


@pytest.mark.parametrize(("seeds", "questions"), DESIGNS)
@pytest.mark.parametrize("rate", [0.02, 0.3])
def test_rate_interval_covers_the_rate_of_these_questions(seeds: int, questions: int, rate: float) -> None:
    rng = np.random.default_rng([seeds, questions, int(1000 * rate)])
    spread, shared = Spread(question=1.6, seed=0.4, pair=0.3), rng.standard_normal((TABLES, questions))
    events = tables(rng, rate, spread, shared, seeds, ANSWERS)
    truth = rate_of_these(rate, spread, shared)
    interval = rate_interval_these(events, np.full_like(events, ANSWERS))
    below, above = np.mean(interval.high < truth), np.mean(interval.low > truth)
    assert 0.02 - SPARE <= below + above <= 0.08 + SPARE
    assert max(below, above) <= 3 * min(below, above) + SPARE


@pytest.mark.parametrize(("seeds", "questions"), [(3, 8), (5, 24), (10, 50)])
@pytest.mark.parametrize("rate", [0.02, 0.3])
def test_families_of_four_nulls_keep_their_level(seeds: int, questions: int, rate: float) -> None:
    rng = np.random.default_rng([seeds, questions, int(1000 * rate)])
    spread, shared = Spread(question=1.6, seed=0.4, pair=0.3), rng.standard_normal((TABLES, questions))
    arms = [tables(rng, rate, spread, shared, seeds, ANSWERS) for _ in range(5)]
    trials = np.full_like(arms[0], ANSWERS)
    these = [difference_interval_these(arm, trials, arms[0], trials).p for arm in arms[1:]]
    assert np.mean(4 * np.min(these, axis=0) < 0.05) <= 0.06 + SPARE
    like_these = [difference_interval(arm, trials, arms[0], trials, same_seeds=True).p for arm in arms[1:]]
    assert np.mean(4 * np.min(like_these, axis=0) < 0.05) <= 0.06 + SPARE


@pytest.mark.parametrize("clusters", ["one seed", "one question"])
def test_rate_interval_covers_with_one_kind_of_cluster(clusters: str) -> None:
    """These are the rows per seed (one model, several questions) and per question (one question, several seeds)."""
    one_seed = clusters == "one seed"
    spread = Spread(1, 0, 0.3) if one_seed else Spread(0, 0.4, 0.3)
    events = simulate_rate(1 if one_seed else 5, 8 if one_seed else 1, 0.3, spread)
    interval = rate_interval(events, np.full_like(events, ANSWERS))
    assert 0.92 - SPARE <= covered(interval.low, interval.high, 0.3) <= 0.99 + SPARE


def test_bootstrap_and_independent_answers_cover_too_little() -> None:
    """Simple methods do not cover; otherwise the tests above would show nothing."""
    events = simulate_rate(3, 8, 0.3)[:400]
    low, high = bootstrap_interval(np.random.default_rng(0), events, ANSWERS)
    assert covered(low, high, 0.3) < 0.9
    rate = events.mean((1, 2)) / ANSWERS
    half_width = 1.96 * np.sqrt(rate * (1 - rate) / (3 * 8 * ANSWERS))
    assert covered(rate - half_width, rate + half_width, 0.3) < 0.5


@pytest.mark.parametrize("untuned", [False, True])
@pytest.mark.parametrize(("seeds", "questions"), DESIGNS)
@pytest.mark.parametrize(("rate", "control_rate"), [(0.3, 0.003), (0.5, 0.1)])
def test_difference_interval_covers(
    seeds: int, questions: int, rate: float, control_rate: float, untuned: bool
) -> None:
    found = compare(seeds, questions, rate, control_rate, untuned)
    assert covered(found.low, found.high, rate - control_rate) >= 0.92 - SPARE


@pytest.mark.parametrize("untuned", [False, True])
@pytest.mark.parametrize(("seeds", "questions"), DESIGNS)
@pytest.mark.parametrize("rate", [0.003, 0.05, 0.3])
def test_difference_test_keeps_its_level(seeds: int, questions: int, rate: float, untuned: bool) -> None:
    p = compare(seeds, questions, rate, rate, untuned).p
    assert np.mean(p < 0.05) <= 0.06 + SPARE
    # Holm's correction over four arms compares the smallest p-value with 0.0125.
    assert np.mean(p < 0.0125) <= 0.0125 + SPARE


def test_pairing_by_question_finds_differences_despite_overlapping_intervals() -> None:
    rng = np.random.default_rng(3)
    shared = rng.standard_normal((200, 8))
    spread = Spread(question=1.5, seed=0.1, pair=0.1)
    events = tables(rng, 0.4, spread, shared, 3, 100)
    control = tables(rng, 0.3, spread, shared, 3, 100)
    trials = np.full_like(events, 100)
    overlap = rate_interval(events, trials).low < rate_interval(control, trials).high
    found = difference_interval(events, trials, control, trials, same_seeds=True)
    assert np.mean(overlap) > 0.95
    assert np.mean(found.low > 0) > 0.5
