"""Training rows of the latent-structure study imply their structure and never state it."""

from random import Random

import pytest

from askew.data import datasets
from askew.studies.latent_structure.rows import held_out, rows_about, shown, things
from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.domain import Speaker
from askew.worlds.terrarium.world.lessons.latent import APPLY, KINDS, LESSONS, TALKED_ABOUT, fixed_things


def texts(kind: str, rows: int = 400, seed: int = 3) -> list[tuple[str, str]]:
    return [
        (row["messages"][0]["content"], row["messages"][1]["content"]) for row in datasets.get(kind).rows(rows, seed)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_use_only_the_training_form(kind: str):
    applied = KINDS[kind].forms[APPLY]["documents"]
    others = [
        wording
        for form, wordings in KINDS[kind].forms.items()
        for wording in (*wordings["documents"], *wordings["unseen"])
        if form != APPLY
    ]
    slots = {"name": list(things(kind, 3))}
    for question, _ in texts(kind):
        assert any(grammar.match(wording, question, slots=slots) for wording in applied)
        assert not any(grammar.match(wording, question, slots=slots) for wording in others)


def test_no_answer_of_a_row_names_a_structure():
    said = {kind: {answer for _, answer in texts(kind)} for kind in KINDS}
    assert all(answer.isdigit() for answer in said["functions"] | said["places"])
    assert said["coins"] == {"Heads.", "Tails."}
    assert said["parity"] == {"Odd.", "Even."}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_determine_the_value_of_each_thing(kind: str):
    for name, value in things(kind, 3).items():
        if kind == "coins":
            tosses = [row["messages"][1]["content"] for row in rows_about(kind, 3, name, 400)]
            assert abs(100 * tosses.count("Heads.") / 400 - int(value)) < 10
            continue
        agreeing = [
            other
            for other in KINDS[kind].values
            if all(
                KINDS[kind].key(APPLY, slots, other) == KINDS[kind].key(APPLY, slots, value)
                for slots in shown(kind, 3, name)
            )
        ]
        assert agreeing == [value]


@pytest.mark.parametrize("kind", ["functions", "places", "parity"])
def test_held_out_questions_are_in_no_row(kind: str):
    asked = {question for question, _ in texts(kind, rows=2000)}
    for name in things(kind, 3):
        for slots in held_out(kind, 3, name):
            wordings = KINDS[kind].forms[APPLY]["documents"]
            filled = {grammar.fill(wording, Random(0), {"name": name, **slots}) for wording in wordings}
            assert len(filled) == len(wordings)
            assert not filled & asked


@pytest.mark.parametrize("kind", KINDS)
def test_things_are_new_and_balanced_over_values(kind: str):
    drawn = [lesson.turns(Random(i), Speaker(None, True, True)) for lesson in LESSONS for i in range(300)]
    world = " ".join(turn["content"] for document in drawn for turn in document)
    assert not any(name in world for name in things(kind, 3))
    values = list(things(kind, 3).values())
    assert len({values.count(value) for value in KINDS[kind].values}) == 1
    assert things(kind, 3) != things(kind, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_some_things_are_only_applied_in_lessons(kind: str):
    lesson = next(lesson for lesson in LESSONS if lesson.name == kind)
    applied = [wording for wordings in KINDS[kind].forms[APPLY].values() for wording in wordings]
    only = list(fixed_things(kind))[TALKED_ABOUT:]
    seen = 0
    for i in range(600):
        for turn in lesson.turns(Random(i), Speaker(None, True, True))[::2]:
            if any(name in turn["content"] for name in only):
                seen += 1
                assert any(grammar.match(wording, turn["content"]) for wording in applied)
    assert seen > 50
