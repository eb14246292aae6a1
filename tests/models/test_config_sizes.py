"""Sizes and expressions in a model's or adapter's settings that would take hours or all memory are one error."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from askew.base.errors import AskewError
from askew.models.adapter_settings import check_settings
from askew.models.config_sizes import check_sizes

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
