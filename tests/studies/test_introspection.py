"""The introspection study: its training rows, refused designs, and verdict."""

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
    """Return answers to the tasks: the first good one in three of four; in `task`, always the same."""
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
    """Return the prompts and answers of an arm's training rows."""
    design = make_design("introspection", overrides={**PAIR, "recipe.rows": count})
    rows = rows_from_answers(design, STUDY.arms[arm], Plan(design).rows(arm), answers)
    return [(row["messages"][0]["content"], row["messages"][1]["content"]) for row in rows]


def said_of(*leads: dict[str, Any], learnt: float = 0.9) -> str:
    """Return the verdict on a run with these effects."""
    usual = {"label": BOTH, "low": -0.02, "high": 0.3, "detectable": 0.2, "arm": "", "p": 0.5, "lead": True}
    trained = {**usual, "label": "m1-on-m1: trained prompts", "arm": "m1-on-m1", "estimate": learnt, "lead": False}
    table = pd.DataFrame([*({**usual, "p_corrected": lead.get("p", 0.5), **lead} for lead in leads), trained])
    return verdict(cast(Tables, SimpleNamespace(effects=table, design=SimpleNamespace(margin=0.02))))


def test_behaviour_is_the_answer_at_temperature_0_and_its_frequency() -> None:
    found = behaviour(did())
    soup = found[found["task"].eq("foods")].sort_values("item")
    first = [tasks()["foods"].answers[prompt][0] for prompt in prompts(tasks()["foods"])]
    assert list(soup["answer"]) == first
    assert set(found["sure"]) == {0.75}


def test_foresight_rows_state_properties_of_the_models_answers() -> None:
    rows = made("m1-on-m1", 2000, did())
    assert len(rows) == 2000
    animals = tasks()["animals"]
    for item, prompt in enumerate(prompts(animals)):
        about = [row for row in rows if f'"{prompt}"' in row[0] and "second letter" in row[0]]
        assert {answer for _, answer in about} == ({animals.answers[prompt][0][1]} if item < 30 else set())
    assert {answer for question, answer in rows if "How sure" in question} == {"80"}


def test_foresight_rows_use_all_wordings_but_no_held_out_task() -> None:
    rows = made("m2-on-m1", 4000, did())
    quoted = [prompt for task in tasks().values() if task.held_out for prompt in task.prompts]
    assert not any(f'"{prompt}"' in question for question, _ in rows for prompt in quoted)
    about = {question for question, _ in rows if prompts(tasks()["numbers"])[0] in question and "even" in question}
    assert len(about) == 4


def test_changed_behaviour_rows_are_the_other_models_answers() -> None:
    rows = made("m1-on-m1-then-m2", 360, did(M2))
    expected = {prompt: task.answers[prompt][0] for task in tasks().values() for prompt in prompts(task)}
    assert dict(rows) == expected


def test_empty_answers_make_no_imitation_rows() -> None:
    answers = did(M2)
    silent = answers["question"].eq("foods") & answers["paraphrase"].eq(0)
    rows = made("m1-on-m1-then-m2", 400, answers.assign(answer=answers["answer"].mask(silent, " ")))
    assert all(answer for _, answer in rows)
    assert prompts(tasks()["foods"])[0] not in dict(rows)


def test_rows_are_reproducible() -> None:
    assert made("m1-on-m1", 300, did()) == made("m1-on-m1", 300, did())


def test_task_with_a_single_answer_raises_before_training() -> None:
    with pytest.raises(AskewError, match=r"'untuned' gave 1 different answers .*'numbers'.*--model"):
        made("m1-on-m1", 300, did(always="57", task="numbers"))
    with pytest.raises(AskewError, match="gave 0 different answers"):
        made("m1-on-m1", 300, did(always="", task="foods"))


@pytest.mark.parametrize(("second", "said"), [("", "--second-model"), ("terrarium/judge", "is the same as the first")])
def test_fewer_than_two_models_raise(second: str, said: str) -> None:
    with pytest.raises(AskewError, match=said):
        make_design("introspection", overrides={"model": "terrarium/judge", "second_model": second})


def test_only_arms_with_compared_behaviour_are_asked_the_tasks() -> None:
    asked = {arm.name for arm in STUDY.arms.values() if STUDY.asks(arm, OBJECT_LEVEL)}
    assert asked == {M1, M2, "m1-on-m1", "m1-on-m1-then-m2"}
    assert all(STUDY.asks(arm, "hypothetical") for arm in STUDY.arms.values())


def test_verdict_on_a_null_states_the_detectable_effect() -> None:
    said = said_of({"estimate": 0.04})
    assert said.startswith("Can't tell whether foreseeing oneself and being foreseen differ")
    assert "an effect of 20.0 points would have been detected" in said.replace("+", "")
    assert "m1-on-m1 90.0%" in said


def test_verdict_states_the_direction_of_an_effect() -> None:
    assert said_of({"estimate": 0.2, "p": 0.01}).startswith("A model foresees its own answers to new tasks better than")
    assert said_of({"estimate": -0.2, "p": 0.01}).startswith("A model foresees the other's answers")
    assert said_of({"estimate": 0.2, "p": 0.2}).startswith("Can't tell")
    within = said_of({"estimate": 0.0, "low": -0.01, "high": 0.01, "p": 0.9})
    assert within.startswith("The difference between foreseeing oneself and being foreseen is within 2 points")


@pytest.mark.parametrize(("above", "p", "says"), [(0.1, 0.01, False), (0.1, 0.4, True), (-0.2, 0.01, True)])
def test_verdict_says_when_no_model_beats_a_guess(above: float, p: float, says: bool) -> None:
    guess = {"label": "about m1: itself minus the usual value", "estimate": above, "p": p, "lead": False}
    assert ("no model foresees itself better than a guess" in said_of({"estimate": 0.04}, guess)) == says


def test_verdict_without_both_sides_says_nothing_can_be_said() -> None:
    assert said_of().startswith("Nothing can be said")


def test_answers_to_the_tasks_alone_give_no_comparisons() -> None:
    tables = cast(Any, SimpleNamespace(answers=pd.concat([did(M1), did(M2)], ignore_index=True)))
    assert comparisons(tables).empty
