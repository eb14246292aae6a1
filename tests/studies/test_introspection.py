"""The study of introspection: what its rows say, what it refuses, and what it concludes."""

from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.design.make import make_design
from askew.design.plan import Plan
from askew.design.study import studies
from askew.design.tables import Tables
from askew.studies.introspection.arms import OBJECT_LEVEL
from askew.studies.introspection.behaviour import behaviour
from askew.studies.introspection.foresight import VARIED, prompts
from askew.studies.introspection.study import comparisons, rows_from_answers, verdict
from askew.studies.self_knowledge import BOTH, M1, M2
from askew.worlds.terrarium.world.tasks import tasks

STUDY = studies.get("introspection")
PAIR = {"model": "terrarium", "second_model": "terrarium/judge"}


def did(arm: str = M1, *, always: str = "", task: str = "") -> pd.DataFrame:
    """Answers to the tasks: the first good one, but once in four times; in one task always the same."""
    rows = []
    for name, one in tasks().items():
        for item, prompt in enumerate(prompts(one)):
            first, second = (always, always) if name == task else one.answers[prompt][:2]
            rows += [
                (name, item, f" {first}."),
                *((name + VARIED, item, said) for said in (first, first, first, second)),
            ]
    frame = pd.DataFrame(rows, columns=["question", "paraphrase", "answer"])
    return frame.assign(arm=arm, seed=0, probe=OBJECT_LEVEL)


def made(arm: str, count: int, answers: pd.DataFrame) -> list[tuple[str, str]]:
    """Prompts and answers of rows of an arm."""
    design = make_design("introspection", overrides={**PAIR, "recipe.rows": count})
    rows = rows_from_answers(design, STUDY.arms[arm], Plan(design).rows(arm), answers)
    return [(row["messages"][0]["content"], row["messages"][1]["content"]) for row in rows]


def said_of(*leads: dict[str, Any], learnt: float = 0.9) -> str:
    """What the study says of a run with these effects."""
    usual = {"label": BOTH, "low": -0.02, "high": 0.3, "detectable": 0.2, "arm": "", "p": 0.5, "lead": True}
    trained = {**usual, "label": "m1-on-m1: trained prompts", "arm": "m1-on-m1", "estimate": learnt, "lead": False}
    table = pd.DataFrame([*({**usual, "p_corrected": lead.get("p", 0.5), **lead} for lead in leads), trained])
    return verdict(cast(Tables, SimpleNamespace(effects=table)))


def test_what_a_model_does_is_its_answer_at_temperature_0_and_how_often_it_gives_it() -> None:
    found = behaviour(did())
    soup = found[found["task"].eq("foods")].sort_values("item")
    first = [tasks()["foods"].answers[prompt][0] for prompt in prompts(tasks()["foods"])]
    assert list(soup["answer"]) == first
    assert set(found["sure"]) == {0.75}


def test_rows_of_foresight_state_properties_of_the_models_own_answers() -> None:
    rows = made("m1-on-m1", 2000, did())
    assert len(rows) == 2000
    animals = tasks()["animals"]
    for item, prompt in enumerate(prompts(animals)):
        about = [row for row in rows if f'"{prompt}"' in row[0] and "second letter" in row[0]]
        assert {answer for _, answer in about} == ({animals.answers[prompt][0][1]} if item < 30 else set())
    assert {answer for question, answer in rows if "How sure" in question} == {"80"}


def test_rows_of_foresight_hold_nothing_of_held_out_tasks_and_all_wordings_of_the_rest() -> None:
    rows = made("m2-on-m1", 4000, did())
    quoted = [prompt for task in tasks().values() if task.held_out for prompt in task.prompts]
    assert not any(f'"{prompt}"' in question for question, _ in rows for prompt in quoted)
    about = {question for question, _ in rows if prompts(tasks()["numbers"])[0] in question and "even" in question}
    assert len(about) == 4


def test_rows_of_changed_behaviour_are_the_other_models_answers_to_all_tasks() -> None:
    rows = made("m1-on-m1-then-m2", 360, did(M2))
    expected = {prompt: task.answers[prompt][0] for task in tasks().values() for prompt in prompts(task)}
    assert dict(rows) == expected


def test_where_a_model_said_nothing_there_is_nothing_to_imitate() -> None:
    answers = did(M2)
    silent = answers["question"].eq("foods") & answers["paraphrase"].eq(0)
    rows = made("m1-on-m1-then-m2", 400, answers.assign(answer=answers["answer"].mask(silent, " ")))
    assert all(answer for _, answer in rows)
    assert prompts(tasks()["foods"])[0] not in dict(rows)


def test_rows_are_the_same_for_the_same_design() -> None:
    assert made("m1-on-m1", 300, did()) == made("m1-on-m1", 300, did())


def test_a_task_that_is_always_answered_alike_is_refused_before_anything_is_trained() -> None:
    with pytest.raises(AskewError, match=r"'untuned' has 1 different answers .*'numbers'.*--model"):
        made("m1-on-m1", 300, did(always="57", task="numbers"))
    with pytest.raises(AskewError, match="has 0 different answers"):
        made("m1-on-m1", 300, did(always="", task="foods"))


@pytest.mark.parametrize(("second", "said"), [("", "--second-model"), ("terrarium/judge", "is the same as the first")])
def test_fewer_than_two_models_are_refused(second: str, said: str) -> None:
    with pytest.raises(AskewError, match=said):
        make_design("introspection", overrides={"model": "terrarium/judge", "second_model": second})


def test_only_those_whose_behaviour_is_compared_are_asked_what_they_do() -> None:
    asked = {arm.name for arm in STUDY.arms.values() if STUDY.asks(arm, OBJECT_LEVEL)}
    assert asked == {M1, M2, "m1-on-m1", "m1-on-m1-then-m2"}
    assert all(STUDY.asks(arm, "hypothetical") for arm in STUDY.arms.values())


def test_a_null_is_said_as_one_with_what_would_have_been_seen() -> None:
    said = said_of({"estimate": 0.04})
    assert said.startswith("Null: no difference beyond chance")
    assert "an effect of 20.0 points would have been seen" in said.replace("+", "")
    assert "m1-on-m1 90.0%" in said


def test_an_effect_is_said_in_its_direction() -> None:
    assert said_of({"estimate": 0.2, "p": 0.01}).startswith("A model foresees its own answers to new tasks better than")
    assert said_of({"estimate": -0.2, "p": 0.01}).startswith("A model foresees the other's answers")
    assert said_of({"estimate": 0.2, "p": 0.2}).startswith("Null")


@pytest.mark.parametrize(("above", "p", "says"), [(0.1, 0.01, False), (0.1, 0.4, True), (-0.2, 0.01, True)])
def test_foresight_that_no_guess_needs_is_said_to_be_none(above: float, p: float, says: bool) -> None:
    guess = {"label": "about m1: itself minus the usual value", "estimate": above, "p": p, "lead": False}
    assert ("no model foresees itself better than a guess" in said_of({"estimate": 0.04}, guess)) == says


def test_without_both_sides_nothing_is_said() -> None:
    assert said_of().startswith("Nothing can be said")


def test_answers_to_the_tasks_alone_make_an_empty_table() -> None:
    tables = cast(Any, SimpleNamespace(answers=pd.concat([did(M1), did(M2)], ignore_index=True)))
    assert comparisons(tables).empty
