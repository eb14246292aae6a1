"""The lessons of play: their rows are situations with one of their options, and no side is favoured."""

import math
from collections import Counter, defaultdict
from random import Random

import pytest

from askew.data import datasets
from askew.design.design import Design
from askew.studies.society.arms import ARMS, PLAYER, with_lessons
from askew.studies.society.lessons import BETA, Player
from askew.studies.society.rows import lessons_of, play
from askew.studies.society.situations import ASKED, drawn_facts, question, situation
from askew.worlds.society import Facts, Setting, Society, experiments
from askew.worlds.society.experiments import bent, tax
from askew.worlds.society.scripted import Scripted, lean, logistic

SITUATIONS = [situation(name, Random(f"test {number}")) for name in ASKED for number in range(100)]


@pytest.mark.parametrize("name", ASKED)
def test_rows_are_situations_of_an_experiment_answered_by_one_of_their_options(name: str) -> None:
    lessons = datasets.get(lessons_of(name))
    rows = lessons.rows(200, 0)
    assert rows == [play(name, number, 0) for number in range(200)]
    assert rows != lessons.rows(200, 1)
    for number, row in enumerate(rows):
        asked = situation(name, Random(f"play {name} 0 {number}"))
        prompt, answer = (turn["content"] for turn in row["messages"])
        assert prompt == asked.text
        assert answer in asked.options
    assert len({row["messages"][0]["content"] for row in rows}) > 100


@pytest.mark.parametrize("name", ASKED)
def test_a_player_has_the_lessons_of_the_experiment_that_it_plays(name: str) -> None:
    design = {"study": "society", "arms": [PLAYER], "probes": ["alone"], "society": {"experiment": name}}
    arms = with_lessons(Design.model_validate(design), {arm.name: arm for arm in ARMS})
    assert arms[PLAYER].data == lessons_of(name)


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


def test_answers_of_rows_follow_what_was_heard() -> None:
    counts: defaultdict[bool, Counter[bool]] = defaultdict(Counter)
    for number in range(3000):
        asked = situation("bent", Random(f"play bent 0 {number}"))
        sides = [act.side for act in asked.acts]
        if asked.about not in ("say", "opinion", "belief") or sides != [0, 1] or not lean(asked.facts.heard):
            continue
        counts[lean(asked.facts.heard) > 0][play("bent", number, 0)["messages"][1]["content"] == asked.options[1]] += 1
    for_one, for_none = counts[True], counts[False]
    assert 0.7 < for_one[True] / for_one.total() < 0.9
    assert 0.1 < for_none[True] / for_none.total() < 0.3
    assert for_one.total() + for_none.total() > 300
