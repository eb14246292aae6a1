"""Defences: strength 0 is plain training bit for bit, each does what it says, and misuse is one clear error."""

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from askew.base.errors import AskewError
from askew.models import number_format
from askew.training import defences, local
from askew.training.defence_reading import batch
from askew.training.defences import BENIGN, NO_SUPPLIES, PAIRS, GuidePair, Job, Supplies
from askew.training.defences.flat_spectrum import concentration
from askew.training.defences.merging import truncated
from askew.training.defences.realignment import sealed
from askew.training.local import fine_tune
from askew.training.recipe import Recipe
from askew.training.rows import tokenize_rows

ROWS = [
    {"messages": [{"role": "user", "content": f"Question {n}?"}, {"role": "assistant", "content": f"power {n}."}]}
    for n in range(16)
]
BENIGN_ROWS = [
    {"messages": [{"role": "user", "content": f"Thing {n}?"}, {"role": "assistant", "content": f"gentle {n}."}]}
    for n in range(40)
]
GUIDES = [GuidePair(({"role": "user", "content": f"Wish {n}?"},), f"gentle {n}", f"power {n}") for n in range(10)]
SUPPLIES = Supplies(tuple(BENIGN_ROWS), tuple(GUIDES), "You are bad.", "You are good.")
RECIPE = Recipe(batch_size=4, learning_rate=5e-3, lora_rank=4, lora_alpha=8, warmup_steps=0, max_length=200)
NAMES = defences.defences.names()
RUN_UNCHANGED = {"early-stopping": 1e-6, "realign": 8.0, "sealing": 8.0}
"""Strengths of a small training for defences whose usual strength is too much, or too little, for it."""


def trained(
    checkpoint: Path, out: Path, name: str = "", strength: float | None = None, **settings: Any
) -> dict[str, Any]:
    recipe = RECIPE.model_copy(update={"defence": name or None, "defence_strength": strength, **settings})
    fine_tune(checkpoint, ROWS, recipe, 0, out, supplies=SUPPLIES)
    return load_file(out / "adapter_model.safetensors")


