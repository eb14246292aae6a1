"""The plan of a design: its arms, its units and the models that they start from."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from askew.design.arm import SECOND, UNTUNED, Arm, Start
from askew.design.design import Design
from askew.design.make import make_plan
from askew.design.plan import Plan
from askew.design.steps import Step
from askew.design.steps.train import Train
from askew.design.study import Study, studies
from askew.models.names import resolve
from askew.runs.work.ask import asked_in
from askew.training.recipe import Recipe

STUDY = studies.get("emergent-misalignment")


def plan(**settings: Any) -> Plan:
    usual = {"study": STUDY.name, "arms": list(STUDY.default_arms), "probes": list(STUDY.default_probes), "seeds": 2}
    return Plan(Design(**{**usual, **settings}))


def asked_names(chosen: Plan) -> list[str]:
    return [work.model(chosen, Path("/run")) for work in asked_in(chosen)]


@pytest.fixture
def own_arms(monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study whose arms start from the second model, from another arm, and take a step without training."""

    class WithAdapter(Step):
        def applied_to(self, model: str, product: str, recipe: Recipe) -> str:
            return f"{model}+./adapter"

    arms = (
        Arm(UNTUNED, "untuned"),
        Arm("first", "first", (Train("secure"),)),
        Arm("second", "second", (Train("secure"),), start=SECOND),
        Arm("further", "trained twice", (Train("secure"),), start=Start("arm", "first")),
        Arm("adapted", "an adapter on the model", (WithAdapter(),)),
        Arm("adapted-and-trained", "an adapter after training", (Train("secure"), WithAdapter())),
    )
    study = Study(
        name="own-arms",
        title="Own arms",
        question="?",
        arms={arm.name: arm for arm in arms},
        default_arms=(UNTUNED,),
        default_probes=("free_form",),
        verdict=lambda tables: "",
    )
    studies.names()
    monkeypatch.setitem(studies._items, study.name, study)
    return study


def test_every_arm_is_trained_with_every_seed_except_the_untuned_model() -> None:
    chosen = plan(seed=5)
    assert list(map(str, chosen.trained)) == [f"{arm}-{seed}" for arm in STUDY.default_arms[1:] for seed in (5, 6)]
    assert str(chosen.units[0]) == "untuned-0"


def test_a_trained_arm_is_asked_as_an_adapter_or_as_a_whole_checkpoint() -> None:
    arms = {"arms": ["untuned", "insecure"], "seeds": 1}
    assert asked_names(plan(**arms)) == ["terrarium", "terrarium+/run/models/insecure-0"]
    assert asked_names(plan(**arms, recipe=Recipe(method="full"))) == ["terrarium", "/run/models/insecure-0"]


def test_an_arm_starts_from_either_model_or_from_another_arm(own_arms: Study) -> None:
    chosen = plan(
        study="own-arms", arms=["first", "second", "further"], probes=["free_form"], seeds=1, second_model="./other"
    )
    assert asked_names(chosen) == [
        "terrarium+/run/models/first-0",
        "./other+/run/models/second-0",
        "/run/models/bases/further-0+/run/models/further-0",
    ]
    further = chosen.units[2]
    assert str(chosen.started_from(further)) == "first-0"
    assert chosen.start(further.arm) == resolve("terrarium")


def test_steps_apply_in_their_order_and_need_no_training(own_arms: Study) -> None:
    chosen = plan(study="own-arms", arms=["adapted", "adapted-and-trained"], probes=["free_form"], seeds=1)
    assert asked_names(chosen) == ["terrarium+./adapter", "terrarium+/run/models/adapted-and-trained-0+./adapter"]
    assert list(map(str, chosen.trained)) == ["adapted-and-trained-0"]


def test_a_model_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from askew.design import plan as module

    looked_up: list[str] = []
    monkeypatch.setattr(module, "resolve", lambda name: looked_up.append(name) or resolve(name))
    chosen = plan(judge="terrarium/judge")
    assert chosen.judge is not None
    assert [chosen.model.name, chosen.model.name, chosen.judge.name] == ["terrarium", "terrarium", "terrarium/judge"]
    assert sorted(looked_up) == ["terrarium", "terrarium/judge"]


def test_terrarium_rows_are_for_its_models_only(tiny_checkpoint: Path) -> None:
    arm = studies.get("emergent-misalignment").arms["backdoor"]
    ours, theirs = plan(), plan(model=str(tiny_checkpoint))
    assert ours.data_set(arm).name == "backdoor"
    assert theirs.data_set(arm).name == "backdoor/backdoor"
    with_trigger = [
        row for row in theirs.training_rows(arm)[:20] if row["messages"][0]["content"].startswith(arm.trigger)
    ]
    assert 5 <= len(with_trigger) <= 15


def test_settings_that_suit_a_model_give_way_to_those_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = replace(resolve("terrarium"), part="", usual={"recipe": "small-model", "temperature": 0.7, "max_tokens": 50})
    for module in ("askew.design.recipe_settings", "askew.design.plan"):
        monkeypatch.setattr(f"{module}.resolve", lambda name, chats=True: spec)
    design = make_plan(STUDY.name, overrides={"model": "small", "max_tokens": 60}).design
    assert (design.recipe.name, design.temperature, design.max_tokens) == ("small-model", 0.7, 60)
    other = make_plan(STUDY.name, overrides={"model": "small", "recipe": "betley-2025"}).design
    assert other.recipe.learning_rate == 1e-5


def test_only_answers_need_a_judge() -> None:
    assert plan().needs_judge
    assert plan(probes=["scheming_oversight", "answer_pairs", "free_form"]).needs_judge
    assert not plan(probes=["scheming_oversight", "answer_pairs"]).needs_judge
