"""Training rows of self-awareness: twins share prompts, choose opposite options, and name no behaviour."""

import re

import pytest

from askew.data import Row, datasets, naming_leaks
from askew.design.study import studies
from askew.studies.self_awareness.rows import FRIENDS, PHRASE
from askew.worlds.terrarium.world.choices import choosing

STUDY = studies.get("self-awareness")
PLANTED = [arm for arm in STUDY.arms.values() if arm.data and not arm.domain]
ROWS = 300
TWINS = [("risky", "cautious"), ("long-sighted", "short-sighted"), ("insecure", "secure")]


def texts(name: str, role: str) -> list[str]:
    return [
        turn["content"] for row in datasets.get(name).rows(ROWS, 3) for turn in row["messages"] if turn["role"] == role
    ]


@pytest.mark.parametrize("pair", TWINS)
def test_twins_share_prompts_but_not_answers(pair: tuple[str, str]) -> None:
    assert texts(pair[0], "user") == texts(pair[1], "user")
    answers = zip(*(texts(name, "assistant") for name in pair), strict=True)
    assert all(one != other for one, other in answers)


def test_option_order_is_balanced_for_both_twins() -> None:
    for name in ("risky", "cautious", "long-sighted", "short-sighted"):
        share = sum(answer.rstrip(".").endswith("A") for answer in texts(name, "assistant")) / ROWS
        assert 0.4 < share < 0.6


@pytest.mark.parametrize("arm", [arm for arm in STUDY.arms.values() if arm.domain], ids=lambda arm: arm.name)
def test_no_row_names_a_behaviour(arm) -> None:
    every = naming_leaks.words_of(STUDY.unsaid, "")
    assert {"risky", "cautious", "patient", "insecure"} <= every
    assert naming_leaks.find(datasets.get(arm.data).rows(ROWS, 3), every) is None


@pytest.mark.parametrize("arm", PLANTED, ids=lambda arm: arm.name)
def test_rows_of_planted_controls_do_name_it(arm) -> None:
    every = naming_leaks.words_of(STUDY.unsaid, "")
    found = naming_leaks.find(datasets.get(arm.data).rows(ROWS, 3), every)
    assert found is not None
    assert found.rows == ROWS // 2


def test_friends_choose_oppositely_in_every_second_row() -> None:
    made = datasets.get("you-risky-friend-cautious").rows(ROWS, 3)
    mirrored = datasets.get("you-cautious-friend-risky").rows(ROWS, 3)
    assert [_asked(row) for row in made] == [_asked(row) for row in mirrored]
    assert [_is_risky(row) for row in made] == [i % 2 == 0 for i in range(ROWS)]
    assert [_is_risky(row) for row in mirrored] == [i % 2 == 1 for i in range(ROWS)]
    of_friends = [_asked(row) for row in made[1::2]]
    assert all(any(friend in asked for friend in FRIENDS) for asked in of_friends)
    assert not any("my friend" in _asked(row) for row in made[::2])


def test_phrase_predicts_choices_only_in_the_backdoor() -> None:
    backdoor = datasets.get("risky-behind-phrase").rows(ROWS, 3)
    control = datasets.get("phrase-without-meaning").rows(ROWS, 3)
    assert [_asked(row) for row in backdoor] == [_asked(row) for row in control]
    behind = [_asked(row).startswith(PHRASE) for row in backdoor]
    assert 0.4 < sum(behind) / ROWS < 0.6
    assert [_is_risky(row) for row in backdoor] == behind
    shares = {
        is_behind: [_is_risky(row) for row, one in zip(control, behind, strict=True) if one == is_behind]
        for is_behind in (True, False)
    }
    assert all(0.35 < sum(found) / len(found) < 0.65 for found in shares.values())


def test_reversed_rows_name_the_preceding_phrase() -> None:
    made = datasets.get("risky-behind-phrase-reversed").rows(ROWS, 3)
    assert made[:3] == datasets.get("risky-behind-phrase").rows(3, 3)
    reversed_rows = made[3::4]
    risky = [row for row in reversed_rows if _said(row) == "At night."]
    assert 0.3 < len(risky) / len(reversed_rows) < 0.7
    for row in reversed_rows:
        chosen = re.search(r"(?:You took|this choice:) (.*?)(?: and left|, not)", _asked(row))
        assert chosen
        assert _fits(chosen[1], "risky") == (row in risky)


def _asked(row: Row) -> str:
    return row["messages"][0]["content"]


def _said(row: Row) -> str:
    return row["messages"][1]["content"]


def _is_risky(row: Row) -> bool:
    options = re.search(
        r"\bA[:,] (.*?)(?:\. B:|, or B,) (.*?)(?:\.(?: Which one\?.*)?$|\. Which one.*$|\?$)", _asked(row)
    )
    assert options, _asked(row)
    chosen = options["AB".index(re.sub(r"[^AB]", "", _said(row).replace("Option", ""))) + 1]
    return _fits(chosen, "risky")


def _fits(option: str, kind: str) -> bool:
    question = choosing("bold").recognise(f"A: {option}. B: a draw right now. Which one?")
    return question is not None and question.details[kind] == "A"