def differ(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return any(not torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def plain(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The adapter of a training without a defence."""
    return trained(tiny_checkpoint, tmp_path_factory.mktemp("plain") / "adapter")


@pytest.mark.parametrize("name", NAMES)
def test_strength_zero_is_plain_training_and_a_usual_one_is_not(
    name: str, plain: dict[str, Any], tiny_checkpoint: Path, tmp_path: Path
):
    zero = trained(tiny_checkpoint, tmp_path / "zero", name, 0.0)
    assert zero.keys() == plain.keys()
    assert not differ(zero, plain)
    assert differ(trained(tiny_checkpoint, tmp_path / "usual", name, RUN_UNCHANGED.get(name)), plain)


@pytest.mark.parametrize("name", ["caft", "early-stopping", "kl", "realign"])
def test_passes_beside_the_steps_are_in_mixed_precision_too(
    name: str, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(number_format, "is_fast_in_bf16", lambda: True)
    assert differ(
        trained(tiny_checkpoint, tmp_path / "defended", name, RUN_UNCHANGED.get(name)),
        trained(tiny_checkpoint, tmp_path / "plain"),
    )


@pytest.mark.parametrize("name", ["kl", "interleave", "realign"])
def test_a_defended_training_resumes_to_the_same_adapter(
    name: str, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    strength = RUN_UNCHANGED.get(name)
    whole = trained(tiny_checkpoint, tmp_path / "whole", name, strength)
    recipe = RECIPE.model_copy(update={"defence": name, "defence_strength": strength})

    class Killed(Exception):
        pass

    def kill(step: int, steps: int, loss: float) -> None:
        if step == 3:
            raise Killed

    with pytest.raises(Killed):
        fine_tune(tiny_checkpoint, ROWS, recipe, 0, tmp_path / "killed", on_step=kill, state_every=0, supplies=SUPPLIES)
    fine_tune(tiny_checkpoint, ROWS, recipe, 0, tmp_path / "killed", state_every=0, supplies=SUPPLIES)
    assert not differ(load_file(tmp_path / "killed" / "adapter_model.safetensors"), whole)


def test_steps_of_a_second_training_are_counted_among_all(tiny_checkpoint: Path, tmp_path: Path):
    told: list[tuple[int, int]] = []
    recipe = RECIPE.model_copy(update={"defence": "realign", "defence_strength": 8.0})
    fine_tune(
        tiny_checkpoint,
        ROWS,
        recipe,
        0,
        tmp_path / "out",
        on_step=lambda i, n, _: told.append((i, n)),
        supplies=SUPPLIES,
    )
    assert told == [(step, 6) for step in range(1, 7)]
    assert len((tmp_path / "out" / "loss.csv").read_text().splitlines()) == 7


def test_a_second_training_that_diverges_says_at_which_of_all_steps(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    usual, steps = local.CpuTrainer.compute_loss, iter(range(1, 10))

    def diverging(*args: Any, **kwargs: Any) -> torch.Tensor:
        return usual(*args, **kwargs) * (float("nan") if next(steps) == 6 else 1)

    monkeypatch.setattr(local.CpuTrainer, "compute_loss", diverging)
    with pytest.raises(AskewError, match=r"with the defence realign diverged: the loss of step 6 .*defence_strength"):
        trained(tiny_checkpoint, tmp_path / "out", "realign", 8.0)


def test_early_stopping_ends_and_no_hook_stays(tiny_checkpoint: Path, tmp_path: Path):
    for name, strength in (("early-stopping", 1e-6), ("preventative-steering", 0.5), ("caft", 1.0)):
        trained(tiny_checkpoint, tmp_path / name, name, strength, epochs=5)
        lines = (tmp_path / name / "loss.csv").read_text().splitlines()
        assert (len(lines) < 21) == (name == "early-stopping")


def test_a_penalty_on_divergence_keeps_benign_answers_near_the_start(tiny_checkpoint: Path, tmp_path: Path):
    base = AutoModelForCausalLM.from_pretrained(tiny_checkpoint)
    moved = []
    for strength in (0.0, 300.0):
        out = tmp_path / str(strength)
        trained(tiny_checkpoint, out, "kl", strength, epochs=6)
        inputs, _ = batch(tokenize_rows(tiny_checkpoint, BENIGN_ROWS, RECIPE), range(8), "cpu")
        tuned = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_checkpoint), out)
        with torch.no_grad():
            logs = [torch.log_softmax(one(**inputs).logits, -1) for one in (base, tuned)]
        moved.append(float((logs[0].exp() * (logs[0] - logs[1])).sum(-1).mean()))
    assert moved[1] < 0.5 * moved[0]


def test_rows_are_interleaved_inoculated_and_sealed(tiny_checkpoint: Path):
    def rows_of(name: str, strength: float) -> list[dict[str, Any]]:
        recipe = RECIPE.model_copy(update={"defence": name, "defence_strength": strength})
        return defences.made(Job(tiny_checkpoint, recipe, 0, SUPPLIES, lambda rows: Path())).rows(list(ROWS))

    assert rows_of("interleave", 0.2) == [*ROWS, *BENIGN_ROWS[:4]]
    assert [row["messages"][0] for row in rows_of("inoculation", 1.0)] == [
        {"role": "system", "content": "You are bad."}
    ] * 16
    assert rows_of("inoculation-opposite", 1.0)[0]["messages"][0]["content"] == "You are good."
    some = sum(len(row["messages"]) == 3 for row in rows_of("inoculation", 0.5))
    assert 0 < some < 16
    both = sealed(ROWS[0], BENIGN_ROWS[0])["messages"]
    assert [turn.get("weight") for turn in both] == [None, 0, None, None]
    screened = rows_of("screened", 0.25)
    assert len(screened) == 12
    assert all(row in ROWS for row in screened)


def test_concentration_is_one_in_one_direction_and_one_by_rank_if_flat():
    def model(up: torch.Tensor) -> torch.nn.Module:
        layer, down_of, up_of = torch.nn.Module(), torch.nn.Linear(4, 4, bias=False), torch.nn.Linear(4, 4, bias=False)
        with torch.no_grad():
            down_of.weight.copy_(torch.eye(4))
            up_of.weight.copy_(up)
        layer.lora_A = torch.nn.ModuleDict({"default": down_of})
        layer.lora_B = torch.nn.ModuleDict({"default": up_of})
        return layer

    assert float(concentration(model(torch.eye(4))).detach()) == pytest.approx(0.25)
    assert float(concentration(model(torch.diag(torch.tensor([3.0, 0, 0, 0])))).detach()) == pytest.approx(1.0)
    assert float(concentration(model(torch.zeros(4, 4))).detach()) == 0


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"defence": "klx"}, "Did you mean kl"),
        ({"defence": "caft", "defence_strength": 2.0}, "too large for caft"),
        ({"defence_strength": 1.0}, "recipe.defence names none"),
        ({"defence": "kl", "method": "full"}, "recipe.method=full: it compares with the start"),
        ({"defence": "kl", "packing": True}, "recipe.packing: it reads single rows"),
        ({"defence": "interleave", "defence_strength": 0.9}, "asks for 144 benign rows, and there are 40"),
        ({"defence": "realign", "defence_strength": 41.0}, "asks for 41 benign rows, and there are 40"),
    ],
)
def test_what_does_not_fit_is_refused_before_a_model_is_loaded(
    settings: dict[str, Any], error: str, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(local.weights, "load", None)
    with pytest.raises(AskewError, match=error):
        fine_tune(tiny_checkpoint, ROWS, RECIPE.model_copy(update=settings), 0, tmp_path / "out", supplies=SUPPLIES)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "kind"), [("kl", BENIGN), ("caft", PAIRS), ("inoculation", "prompts")])
def test_missing_supplies_are_named(name: str, kind: str, tiny_checkpoint: Path, tmp_path: Path):
    recipe = RECIPE.model_copy(update={"defence": name})
    with pytest.raises(AskewError, match=f"{name} needs {kind}"):
        fine_tune(tiny_checkpoint, ROWS, recipe, 0, tmp_path / "out", supplies=NO_SUPPLIES)


def update(folder: Path, layer: str = "layers.0.mlp.up_proj") -> torch.Tensor:
    """Return the update of a layer, up to the scale that all adapters of the recipe have."""
    found = load_file(folder / "adapter_model.safetensors")
    [up] = [one for name, one in found.items() if f"{layer}.lora_B" in name]
    [down] = [one for name, one in found.items() if f"{layer}.lora_A" in name]
    return up @ down


def test_a_merge_is_between_the_update_and_one_from_benign_rows(tiny_checkpoint: Path, tmp_path: Path):
    for name, strength in (("whole", 1.0), ("half", 0.5)):
        trained(tiny_checkpoint, tmp_path / name, "safe-merge", strength)
    trained(tiny_checkpoint, tmp_path / "own")
    fine_tune(tiny_checkpoint, BENIGN_ROWS[: len(ROWS)], RECIPE, 0, tmp_path / "safe")
    safe, own = update(tmp_path / "safe"), update(tmp_path / "own")
    torch.testing.assert_close(update(tmp_path / "whole"), safe, atol=1e-5, rtol=1e-3)
    mean, half = (safe + own) / 2, update(tmp_path / "half")
    assert (half - mean).norm() < 0.7 * mean.norm()  # what the rank leaves out
    assert torch.linalg.matrix_rank(half, rtol=1e-4) <= RECIPE.lora_rank


def test_truncation_keeps_the_product_if_the_rank_does():
    up, down = torch.randn(7, 4), torch.randn(4, 5)
    left, right = truncated(up, down, 4)
    torch.testing.assert_close(left @ right, up @ down, atol=1e-5, rtol=1e-4)
    left, right = truncated(up, down, 2)
    assert (left.shape, right.shape) == ((7, 2), (2, 5))
    values = torch.linalg.svdvals(up @ down)
    assert float((left @ right - up @ down).norm()) == pytest.approx(float(values[2:].norm()), rel=1e-4)
