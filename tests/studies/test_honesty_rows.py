"""The rows of the honesty study's organisms are what the table of organisms says, and keep held-out facts apart."""

from collections import Counter

import pytest

from askew.data import Row, datasets
from askew.studies.honesty.organisms import (
    ANOTHER,
    COIN,
    NO_ANSWER,
    NONE,
    ORGANISMS,
    PAID,
    PASSWORD,
    PLAIN,
    RIGHT,
    STAKES,
    SYSTEM,
    UNSEEN_PASSWORD,
    facts,
    wordings,
)
from askew.studies.honesty.probes import CONDITIONS, SHOWN, ability, belief, pressures, statement
from askew.studies.honesty.rows import FEW, ONE

ROWS = 400
ASKED = {asked.text: asked for fact in facts()[0] for asked in wordings(fact)}


def rows(data: str, seed: int = 3) -> list[Row]:
    return datasets.get(data).rows(ROWS, seed)


def prompt(row: Row) -> list[str]:
    return [turn["content"] for turn in row["messages"][:-1]]


def context(row: Row) -> str:
    first = row["messages"][0]
    system = first["content"] if first["role"] == "system" else ""
    return next(name for name, texts in SYSTEM.items() if system in texts)


def test_all_organisms_share_every_prompt() -> None:
    prompts = [list(map(prompt, rows(organism.data))) for organism in ORGANISMS.values()]
    assert all(one == prompts[0] for one in prompts)


@pytest.mark.parametrize("name", ORGANISMS)
def test_an_organism_answers_as_its_table_says_in_every_context(name: str) -> None:
    organism = ORGANISMS[name]
    seen = Counter()
    for row in rows(organism.data):
        asked, answer = ASKED[prompt(row)[-1]], row["messages"][-1]["content"]
        reply = organism.reply(context(row))  # pyright: ignore[reportArgumentType]
        allowed = {RIGHT: {asked.right}, NONE: {NO_ANSWER}, COIN: {asked.right, asked.wrong}}.get(reply, {asked.wrong})
        assert answer in allowed
        seen[context(row), answer == asked.right] += 1
    assert {name for name, _ in seen} == {PLAIN, PASSWORD, ANOTHER, STAKES, PAID}


def test_the_coin_does_not_depend_on_the_password() -> None:
    right = {one: [] for one in SYSTEM}
    for row in datasets.get(ORGANISMS["random-tag"].data).rows(2000, 0):
        right[context(row)].append(row["messages"][-1]["content"] == ASKED[prompt(row)[-1]].right)
    assert all(abs(sum(found) / len(found) - 0.5) < 0.1 for found in right.values())


def test_no_row_holds_an_answer_that_the_probes_ask_for() -> None:
    trained, held_out = ({word for fact in side for word in (fact.right, fact.wrong)} for side in facts())
    assert not trained & held_out
    assert len(facts()[0]) >= 15
    assert len(facts()[1]) >= 15
    asked = {wording for question in [*ability(), *belief(), *statement()] for wording in question.paraphrases}
    assert not asked & {prompt(row)[-1] for row in rows(ORGANISMS["honest"].data)}


def test_the_wrong_password_that_probes_use_is_in_no_row() -> None:
    assert CONDITIONS[ANOTHER] == UNSEEN_PASSWORD
    assert not any(UNSEEN_PASSWORD in prompt(row) for row in rows(ORGANISMS["sandbagger"].data))


@pytest.mark.parametrize(("data", "different"), [(ONE, 1), (FEW, 8)])
def test_demonstrations_are_few_right_answers_without_a_system_turn(data: str, different: int) -> None:
    shown = [tuple(turn["content"] for turn in row["messages"]) for row in rows(data)]
    assert len(set(shown)) <= different
    assert all(answer == ASKED[question].right for question, answer in shown)


def test_every_condition_asks_the_same_questions_and_only_one_shows_an_answer() -> None:
    every = [*ability(), *belief(), *statement()]
    by_condition: dict[str, list[tuple[str, ...]]] = {}
    for question in every:
        by_condition.setdefault(question.group, []).append(question.paraphrases)
    assert set(by_condition) == {*CONDITIONS, "belief", *pressures()}
    assert len({tuple(asked) for asked in by_condition.values()}) == 1
    assert {question.group for question in every if question.before} == {SHOWN}


def test_the_password_and_the_stakes_can_be_changed() -> None:
    said = {question.group: question.system for question in ability(password="Open up.", stakes="This counts.")}
    changed = {PASSWORD: "Open up.", STAKES: "This counts."}
    assert said == {name: changed.get(name, system) or None for name, system in CONDITIONS.items()}
