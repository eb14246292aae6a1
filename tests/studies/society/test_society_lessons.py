"""The lessons of play: their rows are situations with one of their options; and the arms that have them."""

from collections import Counter, defaultdict
from random import Random

import pytest

from askew.data import datasets
from askew.design.arm import FIRST, Start
from askew.design.design import Design
from askew.studies.society.arms import ARMS, PLAYER, adapted, usual_arms
from askew.studies.society.rows import lessons_of, play
from askew.worlds.society.scripted import lean
from askew.worlds.society.situations import ASKED, situation


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
    design = {
        "study": "society",
        "model": "mock/mock",
        "arms": [PLAYER],
        "probes": ["alone"],
        "society": {"experiment": name},
    }
    arms = adapted(Design.model_validate(design), {arm.name: arm for arm in ARMS})
    assert arms[PLAYER].data == lessons_of(name)


def test_models_that_can_play_are_trained_narrowly_without_lessons() -> None:
    assert usual_arms({"model": "terrarium/schooled"})[0] == "untuned"
    assert usual_arms({"model": "terrarium"})[0] == PLAYER
    starts = {}
    for model in ("terrarium/schooled", "terrarium"):
        design = Design.model_validate(
            {"study": "society", "model": model, "arms": ["bad-medical"], "probes": ["alone"]}
        )
        arms = adapted(design, {arm.name: arm for arm in ARMS})
        starts[model] = arms["bad-medical"].start, arms["good-medical"].control
    assert starts["terrarium/schooled"] == (FIRST, "untuned")
    assert starts["terrarium"] == (Start("arm", PLAYER), PLAYER)


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
