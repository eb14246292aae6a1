"""Draws by address."""

import numpy as np

from askew.worlds.society.draws import shuffled, uniform


def test_a_draw_does_not_depend_on_who_else_draws() -> None:
    everyone = uniform(3, "dig", 7, np.arange(50))
    assert uniform(3, "dig", 7, np.array([41, 5])).tolist() == everyone[[41, 5]].tolist()


def test_draws_differ_by_seed_purpose_tick_and_agent() -> None:
    agents = np.arange(100)
    base = uniform(3, "dig", 7, agents)
    others = [uniform(4, "dig", 7, agents), uniform(3, "ears", 7, agents), uniform(3, "dig", 8, agents)]
    assert len(np.unique(np.concatenate([base, *others]))) == 400
    assert all(abs(np.corrcoef(base, other)[0, 1]) < 0.35 for other in others)


def test_draws_are_uniform() -> None:
    draws = np.concatenate([uniform(seed, "queue", tick, np.arange(500)) for seed in range(5) for tick in range(40)])
    counts = np.histogram(draws, 20, (0, 1))[0]
    assert ((counts - 5000) ** 2 / 5000).sum() < 45  # the 0.999 quantile of chi-squared with 19 degrees of freedom
    ticks = np.array([uniform(1, "queue", tick, np.array([3]))[0] for tick in range(4000)])
    assert abs(np.corrcoef(ticks[1:], ticks[:-1])[0, 1]) < 0.06


def test_shuffled_has_each_number_once() -> None:
    assert sorted(shuffled(0, "bent", 30).tolist()) == list(range(30))
    assert shuffled(0, "bent", 30).tolist() != shuffled(1, "bent", 30).tolist()
