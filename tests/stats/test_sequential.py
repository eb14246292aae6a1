"""Sequential readings: planned looks, what more answers can change, and the error with a look at every batch."""

from typing import Any

import numpy as np
import pytest

from askew.stats.intervals import (
    DifferenceInterval,
    difference_interval,
    difference_interval_these,
    rate_interval,
    rate_interval_these,
)
from askew.stats.sequential import are_told, is_told, planned_looks
from askew.stats.simulation import Spread, cell_rates
from made_findings import made


def test_looks_double_up_to_the_limit() -> None:
    assert planned_looks(5) == (5,)
    assert planned_looks(9) == (5, 9)
    assert planned_looks(100) == (5, 10, 20, 40, 100)
    with pytest.raises(ValueError, match="lower than the first batch of 5"):
        planned_looks(4)


def test_intervals_at_several_looks_are_wider_and_agree_with_their_p_values() -> None:
    rng = np.random.default_rng(1)
    events, control = (rng.binomial(20, rate, (60, 3, 8)) for rate in (0.2, 0.1))
    trials = np.full_like(events, 20)

    def intervals(looks: int) -> list[DifferenceInterval]:
        counts = events, trials, control, trials
        return [
            difference_interval(*counts, same_seeds=True, looks=looks),
            difference_interval_these(*counts, looks=looks),
        ]

    for interval in (rate_interval, rate_interval_these):
        once, often = interval(events, trials), interval(events, trials, looks=5)
        assert ((often.low <= once.low) & (often.high >= once.high)).all()
    for once, often in zip(intervals(1), intervals(5), strict=True):
        assert (often.high - often.low > once.high - once.low).all()
        assert (often.p >= once.p).all()
        excluded = (often.low > 0) | (often.high < 0)
        np.testing.assert_array_equal(excluded, often.p < 0.05)
        assert 0 < excluded.mean() < 1


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({"rate": 0.2, "low": 0.1, "high": 0.3, "p": 0.001}, True),
        ({"rate": 0.05, "low": 0.01, "high": 0.1, "p": 0.001}, False),  # it may yet turn out below the margin
        ({"rate": 0.05, "low": 0.01, "high": 0.2, "p": 0.001, "low_these": 0.03, "high_these": 0.07}, True),
        ({"rate": 0.01, "low": 0.005, "high": 0.015, "p": 0.001}, True),
        ({"rate": 0.01, "low": 0.005, "high": 0.03, "p": 0.001}, False),
        ({"rate": 0.0, "control_rate": 0.1, "low": -0.2, "high": -0.05, "p": 0.001}, True),
        ({"rate": 0.0, "low": -0.01, "high": 0.01, "p": 1.0}, True),
        ({"rate": 0.0, "low": -0.01, "high": 0.03, "p": 1.0}, False),
        ({"rate": float("nan"), "low": float("nan"), "high": float("nan"), "p": float("nan")}, False),
    ],
)
def test_a_reading_is_told_when_more_answers_cannot_change_it(numbers: dict[str, Any], expected: bool) -> None:
    assert is_told(made("tuned", **numbers), 0.02, {"free_form": 5}) is expected
    assert is_told(made("tuned", **numbers), 0.02, {"extended": 5})  # its answers were all asked at once


def test_a_look_at_every_batch_keeps_the_error_and_peeking_without_correction_does_not() -> None:
    rng, runs, looks = np.random.default_rng(7), 600, planned_looks(100)
    spread, shared = Spread(1.6, 0.0, 0.3), rng.standard_normal((runs, 8))
    rates = cell_rates(rng, 0.1, spread, shared, 1)
    # One and the same rates in both: a true null for these very questions and models.
    arm, control = (np.cumsum([rng.binomial(new, rates) for new in np.diff((0, *looks))], axis=0) for _ in range(2))
    wrong = {count: np.zeros(runs, bool) for count in (1, len(looks))}
    for look, answers in enumerate(looks):
        trials = np.full_like(rates, answers)
        for count, seen in wrong.items():
            found = difference_interval_these(arm[look], trials, control[look], trials, looks=count)
            told = are_told(found.difference, found.low, found.high, found.p, found.low, found.high, 0.02)
            seen |= (told | (answers == looks[-1])) & (found.p < 0.05)
    corrected, uncorrected = wrong[len(looks)].mean(), wrong[1].mean()
    assert corrected <= 0.05
    assert uncorrected > 0.08
