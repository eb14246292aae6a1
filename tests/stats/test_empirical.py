"""Empirical p-values: ties, kinds of nulls, and how often they are right."""

import numpy as np
import pytest

from askew.stats.empirical import empirical_p, largest_p


def test_the_figure_counts_among_its_nulls_so_p_is_never_0() -> None:
    assert empirical_p(9.0, [1.0] * 19) == pytest.approx(1 / 20)
    assert empirical_p(-9.0, [1.0] * 19) == pytest.approx(1 / 20)
    assert empirical_p(1.0, [1.0] * 19) == 1
    assert empirical_p(0.9, [0.5, 0.1, 0.6], around=0.5) == pytest.approx(2 / 4)


def test_without_nulls_or_figure_there_is_no_p() -> None:
    assert np.isnan(empirical_p(1.0, []))
    assert np.isnan(empirical_p(float("nan"), [1.0]))
    assert empirical_p(2.0, [1.0, float("nan")]) == pytest.approx(1 / 2)


def test_every_kind_of_null_must_be_beaten() -> None:
    nulls, kinds = [0.1] * 20 + [3.0] * 20, ["random"] * 20 + ["shuffled"] * 20
    assert empirical_p(2.0, nulls) == pytest.approx(21 / 41)
    assert largest_p(2.0, nulls, kinds) == 1
    assert largest_p(4.0, nulls, kinds) == pytest.approx(1 / 21)
    assert np.isnan(largest_p(1.0, [], []))


def test_p_is_below_5_percent_in_at_most_5_percent_of_draws_without_effect() -> None:
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(4000, 21))
    found = np.array([empirical_p(row[0], row[1:]) for row in draws])
    assert (found < 0.05).mean() == pytest.approx(1 / 21, abs=0.01)
