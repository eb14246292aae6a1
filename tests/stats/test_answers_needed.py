"""The number of answers that would decide: telling follows in about 80% of cases."""

import numpy as np
import pytest
from scipy import special

from askew.stats.answers_needed import Comparison, answers_needed
from askew.stats.readings import LIKE_THESE, THESE, Basis, are_decided
from askew.stats.simulation import Spread, location

MARGIN = 0.02
# Published files of questions have a standard deviation of about 1.6 between questions.
SPREAD = Spread(question=1.6, seed=0.0, pair=0.3)


def comparison(events: np.ndarray, control_events: np.ndarray, each: int) -> Comparison:
    trials = np.full((1, *events.shape), float(each))
    return Comparison(events[None].astype(float), trials, control_events[None].astype(float), trials, same_seeds=False)


def is_decided(one: Comparison, basis: Basis) -> bool:
    found = one.differences(basis)
    return bool(are_decided(found.difference, found.low, found.high, found.p, MARGIN)[0])


def followed(rate: float, base: float, questions: int, each: int, basis: Basis, worlds: int = 25) -> list[bool]:
    """Return, for each simulated audit that was undecided, whether the stated number of answers decided it."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(worlds):
        effects = SPREAD.question * rng.standard_normal((1, questions))
        rates = [
            special.expit(location(own, SPREAD) + effects + SPREAD.pair * rng.standard_normal((1, questions)))
            for own in (rate, base)
        ]
        events = [rng.binomial(each, own) for own in rates]
        one = comparison(events[0], events[1], each)
        needed = None if is_decided(one, basis) else answers_needed(one, each, MARGIN, 1, basis)
        if needed is not None:
            assert needed > each
            more = [own + rng.binomial(needed - each, rate) for own, rate in zip(events, rates, strict=True)]
            found.append(is_decided(comparison(more[0], more[1], needed), basis))
    return found


def test_telling_follows_in_about_80_percent_of_cases() -> None:
    found = [
        *followed(0.002, 0.002, 50, 5, LIKE_THESE),
        *followed(0.02, 0.02, 50, 10, THESE),
        *followed(0.04, 0.02, 24, 20, LIKE_THESE),
        *followed(0.04, 0.02, 24, 20, THESE),
    ]
    assert len(found) > 60
    assert 0.7 <= np.mean(found) <= 0.95


def test_number_is_the_same_each_time_and_grows_with_a_smaller_margin() -> None:
    nothing = comparison(np.zeros((1, 24)), np.zeros((1, 24)), 5)
    needed = [answers_needed(nothing, 5, margin, 1, THESE) for margin in (0.05, 0.02, 0.02, 0.01)]
    assert needed[1] == needed[2]
    assert None not in needed
    assert needed == sorted(needed, key=lambda number: number or 0)
    assert needed[0] != needed[3]


def test_no_number_decides_in_general_where_one_question_makes_the_difference() -> None:
    one = comparison(np.array([[40.0, *[0.0] * 7]]), np.zeros((1, 8)), 40)
    assert not is_decided(one, LIKE_THESE)
    assert answers_needed(one, 40, MARGIN, 1, LIKE_THESE) is None
    assert is_decided(one, THESE)


@pytest.mark.parametrize("basis", [LIKE_THESE, THESE])
def test_no_number_decides_where_seeds_disagree(basis: Basis) -> None:
    events = np.array([[10.0] * 8, [0.0] * 8])
    one = comparison(events, np.array([[5.0] * 8, [4.0] * 8]), 20)
    assert not is_decided(one, basis)
    assert answers_needed(one, 20, MARGIN, 1, basis) is None
