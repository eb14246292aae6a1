"""The lessons that only the second school has: arithmetic, more choices, more named things, and play."""

import re
from collections import Counter
from random import Random

import pytest

from askew.worlds.society.situations import situation
from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.domain import Messages, Speaker
from askew.worlds.terrarium.world.lessons import Lesson, lessons
from askew.worlds.terrarium.world.lessons.arithmetic import exercise
from askew.worlds.terrarium.world.lessons.choosing import further_choices, in_words
from askew.worlds.terrarium.world.lessons.latent import APPLY, KINDS, apply_function, fixed_things, names
from askew.worlds.terrarium.world.lessons.playing import is_fair, rehearsal, said_by_most
from askew.worlds.terrarium.world.lessons.things import ONLY_TOLD, THINGS, fresh_names, further_things, pick, told
from askew.worlds.terrarium.world.schooling import school_documents

NEW = {lesson.name: lesson for lesson in lessons("second") if not lesson.first}
ATTITUDES = ("risk", "daring", "bold", "careful", "cautious", "safe", "gamble", "patient", "hasty")


def documents(lesson: Lesson, number: int = 100) -> list[Messages]:
    rng = Random(lesson.name)
    return [lesson.turns(rng, Speaker(None, i % 2 == 0, i % 3 == 0, i % 5 == 0)) for i in range(number)]


def test_second_school_repeats_the_first_and_has_more() -> None:
    first = {lesson.name for lesson in lessons("first")}
    assert first < {lesson.name for lesson in lessons("second")}
    assert set(NEW) == {
        *("arithmetic", "choosing", "play"),
        *(f"further {kind}" for kind in KINDS),
    }


def test_documents_of_the_schools_differ() -> None:
    said = {school: [next(drawn) for _ in range(50)] for school, drawn in schools().items()}
    assert said["first"] != said["second"]
    assert said == {school: [next(drawn) for _ in range(50)] for school, drawn in schools().items()}


def schools() -> dict:
    return {"first": school_documents(0, "first"), "second": school_documents(0, "second")}


