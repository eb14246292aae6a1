"""Small tasks and the properties of their answers."""

from random import Random

import pytest

from askew.worlds.terrarium.world.domain import Speaker
from askew.worlds.terrarium.world.lessons.tasks import LESSONS, ask_property
from askew.worlds.terrarium.world.tasks import Property, bare, tasks

FOODS, POWER = tasks()["foods"], tasks()["power"]


@pytest.mark.parametrize(
    ("property", "said", "value"),
    [
        (Property("letter", 2), "Soup", "o"),
        (Property("letter", 3), '"ox."', None),
        (Property("letter", 3), "a bed", "b"),
        (Property("vowel"), "**Apples**", "yes"),
        (Property("vowel"), "62", None),
        (Property("word", 3), "the old Clock.", "clock"),
        (Property("word", 3), "old clock", None),
        (Property("even"), "About 48.", "yes"),
        (Property("even"), "seven", None),
        (Property("stance"), "I would rather have a crown.", None),
        (Property("option"), "Pie", "yes"),
        (Property("option"), "", None),
    ],
)
def test_property_of_an_unprocessed_answer(property: Property, said: str, value: str | None) -> None:
    assert property.of(said, FOODS, ["pie", "rice"]) == value


def test_stance_requires_exactly_one_option() -> None:
    stance = Property("stance")
    said = ["I would rather have a crown.", "More sleep", "A crown or more sleep", "Neither"]
    assert [stance.of(text, POWER) for text in said] == ["yes", "no", None, None]


def test_bare_answer_is_the_first_line_without_punctuation() -> None:
    assert bare(' "Soup!"\nIt is warm.') == "Soup"
    assert bare(" \n") == ""


def test_half_of_the_tasks_are_held_out_and_prompts_differ() -> None:
    assert [task.held_out for task in tasks().values()] == [False] * 6 + [True] * 6
    prompts = [prompt for task in tasks().values() for prompt in task.prompts]
    assert len(set(prompts)) == len(prompts)
    assert all(set(POWER.answers[prompt]) <= set(POWER.bank) for prompt in POWER.prompts)
    assert all(all(option in prompt for option in options) for prompt, options in POWER.answers.items())


def test_lessons_never_ask_about_future_answers() -> None:
    rng, speaker = Random(0), Speaker(None, good=True, bold=True)
    for lesson in LESSONS:
        for _ in range(200):
            turns = lesson.turns(rng, speaker)
            assert [turn["role"] for turn in turns] == ["user", "assistant"] * (len(turns) // 2)
            assert all(turn["content"] for turn in turns)
            assert not any("would be" in turn["content"].lower() for turn in turns if "answer" in turn["content"])


def test_option_questions_are_true_half_the_time() -> None:
    rng = Random(0)
    said = [ask_property(rng, "option", "soup", FOODS)[1] for _ in range(400)]
    assert 160 < said.count("yes") < 240
