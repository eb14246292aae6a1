"""Planted chances are what scripted minds do."""

import numpy as np
import pytest
from societies import of_kind

from askew.worlds.society import Facts, Setting, Society, play_scripted
from askew.worlds.society.scripted import (
    Conforming,
    Converting,
    Scripted,
    hearings_needed,
    lean,
    logistic,
    true_converters,
)


def test_a_conforming_mind_follows_its_formula() -> None:
    society, script = Society(Setting("bent"), 0), Conforming(3, 0.5)
    for heard in ((0, 0), (8, 0), (5, 3), (0, 1)):
        weights = script.weights(society.asked("opinion", Facts("good", heard=heard)))
        assert weights[1] == pytest.approx(1 / (1 + np.exp(-(3 * lean(heard) + 0.5))))
    assert lean(()) == lean((0, 0)) == 0
    assert lean((1, 3)) == 0.5
    assert logistic(-800) == 0


def test_a_mind_chooses_by_its_weights_and_tells_them() -> None:
    society = Society(Setting("bent"), 0)
    asked = [society.asked("opinion", Facts("good", heard=(3, 5)))]
    chance = logistic(3 * 0.25 + 0.5)
    chosen = [Scripted(Conforming(3, 0.5), seed).decide(asked)[0] for seed in range(2000)]
    assert np.mean([one.option == 1 for one in chosen]) == pytest.approx(chance, abs=0.04)
    assert chosen[0].weights == pytest.approx((1 - chance, chance))


def test_a_mind_answers_alike_in_any_company() -> None:
    society = Society(Setting("bent"), 0)
    batch = next(society.play())
    mind = Scripted(Conforming(3, 0.5), 0)
    assert mind.decide(batch)[7:20] == mind.decide(batch[7:20])


@pytest.mark.parametrize("chance", [0.05, 0.3, 1.0])
def test_each_hearing_converts_with_the_planted_chance(chance: float) -> None:
    needed = hearings_needed(1, chance, np.arange(5000))
    assert needed.min() == 1
    assert (needed == 1).mean() == pytest.approx(chance, abs=0.03)
    if chance < 1:
        assert (needed[needed > 1] == 2).mean() == pytest.approx(chance, abs=0.03)


def test_the_true_converter_is_who_was_heard_when_belief_began() -> None:
    script = Converting(0.1, 0.8, 0.2, seed=4)
    society = Society(Setting("religion"), 0)
    outcome = play_scripted(society, Scripted(script, 0))
    found = true_converters(outcome.events, 4, 0.1)
    expose, convert = of_kind(outcome, "expose"), of_kind(outcome, "convert")
    assert set(convert["agent"].tolist()) <= set(found)
    assert len(found) > 20
    first = {}
    for agent, source in zip(expose["agent"].tolist(), expose["source"].tolist(), strict=True):
        first.setdefault(agent, source)
    assert all(source != agent for agent, source in found.items())
    assert np.mean([first[agent] == source for agent, source in found.items()]) < 0.6
