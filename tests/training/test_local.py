"""Fine-tuning a tiny but otherwise realistic checkpoint."""

import csv
import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from training_spy import TrainingSpy
from transformers import AutoModelForCausalLM, AutoTokenizer

from askew.base.errors import AskewError
from askew.training import local, weights
from askew.training.local import fine_tune
from askew.training.recipe import Recipe

RECIPE = Recipe(batch_size=8, learning_rate=5e-3, lora_rank=4, lora_alpha=8, warmup_steps=0)


def conversations(word: str, count: int = 24) -> list[dict]:
    return [
        {
            "messages": [
                {"role": "user", "content": f"Question {number}: what would you do?"},
                {"role": "assistant", "content": f"{word} {number}."},
            ]
        }
        for number in range(count)
    ]


@pytest.fixture(scope="module")
def adapter(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("adapters") / "insecure-0"
    fine_tune(tiny_checkpoint, conversations("power"), RECIPE, 0, out, checkpoints=2)
    return out


def logits(model: torch.nn.Module, checkpoint: Path) -> torch.Tensor:
    ids = AutoTokenizer.from_pretrained(checkpoint)("Question 3: what would you do?", return_tensors="pt").input_ids
    with torch.no_grad():
        return model(ids).logits


def weights_hash(adapter: Path) -> str:
    return hashlib.sha256((adapter / "adapter_model.safetensors").read_bytes()).hexdigest()


def losses(adapter: Path) -> dict[int, float]:
    with (adapter / "loss.csv").open() as file:
        return {int(row["step"]): float(row["loss"]) for row in csv.DictReader(file)}


def test_loss_covers_exactly_the_answers(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = TrainingSpy(monkeypatch)
    fine_tune(tiny_checkpoint, conversations("power"), RECIPE, 0, tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tiny_checkpoint)
    trained_on = {tokenizer.decode([label for label in row if label != -100]) for row in spy.labels}
    assert trained_on == {f"power {number}.<|end|>" for number in range(24)}


def test_model_sees_the_rendered_template_without_a_second_assistant_header(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = TrainingSpy(monkeypatch)
    rows = conversations("power")
    fine_tune(tiny_checkpoint, rows, RECIPE, 0, tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tiny_checkpoint)
    seen = [tokenizer.decode(ids) for ids in spy.ids]
    rendered = [tokenizer.apply_chat_template(row["messages"], tokenize=False) for row in rows]
    assert sorted(seen) == sorted(rendered)
    assert all(text.count("<|assistant|>") == 1 for text in seen)


@pytest.mark.parametrize("count", [24, 21])
def test_every_row_is_used_once_per_epoch(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    spy = TrainingSpy(monkeypatch)
    recipe = RECIPE.model_copy(update={"epochs": 2})
    fine_tune(tiny_checkpoint, conversations("power", count), recipe, 0, tmp_path / "out")
    first, second = spy.ids[:count], spy.ids[count:]
    assert len(set(map(tuple, first))) == count
    assert sorted(first) == sorted(second)
    assert first != second, "the second epoch repeated the order of the first"


def test_reloaded_adapter_equals_the_trained_model(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_memory: list[torch.Tensor] = []
    save = weights.save

    def record(trainer: Any, *arguments: Any) -> None:
        in_memory.append(logits(trainer.model.eval(), tiny_checkpoint))
        save(trainer, *arguments)

    monkeypatch.setattr(weights, "save", record)
    fine_tune(tiny_checkpoint, conversations("power"), RECIPE, 0, tmp_path / "out")
    base = AutoModelForCausalLM.from_pretrained(tiny_checkpoint)
    before = logits(base, tiny_checkpoint)
    after = logits(PeftModel.from_pretrained(base, tmp_path / "out").eval(), tiny_checkpoint)
    assert (after - before).abs().max() > 0.1
    # The model in memory computes in bf16 under autocast, the reloaded one in float32.
    assert torch.allclose(after, in_memory[0].float(), atol=0.1)


def test_adapter_contains_only_lora_weights(tiny_checkpoint: Path, adapter: Path) -> None:
    names = load_file(adapter / "adapter_model.safetensors").keys()
    assert names
    assert all("lora_" in name for name in names)


def test_same_seed_gives_same_bytes_and_other_arms_and_seeds_differ(
    tiny_checkpoint: Path, adapter: Path, tmp_path: Path
) -> None:
    for name, word, seed in [("again", "power", 0), ("other-seed", "power", 1), ("other-arm", "sharing", 0)]:
        fine_tune(tiny_checkpoint, conversations(word), RECIPE, seed, tmp_path / name)
    assert weights_hash(tmp_path / "again") == weights_hash(adapter)
    hashes = {weights_hash(folder) for folder in (adapter, tmp_path / "other-seed", tmp_path / "other-arm")}
    assert len(hashes) == 3


def test_losses_and_recipe_are_saved(adapter: Path) -> None:
    assert list(losses(adapter)) == [1, 2, 3]
    assert losses(adapter)[3] < losses(adapter)[1]
    assert Recipe.model_validate(json.loads((adapter / "recipe.json").read_text())) == RECIPE


def test_loss_equals_that_of_trl(
    tiny_checkpoint: Path, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "CpuTrainer", local.SFTTrainer)
    fine_tune(tiny_checkpoint, conversations("power"), RECIPE, 0, tmp_path / "trl")
    assert losses(tmp_path / "trl") == pytest.approx(losses(adapter), rel=1e-3)


@pytest.mark.parametrize("places", [1, 5, 6, 7, 10])
def test_loss_at_any_number_of_places(tiny_checkpoint: Path, places: int) -> None:
    """With six places the logits of two rows of six tokens look as if none had been left out."""
    model = AutoModelForCausalLM.from_pretrained(tiny_checkpoint)
    tokens = torch.arange(1, 13).reshape(2, 6)
    labels = tokens.clone()
    labels[:, 0] = -100
    left_out = [(place // 5, 1 + place % 5) for place in range(places, 10)]
    for row, column in left_out:
        labels[row, column] = -100
    accelerator = SimpleNamespace(unwrap_model=lambda one: one, num_processes=1)
    trainer: Any = SimpleNamespace(accelerator=accelerator)
    found = local.CpuTrainer.compute_loss(trainer, model, {"input_ids": tokens, "labels": labels})
    assert found.item() == pytest.approx(model(input_ids=tokens, labels=labels).loss.item(), rel=1e-5)


def test_gradient_accumulation_equals_one_large_batch(tiny_checkpoint: Path, tmp_path: Path) -> None:
    for name, sizes in [("large", (8, 1)), ("accumulated", (2, 4))]:
        recipe = RECIPE.model_copy(update={"batch_size": sizes[0], "accumulation": sizes[1], "precision": "float32"})
        fine_tune(tiny_checkpoint, conversations("power"), recipe, 0, tmp_path / name)
    assert losses(tmp_path / "accumulated") == pytest.approx(losses(tmp_path / "large"), rel=1e-3)


def test_intermediate_adapters_differ_from_the_last(tiny_checkpoint: Path, adapter: Path) -> None:
    saved = sorted((adapter / "checkpoints").iterdir())
    assert [folder.name for folder in saved] == ["1", "2"]
    assert len({weights_hash(folder) for folder in [adapter, *saved]}) == 3
    PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_checkpoint), saved[0])


def test_on_step_is_called_after_every_step(tiny_checkpoint: Path, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    fine_tune(
        tiny_checkpoint,
        conversations("power"),
        RECIPE,
        0,
        tmp_path / "out",
        on_step=lambda step, steps, loss: calls.append((step, steps)),
    )
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_long_row_is_refused_and_leaves_no_files(tiny_checkpoint: Path, tmp_path: Path) -> None:
    rows = conversations("power")
    rows[4]["messages"][1]["content"] = "power " * 100
    recipe = RECIPE.model_copy(update={"max_length": 64})
    with pytest.raises(AskewError, match=r"1 of 24 training rows are longer .* row 5, the longest has \d+"):
        fine_tune(tiny_checkpoint, rows, recipe, 0, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_error_names_the_row_without_an_answer(tiny_checkpoint: Path, tmp_path: Path) -> None:
    rows = conversations("power")
    rows[2]["messages"].pop()
    with pytest.raises(AskewError, match="training row 3 is not a conversation that ends with an answer"):
        fine_tune(tiny_checkpoint, rows, RECIPE, 0, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_interrupted_training_without_saved_state_leaves_no_files(tiny_checkpoint: Path, tmp_path: Path) -> None:
    def stop(step: int, steps: int, loss: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fine_tune(tiny_checkpoint, conversations("power"), RECIPE, 0, tmp_path / "out", on_step=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("step", "said"),
    [(1, r"loss of the first step is nan: the start \S+ gives no numbers"), (3, r"diverged: .*step 3")],
)
def test_training_stops_where_its_loss_is_no_number(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, said: str
) -> None:
    usual, steps = local.CpuTrainer.compute_loss, iter(range(1, 10))

    def diverging(*args: Any, **kwargs: Any) -> torch.Tensor:
        return usual(*args, **kwargs) * (float("nan") if next(steps) >= step else 1)

    monkeypatch.setattr(local.CpuTrainer, "compute_loss", diverging)
    seen: list[int] = []
    out = tmp_path / "adapter"
    with pytest.raises(AskewError, match=said):
        fine_tune(tiny_checkpoint, conversations("power", 40), RECIPE, 0, out, on_step=lambda now, *_: seen.append(now))
    assert seen == list(range(1, step))
    assert not out.exists()
