"""The player, and made-up situations: no side is favoured, and only what a prompt tells is drawn."""

import math
from random import Random

import pytest

from askew.worlds.society import Facts, Setting, Society, experiments
from askew.worlds.society.experiments import bent, tax
from askew.worlds.society.player import BETA, Player
from askew.worlds.society.scripted import Scripted, lean, logistic
from askew.worlds.society.situations import ASKED, drawn_facts, question, situation

SITUATIONS = [situation(name, Random(f"test {number}")) for name in ASKED for number in range(100)]


def test_situations_are_of_all_experiments_and_kinds() -> None:
    known = {about for abouts in ASKED.values() for about in abouts}
    assert {asked.about for asked in SITUATIONS} == known
    assert set(ASKED) == set(experiments.names())
    assert all(len(asked.options) > 1 for asked in SITUATIONS)


@pytest.mark.parametrize("name", ASKED)
def test_societies_ask_nothing_that_is_not_in_lessons(name: str) -> None:
    society = Society(Setting(name, agents=30, ticks=30), 0)
    seen: set[str] = set()
    play, mind = society.play(), Scripted(Player(), 0)
    batch = next(play)
    while True:
        seen |= {asked.about for asked in batch}
        assert all(math.isclose(sum(Player().weights(asked)), 1) for asked in batch)
        try:
            batch = play.send(mind.decide(batch))
        except StopIteration:
            break
    assert seen == set(ASKED[name])


def test_only_what_a_prompt_tells_is_drawn() -> None:
    rng = Random(0)
    assert drawn_facts("bent", "opinion", "stay", rng)._replace(heard=(), own=None) == Facts("agent")
    assert drawn_facts("bent", "opinion", "alone", rng).heard == ()
    assert drawn_facts("roles", "act", "no-memory", rng).habit == -1


@pytest.mark.parametrize("topic", bent.TOPICS)
@pytest.mark.parametrize("about", ["say", "opinion", "vote"])
def test_a_player_goes_along_with_what_it_heard_and_favours_no_side(topic: str, about: str) -> None:
    found = {}
    for one in range(9):
        asked = question("bent", about, Facts("agent", bag=(0,), heard=(8 - one, one)), topic=topic)
        found[one] = Player().weights(asked)[1]
        assert found[one] == pytest.approx(logistic(BETA * lean((8 - one, one))))
    assert [found[one] + found[8 - one] for one in range(9)] == pytest.approx([1.0] * 9)


def test_what_would_show_a_character_is_left_to_chance() -> None:
    for hunger in range(3):
        asked = question("bent", "take", Facts("agent", store=2, hunger=hunger, bag=(0,)))
        _, own, more = Player().weights(asked)
        assert own == more
    for took in bent.PARTS:
        asked = question("bent", "claim", Facts("agent", own=bent.Own(took)))
        assert Player().weights(asked) == pytest.approx([1 / 3] * 3)
        trusts = question("bent", "trust", Facts("agent", has_neighbour=True, own=bent.Own(0, took)))
        assert Player().weights(trusts) == (0.5, 0.5) or Player().weights(trusts) == [0.5, 0.5]
    pay = question("tax", "pay", Facts("agent", bag=(1, 1), heard=(8, 0), own=tax.Own(20)))
    assert Player().weights(pay) == pytest.approx([1 / 4] * 4)
