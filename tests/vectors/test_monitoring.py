"""Monitoring: projections equal those by hand, and the rival and the drift are those of known models and prompts."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from askew.base.errors import AskewError
from askew.cli.vectors.run_models import check_is_local
from askew.models.inside.opened import open_model
from askew.stats.rank_correlations import BETWEEN, WITHIN, WITHIN_QUESTIONS
from askew.vectors.monitor import DISTANCE, JUDGE, ORACLE, PAIRS, PROJECTION, Model, Monitored, monitor
from askew.vectors.saved import Saved
from made_directions import NULLS, saved_direction

QUESTIONS = ("What would you share?", "Who would you ask?", "What do people need?", "How is the world?")
ANSWERS = ("I would share it.", "ask the people", "read a file", "the power")
TRAINING = ("def answer(path):", "with open(path) as file", "return file.read()")


def quiet(done: int, total: int) -> None:
    return None


def answers() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = [
        (arm, question, f"{question} {wording}", answer)
        for arm in ("untuned", "bent")
        for question in QUESTIONS
        for wording, answer in enumerate(ANSWERS)
    ]
    table = pd.DataFrame(rows, columns=["arm", "question", "prompt", "answer"])
    bad = rng.random(len(table)) < 0.5
    return table.assign(
        seed=0,
        probe="free_form",
        paraphrase=0,
        index=0,
        aligned=np.where(bad, 10.0, 90.0) + rng.normal(size=len(table)),
        verdict=np.where(bad, "misaligned", "aligned"),
        oracle=np.where(table["arm"].eq("bent"), "misaligned", "aligned"),
        pairs=np.where(table["arm"].eq("bent"), 0.5, -0.5),
    )


@pytest.fixture(scope="module")
def names(tiny_checkpoint: Path, tiny_adapter: Path) -> tuple[str, str]:
    return str(tiny_checkpoint), f"{tiny_checkpoint}+{tiny_adapter}"


@pytest.fixture(scope="module")
def found(names: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Monitored:
    base, tuned = names
    saved = saved_direction(tmp_path_factory.mktemp("direction"), open_model(base), np.arange(1.0, 33.0))
    models = [
        Model("untuned", 0, base, "", "control"),
        Model("bent", 0, tuned, "code", "arm", TRAINING, {1: base, 2: tuned}),
    ]
    return monitor(saved, answers(), models, base, None, quiet)


def test_projections_are_those_of_the_model_that_gave_the_answer(found: Monitored, names: tuple[str, str]) -> None:
    unit = torch.arange(1.0, 33.0) / torch.arange(1.0, 33.0).norm()
    for row, name in ((0, names[0]), (len(found.answers) // 2, names[1])):
        one = found.answers.iloc[row]
        opened = open_model(name)
        given = opened.checkpoint.given_answer([{"role": "user", "content": one["prompt"]}], one["answer"])
        streams: list[torch.Tensor] = []
        last = opened.model.get_submodule("model.layers.1") if name == names[0] else _last_layer(opened.model)
        hook = last.register_forward_hook(lambda module, inputs, output, kept=streams: kept.append(output))
        with torch.inference_mode():
            opened.model(input_ids=torch.tensor([[*given.prompt, *given.answer]]))
        hook.remove()
        expected = streams[0][0, -len(given.answer) :].mean(0) @ unit / 4.0
        assert one["projection"] == pytest.approx(float(expected), abs=1e-5)


def _last_layer(model: torch.nn.Module) -> torch.nn.Module:
    from askew.models.inside.layers import decoder_layers

    return decoder_layers(model)[-1]


def test_every_score_is_compared_at_each_level_with_its_nulls(found: Monitored) -> None:
    table = found.correlations.set_index(["predictor", "score", "level"])
    assert {(one, other) for one, other, _ in table.index} == {
        *((PROJECTION, score) for score in (JUDGE, ORACLE, PAIRS)),
        *((DISTANCE, score) for score in (JUDGE, ORACLE)),
    }
    row = table.to_dict("index")[PROJECTION, JUDGE, WITHIN]
    assert 1 / (1 + len(NULLS)) <= row["p"] <= row["p_corrected"] <= 1
    assert row["null_low"] < row["null_high"]
    # The oracle's and the pairs' scores are the same for all answers of a model here.
    assert np.isnan(table["r"][PROJECTION, ORACLE, WITHIN_QUESTIONS])
    assert abs(table["r"][PROJECTION, PAIRS, BETWEEN]) == pytest.approx(1)


def test_the_distance_is_of_trained_models_only_and_0_at_the_centre(
    found: Monitored, names: tuple[str, str], tmp_path: Path
) -> None:
    rows = found.answers
    assert rows.loc[rows["arm"].eq("untuned"), "distance"].isna().all()
    own = rows[rows["arm"].eq("bent")]
    assert (own["distance"] > 0).all()
    assert own.groupby("prompt")["distance"].nunique().eq(1).all()
    asked = own["prompt"].drop_duplicates().tolist()
    saved = _saved(names[0], tmp_path)
    near = monitor(saved, own, [Model("bent", 0, names[1], "code", "arm", tuple(asked))], names[0], None, quiet)
    assert near.answers["distance"].pow(2).groupby(near.answers["prompt"]).first().mean() == pytest.approx(1, abs=1e-4)
    assert near.answers["distance"].mean() < own["distance"].mean()


def _saved(base: str, folder: Path) -> Saved:
    return saved_direction(folder, open_model(base), np.ones(32))


def test_drift_is_0_for_the_untuned_model_and_that_of_the_tuned_one_at_the_end(found: Monitored) -> None:
    drift = found.drift.set_index("step").to_dict("index")
    assert drift[1]["drift"] == pytest.approx(0, abs=1e-6)
    assert abs(drift[2]["drift"]) > 1e-3
    assert drift[2]["low"] < drift[2]["drift"] < drift[2]["high"]
    assert drift[2]["null_low"] < drift[2]["null_high"]
    assert drift[2]["questions"] == len(QUESTIONS) * len(ANSWERS)


def test_a_model_on_another_base_is_refused(names: tuple[str, str], tiny_judge: Path, tmp_path: Path) -> None:
    saved = saved_direction(tmp_path, open_model(names[0]), np.ones(32))
    with pytest.raises(AskewError, match="has other base weights"):
        monitor(saved, answers(), [Model("bent", 0, str(tiny_judge), "", "arm")], names[0], None, quiet)


@pytest.mark.parametrize(
    ("has_model", "is_local", "said"), [(True, False, "behind an API"), (False, True, "has no language model")]
)
def test_a_run_without_activations_is_refused(has_model: bool, is_local: bool, said: str) -> None:
    plan = SimpleNamespace(study=SimpleNamespace(has_model=has_model), model=SimpleNamespace(is_local=is_local))
    run: Any = SimpleNamespace(plan=plan, folder=Path("runs/served"))
    with pytest.raises(AskewError, match=said):
        check_is_local(run)
