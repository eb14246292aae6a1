"""The observed crossing is covered, and agrees with what was predicted where the prediction is right."""

from math import inf, isnan

import numpy as np
import pandas as pd
import pytest

from askew.stats.conformity import Conformity
from askew.stats.observed_tipping import AGREES, EARLIER, LATER, UNSURE, compare, observed
from askew.stats.played_ahead import Setting, played
from askew.stats.tipping import tipping

SETTING, KS = Setting(30, 30, start=0.0), (0, 3, 6, 9, 12, 15)


def ended(rng: np.random.Generator, beta: float, bias: float, societies: int = 5, seed: int = 0) -> pd.DataFrame:
    rows = []
    for k in KS:
        adoption = played(rng, SETTING, k, np.array([[beta, bias]]), None, societies)[-1, 0]
        rows += [(f"{seed}-{k}-{number}", k, 30, seed, value) for number, value in enumerate(adoption)]
    return pd.DataFrame(rows, columns=["society", "k", "agents", "seed", "value"])


@pytest.mark.parametrize(("beta", "bias"), [(3, -0.5), (3, -0.2), (1.5, -0.5)])
def test_the_crossing_is_covered(beta: float, bias: float) -> None:
    rng = np.random.default_rng(0)
    tipped = [(played(rng, SETTING, k, np.array([[beta, bias]]), None, 1000)[-1] > 0.5).mean() for k in range(16)]
    truth = np.interp(0.5, np.maximum.accumulate(tipped), np.arange(16) / 30)
    found = [observed(ended(rng, beta, bias)) for _ in range(24)]
    assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.875
    jumps = np.mean([one.middle for one in found])
    assert jumps < 0.15 if beta == 3 else jumps > 0.3


def test_societies_that_all_stayed_or_all_tipped() -> None:
    rows = ended(np.random.default_rng(1), 3, -0.5)
    never, always = (observed(rows.assign(value=value)) for value in (0.1, 0.9))
    assert (never.crossing, never.high) == (inf, inf)
    assert never.low > 0.3
    assert (always.crossing, always.low) == (0, 0)
    assert always.high < 0.2
    assert isnan(observed(rows.iloc[:0]).crossing)


def test_training_seeds_that_differ_widen_the_interval() -> None:
    rng = np.random.default_rng(2)
    rows = pd.concat([ended(rng, 3, bias, seed=seed) for seed, bias in enumerate((-0.2, -0.5, -0.8))])
    pooled, clustered = observed(rows.assign(seed=0)), observed(rows)
    assert clustered.high - clustered.low > 1.5 * (pooled.high - pooled.low)


def test_a_right_prediction_agrees_and_a_wrong_one_does_not() -> None:
    rng = np.random.default_rng(3)
    seen = observed(ended(rng, 3, -0.5, societies=10))
    expects = tipping(Conformity(3, -0.5, np.tile([3, -0.5], (5, 1)), 100, 100))
    right = compare(expects.reading, (0.188, 0.15, 0.22), seen)
    assert (right.reading, right.tipping_point) == (AGREES, True)
    assert right.low < 0 < right.high
    assert compare(expects.reading, (0.4, 0.38, 0.42), seen).reading == EARLIER
    assert compare(expects.reading, (0.03, 0.02, 0.04), seen).reading == LATER


def test_comparisons_without_a_crossing() -> None:
    rows = ended(np.random.default_rng(4), 3, -0.5)
    never, some = observed(rows.assign(value=0.1)), observed(rows)
    smooth = tipping(Conformity(0.5, -2, np.tile([0.5, -2], (5, 1)), 100, 100))
    both = compare(smooth.reading, (inf, inf, inf), never)
    assert (both.reading, both.tipping_point) == (AGREES, False)
    assert isnan(both.difference)
    assert compare(smooth.reading, (inf, 0.45, inf), some).reading == EARLIER
    assert compare(smooth.reading, (0.2, 0.15, 0.25), never).reading == LATER
    assert compare(smooth.reading, (0.2, 0.15, inf), never).reading == UNSURE
