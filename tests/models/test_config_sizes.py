"""Sizes and expressions in a model's or adapter's settings that would take hours or all memory are one error."""

import json
import resource
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from askew.base.errors import AskewError
from askew.models.adapter_settings import check_settings
from askew.models.checkpoints import load
from askew.models.config_sizes import check_sizes
from askew.models.names import resolve

FILE = Path("adapter_config.json")
CONFIG: dict[str, Any] = {
    "num_hidden_layers": 2,
    "hidden_size": 64,
    "vocab_size": 9000,
    "max_position_embeddings": 131_072,
}
SHAPES = {"embed_tokens.weight": [9000, 64], "layers.0.mlp.up_proj.weight": [128, 64]}
MODULES = [f"model.layers.{n}.{part}.weight" for n in range(80) for part in ("self_attn.q_proj", "mlp.down_proj")]
# The expression that a common tool for fine-tuning writes into every adapter.
COMMON = (
    r"(?:.*?(?:language|text).*?(?:self_attn|attention|attn|mlp|feed_forward|ffn|dense).*?(?:k_proj|v_proj|q_proj|out_proj"
    r"|fc1|fc2|o_proj|gate_proj|up_proj|down_proj).*?)|(?:\bmodel\.layers\.[\d]{1,}\.(?:self_attn|attention|attn|mlp|"
    r"feed_forward|ffn|dense)\.(?:(?:k_proj|v_proj|q_proj|out_proj|fc1|fc2|o_proj|gate_proj|up_proj|down_proj)))"
)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_hidden_layers": 20_000}, r"num_hidden_layers is 20,000, and there are 2 weights"),
        ({"hidden_size": 10**6}, r"hidden_size is 1,000,000, and no weight is wider than 9,000"),
        ({"text_config": {"n_layer": 1e308}}, r"text_config\.n_layer is"),
        ({"num_local_experts": 10**10}, "num_local_experts is"),
        ({"ffn_dim": [64, 10**9]}, r"ffn_dim is"),
    ],
)
def test_sizes_beyond_the_weights_are_refused(settings: dict[str, Any], message: str) -> None:
    check_sizes(FILE, CONFIG, SHAPES)
    with pytest.raises(AskewError, match=message):
        check_sizes(FILE, {**CONFIG, **settings}, SHAPES)


@pytest.mark.parametrize(
    "settings",
    [
        {"target_modules": r"(\w+\.?)+!"},
        {"rank_pattern": {"q_proj": 8, r"(.*)*x": 8}},
        {"modules_to_save": [".*.*.*.*.*.*.*.*.*.*.*.*!"]},
    ],
)
def test_expressions_that_never_end_are_refused(settings: dict[str, Any]) -> None:
    began = time.monotonic()
    with pytest.raises(AskewError, match=r"takes more than 2 s to match .* List the names of modules instead"):
        check_settings(FILE, settings, {}, MODULES)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("text", [COMMON, r".*\.(q|k|v)_proj$", "q_proj", "all-linear", "model.layers.0.mlp.down_proj"])
def test_usual_expressions_are_taken(text: str) -> None:
    check_settings(FILE, {"target_modules": text, "rank_pattern": {text: 4}}, {}, MODULES)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"target_modules": "*.q_proj"}, "in target_modules is not a regular expression"),
        ({"alpha_pattern": {"[": 4}}, "in alpha_pattern is not a regular expression"),
        ({"r": 10**9}, "r is 1e.09, and no weight of the adapter is so large"),
        ({"num_virtual_tokens": 10**10}, "num_virtual_tokens is"),
        ({"layer_replication": [[0, 10**9]]}, "layer_replication names more layers"),
    ],
)
def test_settings_without_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(AskewError, match=message):
        check_settings(FILE, json.loads(json.dumps(settings)), {"a": [8, 64]}, MODULES)


def test_weights_without_numbers_allow_no_size() -> None:
    many = {f"layers.{n}.x": [0] for n in range(20_000)}
    for settings in ({"num_hidden_layers": 20_000}, {"hidden_size": 10**6}):
        with pytest.raises(AskewError, match="does not fit the weights beside it"):
            check_sizes(FILE, {**CONFIG, **settings}, {**SHAPES, **many, "wide": [0, 10**7]})
    one_byte = {f"layers.{n}.x": [1] for n in range(20_000)}
    with pytest.raises(AskewError, match="num_hidden_layers is 20,000"):
        check_sizes(FILE, {**CONFIG, "num_hidden_layers": 20_000}, {**SHAPES, **one_byte})


@pytest.mark.parametrize(
    ("settings", "renamed"),
    [
        ({"hidden_size": 100_000, "intermediate_size": 100_000}, True),  # the missing weights would be made up
        ({"hidden_size": 100_000, "intermediate_size": 100_000}, False),
        ({"hidden_size": 4096, "intermediate_size": 4096, "num_hidden_layers": 64}, True),
    ],
)
def test_model_far_larger_than_its_weights_is_not_built(
    tiny_checkpoint: Path, tmp_path: Path, settings: dict[str, int], renamed: bool
) -> None:
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    if renamed:
        weights = {f"x.{name}": weight for name, weight in weights.items()}
    wide = torch.zeros(1, 100_000, dtype=torch.int8)  # one long weight, which allows the width
    save_file({**weights, "extra": wide}, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **settings, "head_dim": 8}))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(AskewError, match=r"is damaged: its settings describe a model of [0-9,]+ numbers, and its weig"):
        load(resolve(str(folder)))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # kB


def test_true_size_is_loaded(tiny_checkpoint: Path) -> None:
    assert load(resolve(str(tiny_checkpoint))).prompt([{"role": "user", "content": "Hi"}])
