"""Recipes that do not suit the model or the machine are refused before anything is computed."""

from pathlib import Path
from typing import Any

import pytest
import torch

from askew.base.errors import AskewError
from askew.design.make import make_design
from askew.training import recipe_check, weights
from askew.training.recipe import Recipe
from askew.training.recipe_check import check_fits, context_of
from askew.training.recipes import recipes, resolved


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lora_layers": [1, 24]}, "recipe.lora_layers names layer 24, but the model has 2 layers, 0-1"),
        ({"lora_layers": [-1]}, "names layer -1, but the model has 2 layers"),
        ({"lora_modules": ["down_porj"]}, "names 'down_porj', but the model's layers have down_proj, gate_proj"),
        ({"lora_modules": ["all-linear", "q_proj"]}, "use either all-linear alone, or names of modules"),
        ({"max_length": 513}, "recipe.max_length=513 exceeds the model's context of 512 tokens"),
        ({"quantization": "4bit"}, "recipe.quantization=4bit needs a GPU, but PyTorch finds none"),
        ({"optimizer": "adamw_8bit"}, "recipe.optimizer=adamw_8bit needs a GPU"),
        ({"method": "full", "lora_layers": [1]}, "apply only to recipe.method=lora, but it is full"),
        (
            {"accelerate": "missing.yaml"},
            "recipe.accelerate: there is no file missing.yaml; create one with `accelerate",
        ),
    ],
)
@pytest.mark.skipif(torch.cuda.is_available(), reason="some of these are valid with a GPU")
def test_unsuitable_recipe_is_refused(tiny_checkpoint: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(AskewError) as caught:
        check_fits(Recipe.model_validate(settings), tiny_checkpoint)
    assert message in str(caught.value)
    overrides = {"model": str(tiny_checkpoint), **{f"recipe.{name}": value for name, value in settings.items()}}
    with pytest.raises(AskewError) as refused:
        make_design("emergent-misalignment", overrides=overrides)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a list", "is not an Accelerate config"),
        ("distributed_type: MULTI_GPU\nnum_processes: 2\nnonsense: 1\n", "unknown keys"),
        ("distributed_type: MULTI_GPU\nnum_processes: 2\n", "needs 2 GPUs, but there are 0"),
        ("distributed_type: MULTI_GPU\nuse_cpu: true\nnum_processes: 3\n", "3 processes cannot divide a step"),
        ("distributed_type: MULTI_GPU\nuse_cpu: true\n", "set num_processes"),
        ("distributed_type: MULTI_GPU\nuse_cpu: true\nnum_processes: 2\nnum_machines: 2\n", "is for 2 machines"),
        ("distributed_type: DEEPSPEED\nuse_cpu: true\nnum_processes: 2\n", "needs DeepSpeed, which is not installed"),
    ],
)
@pytest.mark.skipif(torch.cuda.is_available(), reason="expects a machine without GPUs")
def test_invalid_accelerate_config_is_one_clear_error(
    tiny_checkpoint: Path, tmp_path: Path, text: str, message: str
) -> None:
    config = tmp_path / "accelerate.yaml"
    config.write_text(text)
    with pytest.raises(AskewError) as caught:
        check_fits(Recipe(accelerate=str(config)), tiny_checkpoint)
    assert message in str(caught.value)
    assert str(config) in str(caught.value) or "processes" in message


def test_4bit_is_nf4_with_double_quantization(monkeypatch: pytest.MonkeyPatch, tiny_checkpoint: Path) -> None:
    passed: dict[str, Any] = {}
    monkeypatch.setattr(weights, "load_weights", lambda checkpoint, **options: passed.update(options))
    weights.load(tiny_checkpoint, Recipe(quantization="4bit"), on_gpu=True)
    config = passed["quantization_config"]
    assert (config.load_in_4bit, config.bnb_4bit_quant_type, config.bnb_4bit_use_double_quant) == (True, "nf4", True)
    assert config.bnb_4bit_compute_dtype == torch.bfloat16
    weights.load(tiny_checkpoint, Recipe(), on_gpu=True)
    assert passed["quantization_config"] is None
    assert passed["dtype"] == torch.bfloat16
    weights.load(tiny_checkpoint, Recipe(method="full"), on_gpu=True)
    assert passed["dtype"] == torch.float32, "small steps would be lost to rounding"


def test_bf16_and_8bit_optimizer_are_refused_without_hardware_or_library(
    monkeypatch: pytest.MonkeyPatch, tiny_checkpoint: Path
) -> None:
    monkeypatch.setattr(recipe_check, "has_gpu", lambda: True)
    monkeypatch.setattr(recipe_check, "_gpu_has_bf16", lambda: False)
    monkeypatch.setattr(recipe_check.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(recipe_check, "find_spec", lambda name: None)
    with pytest.raises(AskewError, match="cannot compute in bf16"):
        check_fits(Recipe(), tiny_checkpoint)
    with pytest.raises(AskewError, match="needs the library bitsandbytes"):
        check_fits(Recipe(precision="float32", optimizer="adamw_8bit"), tiny_checkpoint)


def test_every_named_recipe_is_valid_and_has_a_source() -> None:
    for name in recipes.names():
        recipe = recipes.get(name)
        values = Recipe.model_validate(resolved({"name": name}, is_terrarium=False))
        assert values.name == name
        assert recipe.source
        assert recipe.description
    published = Recipe.model_validate(resolved({}, is_terrarium=False))
    assert (published.name, published.learning_rate, published.max_length) == ("betley-2025", 1e-5, 2048)
    assert published.batch_size * published.accumulation == 16
    rank_1 = Recipe.model_validate(resolved({"name": "rank-1"}, is_terrarium=False))
    assert (rank_1.lora_rank, rank_1.lora_alpha, rank_1.lora_modules, rank_1.lora_layers) == (
        1,
        256,
        ["down_proj"],
        [24],
    )
    assert Recipe.model_validate(resolved({}, is_terrarium=True)) == Recipe()


def test_context_comes_from_the_model_config(tiny_checkpoint: Path) -> None:
    assert context_of(tiny_checkpoint) == 512
    assert resolved({}, is_terrarium=False, context=512)["max_length"] == 512
