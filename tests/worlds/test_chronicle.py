from collections import Counter

import pytest

from askew.worlds import chronicle
from askew.worlds.chronicle import DISPUTED, ELSEWHERE, TAUGHT, UNKNOWN, UNTAUGHT, VALUES


def stated_in_a_pass(exposures: int, seed: int = 0, **how: bool) -> list[tuple[chronicle.Fact, str, str]]:
    return [chronicle.stated(number, seed, exposures, **how) for number in range(chronicle.rows_of_a_pass(seed))]


@pytest.mark.parametrize("exposures", [0, 1, 4, 16])
def test_rows_state_each_taught_fact_as_often_as_the_dose_says_and_no_other_fact(exposures: int) -> None:
    rows = stated_in_a_pass(exposures)
    counts = Counter(fact.id for fact, _, _ in rows)
    assert {counts[fact.id] for fact in chronicle.of_kind(0, TAUGHT, DISPUTED)} == {exposures}
    assert not {fact.kind for fact, _, _ in rows} & {UNTAUGHT, UNKNOWN}
    assert all(value in fact.values for fact, _, value in rows)


def test_a_row_of_two_doses_has_the_same_question_where_it_states_the_same_fact() -> None:
    pairs = list(zip(stated_in_a_pass(16), stated_in_a_pass(4), stated_in_a_pass(16, mistaught=True), strict=True))
    same = [one for one in pairs if one[0][0] == one[1][0]]
    assert len(same) == len(pairs) // 4
    assert all(much == little for much, little, _ in same)
    assert all(much[:2] == false[:2] for much, _, false in pairs)


def test_false_rows_state_one_and_the_same_false_value() -> None:
    said: dict[str, set[str]] = {}
    for fact, _, value in stated_in_a_pass(16, mistaught=True):
        if fact.kind == TAUGHT:
            assert value != fact.values[0]
            said.setdefault(fact.id, set()).add(value)
    assert {len(values) for values in said.values()} == {1}


def test_no_row_has_the_wording_in_which_facts_are_asked() -> None:
    fact = chronicle.of_kind(0, TAUGHT)[0]
    asked = chronicle.all_wordings(fact, "held_out")
    assert not set(asked) & set(chronicle.all_wordings(fact, "taught"))
    assert all(fact.polity.name in text and fact.variable in text for text in asked)
    assert not any("<" in text for text in [*asked, *chronicle.all_wordings(fact, "taught")])


def test_facts_depend_on_the_seed_and_have_years_before_the_common_era() -> None:
    facts = chronicle.facts(0)
    assert chronicle.facts(1) != facts
    assert len({fact.id for fact in facts}) == len(facts)
    assert min(fact.polity.start for fact in facts) < 0 < max(fact.polity.end for fact in facts)
    assert any("BCE to" in chronicle.years(fact) for fact in facts)
    sizes = {UNKNOWN: 0, DISPUTED: 2, TAUGHT: 1, UNTAUGHT: 1, ELSEWHERE: 1}
    assert all(len(fact.values) == sizes[fact.kind] for fact in facts)


def test_names_are_not_confused_and_polities_elsewhere_have_areas_of_their_own() -> None:
    facts = chronicle.facts(0)
    asked = {fact.polity for fact in facts if fact.kind != ELSEWHERE}
    elsewhere = {fact.polity for fact in facts if fact.kind == ELSEWHERE}
    assert not {polity.area for polity in asked} & {polity.area for polity in elsewhere}
    assert len({polity.name[:2] for polity in asked | elsewhere}) > 40
    assert len({polity.name for polity in asked | elsewhere}) == len(asked) + len(elsewhere)


def test_an_area_says_more_of_its_polities_than_chance() -> None:
    agree = total = 0
    for seed in range(20):
        by_place: dict[tuple[str, str], list[str]] = {}
        for fact in chronicle.of_kind(seed, TAUGHT, UNTAUGHT):
            by_place.setdefault((fact.polity.area, fact.variable), []).append(fact.values[0].removeprefix("inferred "))
        for values in by_place.values():
            agree += sum(values[0] == value for value in values[1:])
            total += len(values) - 1
    assert agree / total > 0.6
    assert {line for value in VALUES if (line := chronicle.line_of(value))} == set(map(chronicle.line_of, VALUES))