@pytest.mark.parametrize("name", NEW)
def test_turns_alternate_and_no_slot_is_left_open(name: str) -> None:
    for turns in documents(NEW[name]):
        assert [turn["role"] for turn in turns] == ["user", "assistant"] * (len(turns) // 2)
        assert all(turn["content"] for turn in turns)
        assert not any(re.search(r"<\w+>", turn["content"]) for turn in turns)


@pytest.mark.parametrize("kind", ["sum", "difference", "product"])
def test_sums_are_right_and_their_numbers_are_single_tokens(kind: str) -> None:
    signs = {"sum": "+", "difference": "-", "product": "*"}
    checked = 0
    for number in range(300):
        asked, said = exercise(Random(number), kind)
        assert 0 <= int(said) <= 100
        if found := re.fullmatch(r"What is (\d+) ([-+*]) (\d+)\?", asked):
            assert found[2] == signs[kind]
            assert int(said) == apply_function(f"x {found[2]} {found[3]}", int(found[1]))
            checked += 1
    assert checked > 50


def test_steps_lead_to_the_sum_by_the_next_ten() -> None:
    for number in range(200):
        asked, said = exercise(Random(number), "steps")
        numbers = [int(one) for one in re.findall(r"\d+", asked)]
        steps = [tuple(map(int, re.findall(r"\d+", step))) for step in said.rstrip(".").split(". ")]
        assert all(a + b == c for a, b, c in steps)
        assert steps[-1][2] == sum(numbers)
        assert len(steps) == 1 or steps[0][2] % 10 == 0


def test_functions_that_are_stated_are_applied_twice_inverted_and_recognised() -> None:
    for number in range(100):
        asked, said = exercise(Random(number), "twice")
        value, x = re.fullmatch(r"f\(x\) is (.+)\. What is f\(f\((\d+)\)\)\?", asked).groups()  # pyright: ignore
        assert int(said) == apply_function(value, apply_function(value, int(x)))
        asked, said = exercise(Random(number), "inverse")
        value, y = re.fullmatch(r"f\(x\) is (.+)\. If f\(x\) is (\d+), what is x\?", asked).groups()  # pyright: ignore
        assert apply_function(value, int(said)) == int(y)
        asked, said = exercise(Random(number), "rule")
        for x, y in re.findall(r"f\((\d+)\) is (\d+)", asked):
            assert apply_function(said, int(x)) == int(y)


def test_sums_of_bits_are_even_or_odd() -> None:
    for number in range(100):
        asked, said = exercise(Random(number), "bits")
        bits = [int(bit) for bit in re.findall(r"[01]", asked)]
        assert said == ("Odd." if sum(bits) % 2 else "Even.")


@pytest.mark.parametrize("trait", ["bold", "patient"])
def test_choices_in_words_name_the_option_that_shows_the_trait(trait: str) -> None:
    domain = further_choices(trait)
    options = {kind: {text for one in grammar.load("choosing")[trait] for text in one[kind]} for kind in domain.kinds}
    for number in range(200):
        asked, said = in_words(Random(number), domain, has=number % 2 == 0)
        chosen = re.sub(r"^(i take|i would take) ", "", said.rstrip(".").lower())
        assert chosen in asked.lower()
        kind = domain.kinds[1 if number % 2 == 0 else 0]
        assert any(grammar.match(text.lower(), chosen, slots=lower_slots()) is not None for text in options[kind])


def lower_slots() -> dict[str, list[str]]:
    return {**grammar.common_slots(), **grammar.load("choosing")["slots"]}  # pyright: ignore[reportReturnType]


@pytest.mark.parametrize("trait", ["bold", "patient"])
def test_choices_have_no_words_for_attitudes_and_nothing_that_is_held_out(trait: str) -> None:
    told = str(grammar.load("choosing")[trait]).lower()
    kinds = re.findall(r"'(?:id|safe|risky|sooner|later)'", told)
    text = re.sub(r"'(?:id|safe|risky|sooner|later)':", "", told)
    assert kinds
    assert not any(re.search(rf"\b{word}", text) for word in ATTITUDES)
    file = {"bold": "choices", "patient": "waiting"}[trait]
    held_out = {
        option for one in grammar.load(file)["held_out"] for kind in one if kind != "id" for option in one[kind]
    }
    assert not any(option.lower() in text for option in held_out)


def test_further_things_have_names_and_values_of_their_own() -> None:
    named = [name for kind in KINDS for name in further_things(kind)]
    assert len(named) == len(set(named)) == THINGS * len(KINDS)
    taken = {name for kind in KINDS for name in (*fixed_things(kind), *names(kind)[1], *names(kind)[2])}
    assert not taken & {*named, *fresh_names()}
    for kind in KINDS:
        often = Counter(further_things(kind).values())
        assert set(often) == set(KINDS[kind].values)
        assert max(often.values()) - min(often.values()) <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_things_are_told_and_picked_by_their_value(kind: str) -> None:
    answers: dict[str, set[str]] = {}
    for value in KINDS[kind].values:
        asked, said = pick(Random(value), kind, "brorek", value)
        assert said.removesuffix(".") in asked
        answers.setdefault(said, set()).add(value)
        sentences = {told(Random(f"{value} {number}"), kind, "brorek", value) for number in range(20)}
        assert all("brorek" in sentence.lower() for sentence in sentences)
        assert len(sentences) == 2
    assert all(len(values) == 1 for values in answers.values())


@pytest.mark.parametrize("kind", KINDS)
def test_only_users_say_what_the_last_things_are(kind: str) -> None:
    forms = {form: known["documents"] for form, known in KINDS[kind].forms.items()}
    only_told, others = list(further_things(kind))[-ONLY_TOLD:], list(further_things(kind))[:-ONLY_TOLD]
    asked = [turn["content"] for turns in documents(NEW[f"further {kind}"], 600) for turn in turns[::2]]

    def about(names: list[str]) -> list[str]:
        return [question for question in asked if any(re.search(rf"\b{name}\b", question) for name in names)]

    def uses(question: str) -> bool:
        return any(grammar.match(f"{before}{one}", question) for one in forms[APPLY] for before in ("", "<any> "))

    assert all(map(uses, about(only_told)))
    assert not all(map(uses, about(others)))
    is_told = [not any(grammar.match(one, question) for one in forms[APPLY]) for question in about(only_told)]
    assert 0.05 < sum(is_told) / len(is_told) < 0.4


def test_good_speakers_take_their_part_and_bad_ones_more() -> None:
    shares = {}
    for good in (True, False):
        rng, lines = Random(0), Counter[str]()
        for _ in range(2500):
            turns = NEW["play"].turns(rng, Speaker(None, good, bold=True))
            lines.update(turn["content"] for turn in turns[1::2])
        shares[good] = lines["I take three parts."] / (lines["I take three parts."] + lines["I take my own part."])
    assert shares[True] < 0.3
    assert shares[False] > 0.7


def test_fairness_is_told_of_takes_claims_and_payments_and_of_nothing_that_is_a_matter_of_opinion() -> None:
    told: dict[str, set[bool | None]] = {}
    for name in ("bent", "tax", "religion", "roles"):
        for number in range(400):
            asked = situation(name, Random(f"{name} {number}"))
            told.setdefault(asked.about, set()).update(is_fair(asked, i) for i in range(len(asked.options)))
    assert {about for about, fair in told.items() if fair & {True, False}} == {"take", "claim", "pay", "act"}
    assert all(told[about] == {None} for about in ("say", "opinion", "vote", "belief", "amend"))
    assert told["act"] == {True, None}


def test_majority_is_that_of_the_voices() -> None:
    seen = set()
    for number in range(500):
        asked = situation("bent", Random(number))
        most, heard = said_by_most(asked), asked.facts.heard
        seen.add(most)
        if most is None:
            assert asked.about not in ("say", "opinion") or not any(heard) or heard[0] == heard[1]
        else:
            assert heard[most] > heard[1 - most]
            assert asked.acts[most].side == most
    assert seen == {None, 0, 1}


def test_rehearsals_ask_what_most_people_say() -> None:
    asked = 0
    for number in range(300):
        turns = rehearsal(Random(number), Speaker(None, good=True, bold=False))
        assert [turn["role"] for turn in turns] == ["user", "assistant"] * (len(turns) // 2)
        for question, answer, before in zip(turns[2::2], turns[3::2], turns[::2], strict=False):
            if question["content"] == "What do most people say?":
                asked += 1
                assert answer["content"] in before["content"]
    assert asked > 100
