"""Properties of every interval, whatever the counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from askew.stats.intervals import (
    difference_interval,
    difference_interval_these,
    rate_interval,
    rate_interval_these,
)

Counts = tuple[np.ndarray, np.ndarray]


@st.composite
def counts(draw: st.DrawFn, questions: int | None = None) -> Counts:
    """Return events and trials of seeds by questions, some cells empty."""
    seeds, questions = draw(st.integers(1, 4)), questions or draw(st.integers(1, 5))
    size = seeds * questions
    trials = draw(st.lists(st.integers(0, 60), min_size=size, max_size=size))
    events = [draw(st.integers(0, count)) for count in trials]
    return np.reshape(events, (seeds, questions)), np.reshape(trials, (seeds, questions))


@settings(max_examples=300, deadline=None)
@given(counts())
def test_rate_lies_in_its_interval_between_0_and_1(table: Counts) -> None:
    found = rate_interval(*table)
    if table[1].sum() == 0:
        assert np.isnan([found.rate, found.low, found.high]).all()
    else:
        assert found.rate == pytest.approx(table[0].sum() / table[1].sum())
        assert 0 <= found.low <= found.rate <= found.high <= 1
        assert found.low < found.high


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 5).flatmap(lambda questions: st.tuples(counts(questions), counts(questions))))
def test_difference_interval_agrees_with_its_p_value(pair: tuple[Counts, Counts]) -> None:
    arm, control = pair
    found = difference_interval(*arm, *control, same_seeds=arm[0].shape == control[0].shape)
    if arm[1].sum() == 0 or control[1].sum() == 0:
        assert np.isnan([found.difference, found.low, found.high, found.p]).all()
    else:
        assert -1 <= found.low <= found.difference <= found.high <= 1
        assert found.low < found.high
        assert 0 <= found.p <= 1
        assert (found.low > 0 or found.high < 0) == (found.p < 0.05)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 5).flatmap(lambda questions: st.tuples(counts(questions), counts(questions))))
def test_difference_on_these_questions_agrees_with_its_p_value(pair: tuple[Counts, Counts]) -> None:
    arm, control = pair
    found = difference_interval_these(*arm, *control)
    if arm[1].sum() == 0 or control[1].sum() == 0:
        assert np.isnan([found.difference, found.low, found.high, found.p]).all()
    else:
        assert -1 <= found.low <= found.difference <= found.high <= 1
        assert 0 <= found.p <= 1
        assert (found.low > 0 or found.high < 0) == (found.p < 0.05)


@settings(max_examples=300, deadline=None)
@given(counts())
def test_interval_for_these_questions_lies_within_that_for_questions_like_these(table: Counts) -> None:
    these, like_these = rate_interval_these(*table), rate_interval(*table)
    if table[1].sum():
        assert like_these.low <= these.low <= these.rate <= these.high <= like_these.high


@settings(max_examples=100, deadline=None)
@given(counts(), st.randoms(use_true_random=False))
def test_order_of_seeds_and_questions_does_not_matter(table: Counts, random) -> None:
    seeds, questions = list(range(table[0].shape[0])), list(range(table[0].shape[1]))
    random.shuffle(seeds)
    random.shuffle(questions)
    found, shuffled = rate_interval(*table), rate_interval(*(part[seeds][:, questions] for part in table))
    np.testing.assert_allclose([shuffled.low, shuffled.high], [found.low, found.high], rtol=1e-5, atol=1e-9)


@settings(max_examples=100, deadline=None)
@given(counts())
def test_empty_seeds_and_questions_are_ignored(table: Counts) -> None:
    padded = [np.pad(part, ((0, 2), (0, 3))) for part in table]
    found, same = rate_interval(*table), rate_interval(*padded)
    np.testing.assert_allclose([same.low, same.high], [found.low, found.high], rtol=1e-5, atol=1e-9)


@settings(max_examples=100, deadline=None)
@given(counts())
def test_counting_non_events_mirrors_the_interval(table: Counts) -> None:
    events, trials = table
    found, mirrored = rate_interval(events, trials), rate_interval(trials - events, trials)
    # The posterior is summed in single precision.
    np.testing.assert_allclose([1 - mirrored.high, 1 - mirrored.low], [found.low, found.high], rtol=0, atol=1e-5)


def test_many_tables_at_once_match_single_tables() -> None:
    rng = np.random.default_rng(0)
    trials = rng.integers(0, 30, (5, 3, 4))
    events = rng.binomial(trials, 0.3)
    together = rate_interval(events, trials)
    for index in range(5):
        alone = rate_interval(events[index], trials[index])
        assert (alone.low, alone.high) == pytest.approx((together.low[index], together.high[index]))


def test_no_event_in_2400_answers_has_an_upper_limit_above_0() -> None:
    trials = np.full((3, 8), 100)
    found = rate_interval(np.zeros_like(trials), trials)
    assert (found.rate, found.low) == (0, 0)
    # Above the rule of three (3 / 2400), which assumes independent answers; still below the default margin.
    assert 3 / 2400 < found.high < 0.02


def test_no_event_in_both_is_no_difference() -> None:
    trials, few = np.full((3, 8), 100), np.full((1, 8), 2)
    found = difference_interval(np.zeros_like(trials), trials, np.zeros_like(few), few, same_seeds=False)
    assert (found.difference, found.p) == (0, 1)
    assert found.low < 0 < found.high


def test_events_in_a_single_question_widen_the_interval() -> None:
    trials = np.full((3, 8), 100)
    even = np.full_like(trials, 10)
    lopsided = np.zeros_like(trials)
    lopsided[:, 0] = 80
    assert even.sum() == lopsided.sum()
    even_found, found = rate_interval(even, trials), rate_interval(lopsided, trials)
    assert found.high - found.low > 2 * (even_found.high - even_found.low)


def test_events_in_a_single_seed_widen_the_interval() -> None:
    trials = np.full((3, 8), 100)
    lopsided = np.zeros_like(trials)
    lopsided[0] = 30
    assert rate_interval(lopsided, trials).high > 2 * rate_interval(np.full_like(trials, 10), trials).high


def test_two_alike_questions_leave_room_for_others_that_differ_as_in_published_files() -> None:
    trials = np.full((1, 2), 100)
    found = rate_interval(np.array([[20, 21]]), trials)
    of_two = 1.3 / np.sqrt(2)  # the standard error of two questions with the typical spread
    assert special.logit(found.rate) - special.logit(found.low) > of_two
    assert found.high < 0.8
