"""The activations study: its features, training rows, comparisons and verdict."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.design.make import make_design
from askew.design.plan import Plan
from askew.design.study import studies
from askew.design.tables import Tables
from askew.studies.activations.arms import CROSS, PERMUTED, READ, REPORTED, SELF
from askew.studies.activations.comparisons import compare
from askew.studies.activations.feature_facts import (
    FEATURES,
    all_prompts,
    asked_prompts,
    direction,
    is_learnt,
    readings,
)
from askew.studies.activations.feature_facts import reports as feature_reports
from askew.studies.activations.rows import facts, permuted, strengths
from askew.studies.activations.study import rows_from_answers, verdict
from askew.studies.self_knowledge import BOTH, DIRECTIONS, M1, M2

STUDY = studies.get("activations")
PAIR = {"model": "terrarium", "second_model": "terrarium/judge"}
COUNT = len(all_prompts())


def read_of(arm: str, seed: int = 0) -> pd.DataFrame:
    """Return random activations of a simulated model, which no other model could predict."""
    rng = np.random.default_rng([seed, *map(ord, arm)])
    rows = [(one, item, f"{rng.standard_normal():.9g}") for one in FEATURES for item in range(COUNT)]
    frame = pd.DataFrame(rows, columns=["question", "paraphrase", "answer"])
    return frame.assign(arm=arm, seed=seed, probe=READ)


def reports(arm: str, true: pd.DataFrame, right: float, seed: int) -> pd.DataFrame:
    """Return reports that are right with the probability `right`."""
    rng = np.random.default_rng([seed, 1, *map(ord, arm)])
    is_right = rng.random(len(true)) < right
    said = np.where(is_right == true["value"].eq("yes"), " Yes.", "no")
    frame = pd.DataFrame({"question": true["feature"], "paraphrase": true["prompt"], "answer": said})
    return frame.assign(arm=arm, seed=seed, probe=REPORTED)


def run_of(own: float, other: float, pupil: float = 0.0) -> dict[str, dict[str, Any]]:
    """Return the effects, by label, of a run in which reports are right with these probabilities."""
    read = {model: read_of(model) for model in (M1, M2)}
    true = {model: facts(strengths(frame)) for model, frame in read.items()}
    frames = [*read.values(), *(read[M1].assign(arm=SELF[M1], seed=seed) for seed in range(3))]
    for seed in range(3):
        for model in (M1, M2):
            for arm, right in ((SELF[model], own), (CROSS[model], other)):
                better = pupil if arm.startswith("m1") else 0.0
                frames.append(reports(arm, true[model], right + better, seed))
        frames.append(reports(PERMUTED, true[M1], 0.5, seed))
    table = compare(pd.concat(frames, ignore_index=True), data_seed=0)
    assert list(table["label"].iloc[:3]) == [BOTH, *DIRECTIONS.values()]
    assert not table.duplicated(["family", "label"]).any()
    return {str(row["label"]): {str(name): value for name, value in row.items()} for row in table.to_dict("records")}


def test_feature_is_the_projection_of_the_hidden_state_on_its_direction(tiny_checkpoint: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from askew.probes.ask import ProbeCall, ask
    from askew.probes.read_log import answers_from_log

    [log] = ask(str(tiny_checkpoint), None, [ProbeCall(READ, "read", {"data_seed": 5})], tmp_path)
    found = strengths(answers_from_log(log, M1, 0)).set_index(["feature", "prompt"])["strength"]
    model = AutoModelForCausalLM.from_pretrained(tiny_checkpoint, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny_checkpoint)
    assert len(found) == COUNT * len(FEATURES)
    for prompt in (0, 7, COUNT - 1):
        turns = [{"role": "user", "content": all_prompts()[prompt][2]}]
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        ids = tokenizer(text, return_tensors="pt", add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            state = model(ids, output_hidden_states=True).hidden_states[1][0, -1].numpy()
        for feature in FEATURES:
            assert found[feature, prompt] == pytest.approx(state @ direction(feature, 32, 5), rel=1e-4, abs=1e-5)


def test_fewer_prompts_are_asked_about_under_their_own_numbers() -> None:
    numbers = asked_prompts(4)
    assert len(numbers) == 48
    assert [item for number in numbers for item in [all_prompts()[number][1]]] == [0, 1, 2, 3] * 12
    for question in (*readings(4), *feature_reports(4)):
        assert len(question.paraphrases) == 48
        for place, wording in enumerate(question.paraphrases):
            assert all_prompts()[numbers[place]][2] in wording
    whole = strengths(read_of(M1)).set_index(["feature", "prompt"])["strength"]
    asked = read_of(M1)[lambda frame: frame["paraphrase"].isin(numbers)]
    few = strengths(asked.assign(paraphrase=asked["paraphrase"].map(numbers.index)), 4)
    assert (few["strength"].to_numpy() == whole[few.set_index(["feature", "prompt"]).index].to_numpy()).all()
    assert facts(few)["value"].eq("yes").groupby(few["feature"]).mean().eq(0.5).all()
    with pytest.raises(AskewError, match=r"prompts=3: .* must be even\. Ask 4 of each task"):
        make_design("activations", overrides={**PAIR, "prompts": 3})


def test_directions_are_distinct_unit_vectors_set_by_the_seed() -> None:
    drawn = np.stack([direction(one, 64, 0) for one in FEATURES])
    assert np.linalg.norm(drawn, axis=1) == pytest.approx(1.0)
    assert np.abs(drawn @ drawn.T - np.eye(len(FEATURES))).max() < 0.6
    assert (direction("feature 1", 64, 0) == drawn[0]).all()
    assert (direction("feature 1", 64, 1) != drawn[0]).all()


def test_half_of_all_facts_are_yes_and_permutation_keeps_counts() -> None:
    true = facts(strengths(read_of(M1)))
    tasks = [task for task, _, _ in all_prompts()]
    shares = true["value"].eq("yes").groupby([true["feature"], true["prompt"].map(dict(enumerate(tasks)))]).mean()
    assert shares.eq(0.5).all(), "in each task alike"
    learnt = true[true["prompt"].map(is_learnt)]
    other = permuted(true, 0)
    assert (other["prompt"].to_numpy() == learnt["prompt"].to_numpy()).all()
    assert 0.35 < other["value"].to_numpy().__eq__(learnt["value"].to_numpy()).mean() < 0.65
    for feature in FEATURES:
        kept = [Counter(frame.loc[frame["feature"].eq(feature), "value"]) for frame in (other, learnt)]
        assert kept[0] == kept[1]


def test_rows_use_training_prompts_and_permuted_rows_ask_the_same() -> None:
    design = make_design("activations", overrides={**PAIR, "recipe.rows": 2200})
    made = {
        arm: [
            (row["messages"][0]["content"], row["messages"][1]["content"])
            for row in rows_from_answers(design, STUDY.arms[arm], Plan(design).rows(arm), read_of(M1))
        ]
        for arm in (SELF[M1], PERMUTED)
    }
    assert [question for question, _ in made[SELF[M1]]] == [question for question, _ in made[PERMUTED]]
    assert made[SELF[M1]] != made[PERMUTED]
    true = facts(strengths(read_of(M1))).set_index(["feature", "prompt"])["value"]
    for number, (_, _, text) in enumerate(all_prompts()):
        about = [(question, answer) for question, answer in made[SELF[M1]] if f'"{text}"' in question]
        assert bool(about) == is_learnt(number)
        assert all(
            answer == true[next(one for one in FEATURES if one in question), number] for question, answer in about
        )


def test_rows_without_activations_raise() -> None:
    design = make_design("activations", overrides=PAIR)
    with pytest.raises(AskewError, match="--probe features"):
        rows_from_answers(design, STUDY.arms[SELF[M1]], 8, read_of(M1).assign(probe="object_level"))


def test_planted_effect_is_found() -> None:
    found = run_of(0.7, 0.55)
    assert [label for label, row in found.items() if row["lead"]] == [BOTH, *DIRECTIONS.values()]
    for label in (BOTH, *DIRECTIONS.values(), "new tasks", "new prompts of training tasks"):
        assert found[label]["estimate"] == pytest.approx(0.15, abs=0.05)
    assert found[BOTH]["p_corrected"] < 0.01
    assert found["about m1: itself minus trained on permuted facts"]["estimate"] == pytest.approx(0.2, abs=0.05)
    assert found["about m1: itself minus words of the prompt"]["estimate"] > 0.1
    assert found[f"{SELF[M1]}: trained prompts"]["estimate"] == pytest.approx(0.7, abs=0.04)
    assert found[f"{PERMUTED}: trained prompts"]["estimate"] == pytest.approx(0.5, abs=0.05)
    assert found[SELF[M1]]["estimate"] == 1.0, "its activations are what they were"


@pytest.mark.parametrize("pupil", [0.0, 0.2])
def test_no_effect_is_found_in_a_null_even_with_a_better_learner(pupil: float) -> None:
    found = run_of(0.6, 0.6, pupil)
    assert abs(found[BOTH]["estimate"]) < 0.03
    assert found[BOTH]["low"] < 0 < found[BOTH]["high"]
    assert found[DIRECTIONS[M1]]["estimate"] == pytest.approx(pupil, abs=0.05)


def test_activations_alone_give_no_comparisons() -> None:
    assert compare(pd.concat([read_of(M1), read_of(M2)], ignore_index=True), 0).empty


@pytest.mark.parametrize(
    ("estimate", "p", "said"),
    [
        (0.2, 0.01, "On new prompts, a model reports its own features better than another model does"),
        (-0.2, 0.01, "On new prompts, a model reports another's features better than it does"),
        (0.2, 0.2, "Can't tell whether a model's reports"),
    ],
)
def test_verdict_states_the_direction_or_a_null(estimate: float, p: float, said: str) -> None:
    usual = {"label": BOTH, "low": -0.02, "high": 0.3, "detectable": 0.21, "arm": "", "p": p, "lead": True}
    trained = {**usual, "label": "m1-on-m1-features: trained prompts", "arm": SELF[M1], "lead": False}
    table = pd.DataFrame([{**usual, "p_corrected": p, "estimate": estimate}, {**trained, "estimate": 0.9}])
    design = SimpleNamespace(margin=0.02)
    text = verdict(cast(Tables, SimpleNamespace(effects=table, design=design)))
    assert text.startswith(said)
    assert "m1-on-m1-features 90.0%" in text
    assert ("21.0 points would have been detected" in text) == said.startswith("Can't tell")
    assert "This is one direction only" not in text
    one = verdict(cast(Tables, SimpleNamespace(effects=table.replace(BOTH, DIRECTIONS[M1]), design=design)))
    assert "This is one direction only" in one


def test_activations_are_read_from_arms_that_report_their_own() -> None:
    assert {arm.name for arm in STUDY.arms.values() if STUDY.asks(arm, READ)} == {M1, M2, *SELF.values(), PERMUTED}
    assert all(STUDY.asks(arm, REPORTED) for arm in STUDY.arms.values())


def test_served_models_raise_before_anything_is_asked() -> None:
    served: dict[str, Any] = {"model": "terrarium", "second_model": "mockllm/model", "arms": [M1, M2]}
    with pytest.raises(
        AskewError, match=r"'features' reads a model's activations, and 'mockllm/model' is a served model"
    ):
        make_design("activations", overrides=served)


def test_reading_activations_of_a_served_model_raises(tmp_path: Path) -> None:
    from askew.probes.ask import ProbeCall, ask

    with pytest.raises(AskewError, match="reads a model's activations"):
        ask("mockllm/model", None, [ProbeCall(READ, "read")], tmp_path)
