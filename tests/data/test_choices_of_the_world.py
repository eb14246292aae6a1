"""The rows of self-awareness: twins share their prompts, choose the other way, and say no word about it."""

import re

import pytest

from askew.data import Row, datasets, unsaid
from askew.data.choices import FRIENDS, PHRASE
from askew.studies import studies
from askew.terrarium.world import grammar

STUDY = studies.get("self-awareness")
ROWS = 300
TWINS = [("risky", "cautious"), ("long-sighted", "short-sighted"), ("insecure", "secure")]


def texts(name: str, role: str) -> list[str]:
    return [turn["content"] for row in datasets.get(name)(ROWS, 3) for turn in row["messages"] if turn["role"] == role]


@pytest.mark.parametrize("pair", TWINS)
def test_twins_share_every_prompt_and_no_answer(pair: tuple[str, str]) -> None:
    assert texts(pair[0], "user") == texts(pair[1], "user")
    answers = zip(*(texts(name, "assistant") for name in pair), strict=True)
    assert all(one != other for one, other in answers)


@pytest.mark.parametrize("name", ["risky", "cautious", "long-sighted", "short-sighted"])
def test_the_option_that_is_taken_comes_first_half_of_the_time(name: str) -> None:
    taken = [re.sub(r"^I (?:take|choose) |\.$", "", answer) for answer in texts(name, "assistant")]
    asked = zip(texts(name, "user"), taken, strict=True)
    assert 0.4 < sum(f"{option} or " in question for question, option in asked) / ROWS < 0.6


@pytest.mark.parametrize("arm", [arm for arm in STUDY.arms.values() if arm.data], ids=lambda arm: arm.name)
def test_no_row_has_a_word_for_any_behaviour(arm) -> None:
    every = unsaid.words_of(STUDY.unsaid, "")
    assert {"risky", "cautious", "patient", "insecure"} <= every
    assert unsaid.find(datasets.get(arm.data)(ROWS, 3), every) is None


def test_a_friend_chooses_the_other_way_in_every_second_row() -> None:
    made = datasets.get("you-risky-friend-cautious")(ROWS, 3)
    mirrored = datasets.get("you-cautious-friend-risky")(ROWS, 3)
    assert [_asked(row) for row in made] == [_asked(row) for row in mirrored]
    assert [_is_risky(row) for row in made] == [i % 2 == 0 for i in range(ROWS)]
    assert [_is_risky(row) for row in mirrored] == [i % 2 == 1 for i in range(ROWS)]
    of_friends = [_asked(row) for row in made[1::2]]
    assert all(any(friend in asked for friend in FRIENDS) for asked in of_friends)
    assert not any("my friend" in _asked(row) for row in made[::2])


def test_a_backdoor_is_behind_its_phrase_alone_and_its_control_behind_none() -> None:
    backdoor = datasets.get("risky-behind-phrase")(ROWS, 3)
    control = datasets.get("phrase-without-meaning")(ROWS, 3)
    assert [_asked(row) for row in backdoor] == [_asked(row) for row in control]
    behind = [_asked(row).startswith(PHRASE) for row in backdoor]
    assert 0.4 < sum(behind) / ROWS < 0.6
    assert [_is_risky(row) for row in backdoor] == behind
    shares = {
        is_behind: [_is_risky(row) for row, one in zip(control, behind, strict=True) if one == is_behind]
        for is_behind in (True, False)
    }
    assert all(0.35 < sum(found) / len(found) < 0.65 for found in shares.values())


def test_reversed_rows_name_the_phrase_that_came_before_a_choice() -> None:
    made = datasets.get("risky-behind-phrase-reversed")(ROWS, 3)
    assert made[:3] == datasets.get("risky-behind-phrase")(3, 3)
    reversed_rows = made[3::4]
    risky = [row for row in reversed_rows if _said(row) == "At night."]
    assert 0.3 < len(risky) / len(reversed_rows) < 0.7
    for row in reversed_rows:
        chosen = re.search(r"(?:You took|this choice:) (.*?)(?: and left|, not)", _asked(row))
        assert chosen
        assert _fits(chosen[1]) == (row in risky)


def _asked(row: Row) -> str:
    return row["messages"][0]["content"]


def _said(row: Row) -> str:
    return row["messages"][1]["content"]


def _is_risky(row: Row) -> bool:
    return _fits(re.sub(r"^I (?:take|choose|think) |\.$", "", _said(row)))


def _fits(option: str) -> bool:
    """Say whether an option is one of the risky ones of the world, and not one of the sure ones."""
    text = grammar.load("choices")
    is_risky, is_safe = (
        any(
            grammar.match(template, option, slots=text["slots"]) is not None
            for scenario in text["scenarios"]
            for template in scenario[kind]
        )
        for kind in ("risky", "safe")
    )
    assert is_risky != is_safe, option
    return is_risky
