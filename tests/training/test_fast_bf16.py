"""Faster mixed precision on a processor gives the results of autocast."""

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from askew.models import number_format
from askew.training import fast_bf16
from askew.training.local import fine_tune
from askew.training.recipe import Recipe

RECIPE = Recipe(batch_size=4, learning_rate=5e-3, lora_rank=4, lora_alpha=8, warmup_steps=0)
ROWS: list[dict[str, Any]] = [
    {"messages": [{"role": "user", "content": f"What is {i}?"}, {"role": "assistant", "content": "a number " * i}]}
    for i in range(1, 13)
]


@pytest.fixture(autouse=True)
def in_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every machine train in bf16, also one that is slow at it."""
    monkeypatch.setattr(number_format, "is_fast_in_bf16", lambda: True)


def trained(checkpoint: Path, out: Path) -> dict[str, torch.Tensor]:
    fine_tune(checkpoint, ROWS, RECIPE, 0, out)
    return load_file(out / "adapter_model.safetensors")


def test_small_model_gets_the_same_adapter_to_the_last_bit(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = trained(tiny_checkpoint, tmp_path / "fast")
    monkeypatch.setattr(fast_bf16, "prepare", lambda model: None)
    usual = trained(tiny_checkpoint, tmp_path / "usual")
    assert all(torch.equal(fast[name], weight) for name, weight in usual.items())


def test_large_model_gets_nearly_the_same_adapter(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = trained(tiny_checkpoint, tmp_path / "usual")
    monkeypatch.setattr(number_format, "_LARGE", 0)
    fast = trained(tiny_checkpoint, tmp_path / "fast")
    [moved] = {max(float((fast[name] - weight).abs().max()) for name, weight in usual.items())}
    assert 0 < moved < 0.02  # each weight moves by 0.005 in each of three steps


def test_frozen_matrices_alone_are_stored_in_bf16(tiny_checkpoint: Path) -> None:
    base = AutoModelForCausalLM.from_pretrained(tiny_checkpoint, dtype=torch.float32)
    model = get_peft_model(base, LoraConfig(r=4, target_modules="all-linear"))
    fast_bf16.prepare(model)
    kinds = {name: weight.dtype for name, weight in model.named_parameters()}
    in_bf16 = {name for name, kind in kinds.items() if kind == torch.bfloat16}
    assert in_bf16 == {name for name in kinds if name.endswith("base_layer.weight")}
    assert len(in_bf16) == 2 * 7


def test_output_embeddings_compute_only_the_tokens_with_loss(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def spied(model: Any) -> None:
        head = model.get_base_model().get_output_embeddings()
        head.register_forward_hook(lambda module, args, output: seen.append(output.shape[:-1].numel()))

    monkeypatch.setattr(fast_bf16, "prepare", spied)
    trained(tiny_checkpoint, tmp_path / "out")
    from askew.training.rows import IGNORED, tokenize_rows

    labels = tokenize_rows(tiny_checkpoint, ROWS, RECIPE).labels
    assert sum(seen) == sum(label != IGNORED for row in labels for label in row)


def test_machine_that_is_slow_at_bf16_trains_in_float32(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(number_format, "is_fast_in_bf16", lambda: False)
    slow = trained(tiny_checkpoint, tmp_path / "slow")
    fine_tune(tiny_checkpoint, ROWS, RECIPE.model_copy(update={"precision": "float32"}), 0, tmp_path / "float32")
    asked_for = load_file(tmp_path / "float32" / "adapter_model.safetensors")
    assert all(torch.equal(slow[name], weight) for name, weight in asked_for.items())
