"""Shared or not: planted differences whose likeness is known, and a model that is switched off by its own direction."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from askew.base.errors import AskewError
from askew.models.names import resolve
from askew.vectors.monitor import Model
from askew.vectors.moved import ABLATE, SUBTRACT, Moved, Setting
from askew.vectors.rank_one import written_directions
from askew.vectors.shared import compare_arms, label_contrast
from askew.vectors.switching import switched_off

FAMILIES = ("a", "b", "c", "d", "e")


def quiet(name: str) -> Callable[[int, int], None]:
    return lambda done, total: None


def moved(arm: str, family: str, side: str, mean: np.ndarray) -> Moved:
    return Moved(Model(arm, 0, arm, family, side), mean[None], np.zeros((0, 1, len(mean))))


def planted(shared: float, of_all: float, seed: int = 0) -> list[Moved]:
    """Return an arm and a control of each family; arms share one direction, and arms and controls share another."""
    rng, found = np.random.default_rng(seed), []
    bad, tuned = np.eye(24)[0] * shared, np.eye(24)[1] * of_all
    for family in FAMILIES:
        found.append(moved(f"bad-{family}", family, "arm", rng.normal(size=24) + bad + tuned))
        found.append(moved(f"good-{family}", family, "control", rng.normal(size=24) + tuned))
    return found


def test_a_direction_that_arms_alone_share_is_found_and_one_that_controls_share_too_is_not() -> None:
    found = label_contrast(planted(shared=8, of_all=0), 0)
    assert found.families == 5
    assert found.arms > 0.5 > found.mixed
    assert found.p == pytest.approx(1 / 32)
    other = label_contrast(planted(shared=0, of_all=8), 0)
    assert other.arms > 0.5
    assert other.mixed > 0.5
    assert other.p > 0.05


def test_without_any_direction_p_is_small_as_rarely_as_it_says() -> None:
    ps = [label_contrast(planted(0, 0, seed), 0).p for seed in range(60)]
    assert np.mean(np.array(ps) < 0.1) < 0.25


def test_one_family_has_no_contrast() -> None:
    assert np.isnan(label_contrast(planted(0, 0)[:2], 0).p)


def adapter(folder: Path, checkpoint: Path, seed: int, rank: int = 4) -> Path:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        base = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
        config = LoraConfig(
            r=rank, lora_alpha=16, target_modules=["down_proj"], init_lora_weights=False, task_type="CAUSAL_LM"
        )
        get_peft_model(base, config).save_pretrained(str(folder))
    return folder


def answers(questions: int = 8) -> pd.DataFrame:
    rows = [
        (f"q{n}", f"What would {n} need?", f"ask {n} {word}") for n in range(questions) for word in ("people", "me")
    ]
    return pd.DataFrame(rows, columns=["question", "prompt", "answer"])


def test_a_direction_is_tried_on_every_arm_and_switches_off_the_model_that_it_is_of(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    names = {
        arm: f"{tiny_checkpoint}+{adapter(tmp_path / arm, tiny_checkpoint, seed, rank)}"
        for seed, (arm, rank) in enumerate((("bad-a", 1), ("bad-b", 1), ("good-b", 4)))
    }
    models = [Model(arm, 0, name, arm[-1], "control" if "good" in arm else "arm") for arm, name in names.items()]
    setting = Setting(SUBTRACT, layer=1, nulls=3, questions=8)
    found = compare_arms(models, str(tiny_checkpoint), answers(), setting, quiet)
    assert found.layer == 1
    assert len(found.cosines) == 3
    assert found.cosines.set_index(["one", "other"])["families"]["bad-b", "good-b"] == "same"
    transfer = found.transfer.set_index(["source", "target"])
    assert len(transfer) == 3 * 2
    assert set(found.transfer["source_side"]) == {"arm", "control"}
    own = transfer.to_dict("index")["bad-a", "bad-a"]
    assert abs(own["drop"]) > 0
    assert own["low"] < own["drop"] < own["high"]
    assert 1 / 4 <= own["p"] <= own["p_corrected"] <= 1
    if own["shift"] > 0:
        assert own["off"] == pytest.approx(own["drop"] / own["shift"])
    written = found.rank_one.set_index(["arm", "layer"])
    assert set(found.rank_one["arm"]) == {"bad-a", "bad-b"}
    assert written["cosine"].between(0, 1).all()
    # The only thing that a rank-1 adapter at the first layer changes there is what it writes.
    assert written["cosine"]["bad-a", 0] == pytest.approx(1, abs=1e-3)
    assert written["p"]["bad-a", 0] == pytest.approx(1 / 4)


def test_written_directions_are_those_of_rank_1_adapters_alone(tiny_checkpoint: Path, tmp_path: Path) -> None:
    one = resolve(f"{tiny_checkpoint}+{adapter(tmp_path / 'one', tiny_checkpoint, 3, rank=1)}")
    weights = load_file(tmp_path / "one" / "adapter_model.safetensors")
    found = {layer: vector for _, layer, vector in written_directions(one, (2, 32))}
    name = next(name for name in weights if ".1." in name and "lora_B" in name)
    expected = weights[name][:, 0].double().numpy()
    assert np.allclose(found[1], expected / np.linalg.norm(expected))
    assert list(written_directions(resolve(str(tiny_checkpoint)), (2, 32))) == []
    more = resolve(f"{tiny_checkpoint}+{adapter(tmp_path / 'more', tiny_checkpoint, 3)}")
    assert list(written_directions(more, (2, 32))) == []


def test_few_questions_few_arms_and_another_base_are_refused(tiny_checkpoint: Path, tiny_judge: Path) -> None:
    base = str(tiny_checkpoint)
    models = [Model(arm, 0, base, arm, "arm") for arm in ("a", "b")]
    setting = Setting(layer=1, nulls=2, questions=8)
    with pytest.raises(AskewError, match="are to 7 questions: a direction needs at least 8"):
        compare_arms(models, base, answers(7), setting, quiet)
    with pytest.raises(AskewError, match="1 trained arms are too few"):
        compare_arms(models[:1], base, answers(), setting, quiet)
    with pytest.raises(AskewError, match="has other base weights"):
        compare_arms([models[0], Model("c", 0, str(tiny_judge), "c", "arm")], base, answers(), setting, quiet)


def test_subtracting_takes_the_difference_off_and_ablating_sets_the_untuned_projection():
    stream, unit, mean = torch.randn(2, 3, 8), np.eye(8)[2], np.full(8, 0.5)
    less = switched_off(unit, 4.0, mean, SUBTRACT)(stream)
    torch.testing.assert_close(less, stream - 4.0 * torch.eye(8)[2])
    ablated = switched_off(unit, 4.0, mean, ABLATE)(stream)
    torch.testing.assert_close(ablated[..., 2], torch.full((2, 3), 0.5))
    torch.testing.assert_close(ablated[..., :2], stream[..., :2])
