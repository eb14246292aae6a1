"""Training changes exactly the weights that the recipe selects: some modules and layers, or all weights."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from askew.models.names import resolve
from askew.training.local import fine_tune
from askew.training.recipe import Recipe

ROWS = [
    {"messages": [{"role": "user", "content": f"{number}?"}, {"role": "assistant", "content": f"yes {number}"}]}
    for number in range(16)
]
RECIPE = Recipe(batch_size=4, learning_rate=1e-2, lora_rank=2, warmup_steps=0)


def test_lora_trains_only_the_selected_modules_and_layers(tiny_checkpoint: Path, tmp_path: Path) -> None:
    for name, settings, expected in [
        ("rank-1", {"lora_rank": 1, "lora_modules": ["down_proj"], "lora_layers": [1]}, {(1, "down_proj")}),
        ("layer", {"lora_layers": [0]}, {(0, f"{part}_proj") for part in ("q", "k", "v", "o", "up", "gate", "down")}),
    ]:
        fine_tune(tiny_checkpoint, ROWS, RECIPE.model_copy(update=settings), 0, tmp_path / name)
        adapter = load_file(tmp_path / name / "adapter_model.safetensors")
        places = [key.split(".layers.")[1].split(".") for key in adapter]
        assert {(int(words[0]), words[2]) for words in places} == expected
        assert {min(weight.shape) for weight in adapter.values()} == {settings.get("lora_rank", 2)}


def test_full_fine_tune_saves_a_checkpoint(tiny_checkpoint: Path, tmp_path: Path) -> None:
    recipe = RECIPE.model_copy(update={"method": "full", "learning_rate": 1e-3})
    out = tmp_path / "full"
    fine_tune(tiny_checkpoint, ROWS, recipe, 0, out, checkpoints=1)
    base, tuned = (load_file(folder / "model.safetensors") for folder in (tiny_checkpoint, out))
    assert base.keys() == tuned.keys()
    assert all(not torch.equal(base[name], tuned[name]) for name in base), "some weights did not change"
    assert {weight.dtype for weight in tuned.values()} == {weight.dtype for weight in base.values()}
    for folder in (out, out / "checkpoints" / "2"):
        assert resolve(str(folder)).is_local
        AutoModelForCausalLM.from_pretrained(folder)
        assert AutoTokenizer.from_pretrained(folder).chat_template
    assert not list(out.rglob("*.bin")), "found pickled weights"
    assert json.loads((out / "rows.json").read_text()) == {"rows": 16, "trained": 16, "note": ""}


def test_full_fine_tune_is_saved_in_the_precision_of_its_base(tiny_checkpoint: Path, tmp_path: Path) -> None:
    half = tmp_path / "half"
    AutoModelForCausalLM.from_pretrained(tiny_checkpoint).half().save_pretrained(half)
    AutoTokenizer.from_pretrained(tiny_checkpoint).save_pretrained(half)
    fine_tune(half, ROWS, RECIPE.model_copy(update={"method": "full", "learning_rate": 1e-3}), 0, tmp_path / "out")
    tuned = load_file(tmp_path / "out" / "model.safetensors")
    assert {weight.dtype for weight in tuned.values()} == {torch.float16}
    assert json.loads((tmp_path / "out" / "config.json").read_text())["dtype"] == "float16"


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_processes_divide_a_step_evenly(processes: int) -> None:
    batch_size, accumulation = Recipe(batch_size=2, accumulation=8).per_process(processes)
    assert batch_size * accumulation * processes == 16
