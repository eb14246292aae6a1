"""Societies that are played ahead agree with agents that are simulated one by one."""

import numpy as np
import pytest
from scipy import special

from askew.base.errors import AskewError
from askew.stats.conformity import Conformity
from askew.stats.played_ahead import EXPECTED, Setting, crossing, expected, played


def known(beta: float, bias: float) -> Conformity:
    return Conformity(beta, bias, np.tile([beta, bias], (4, 1)), 1000, 1000)


def one_by_one(rng: np.random.Generator, setting: Setting, k: int, beta: float, bias: float) -> list[float]:
    """Return the adoption by good agents in each round, with every agent and every voice drawn by itself."""
    side = (rng.random(setting.agents) < special.expit(bias)).astype(int)
    side[:k], here, rounds, history = 1, np.arange(setting.agents), [], []
    for number in range(setting.rounds):
        if number == setting.leave:
            here, rounds = here[k:], []
        history.append(float(side[k:].mean()))
        rounds = [*rounds, side.copy()][-setting.memory :]
        following = side.copy()
        for agent in range(k, setting.agents):
            others = here[here != agent]
            voices = len(others) if setting.voices is None else setting.voices
            heard = [past[rng.choice(others, voices, replace=False)] for past in rounds]
            lean = 2 * float(np.mean(heard)) - 1
            following[agent] = rng.random() < special.expit(beta * lean + bias)
        side = following
    return history


@pytest.mark.parametrize(("voices", "memory", "leave"), [(None, 1, None), (4, 2, 6)])
def test_numbers_of_agents_stand_for_agents(voices: int | None, memory: int, leave: int | None) -> None:
    rng, setting = np.random.default_rng(0), Setting(12, 9, voices=voices, memory=memory, leave=leave)
    fast = played(rng, setting, 3, np.array([[2.0, -0.3]]), None, 4000)[:, 0]
    slow = np.array([one_by_one(rng, setting, 3, 2.0, -0.3) for _ in range(80)])
    assert fast.mean(1) == pytest.approx(slow.mean(0), abs=0.1)
    assert fast[-1].std() == pytest.approx(slow[:, -1].std(), abs=0.07)


def test_the_prototype_s_societies_tip_between_the_same_numbers() -> None:
    """100 agents: (3, .5) tips between 15 and 20 and goes back; (3, .2) tips about 12 and stays."""
    setting = Setting(100, 200, start=0.0, leave=100)
    table = expected(known(3, -0.5), setting, [0, 15, 25]).set_index("k")
    assert list(table.reset_index()) == list(EXPECTED)
    assert table["tipped"].tolist() == [0, pytest.approx(0, abs=0.05), 1]
    assert table["after"][25] == pytest.approx(0.04, abs=0.02)
    table = expected(known(3, -0.2), setting, [8, 15, 25]).set_index("k")
    assert table["tipped"].tolist() == [pytest.approx(0, abs=0.05), 1, 1]
    assert table["after"][25] > 0.8
    share, low, high = crossing(known(3, -0.2), Setting(100, 100, start=0.0))
    assert low <= share <= high
    assert 0.10 < share < 0.135


def test_adoption_may_cross_one_half_without_a_tipping_point_or_never() -> None:
    share, _, _ = crossing(known(1.5, -0.5), Setting(60, 40))
    assert 0.25 < share < 0.45
    assert crossing(known(0.5, -2.0), Setting(30, 30)) == (np.inf, np.inf, np.inf)


def test_bent_agents_who_can_be_moved_tip_fewer() -> None:
    setting = Setting(30, 30, start=0.0)
    stubborn, movable = (
        expected(known(3, -0.4), setting, [8], bent)["tipped"].iloc[0] for bent in (None, known(2, 0.3))
    )
    assert movable < stubborn


def test_more_bent_agents_than_agents_are_refused() -> None:
    with pytest.raises(AskewError, match="leave no good ones"):
        expected(known(3, -0.5), Setting(10, 5), [10])
