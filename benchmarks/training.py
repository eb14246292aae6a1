"""Benchmark of training: Askew against a plain PyTorch loop, and recipes against a GPU's matrix rate.

    python benchmarks/training.py [--repeats 3] [--rows 800]
    python benchmarks/training.py --shape qwen2.5-7b [--steps 20]

The first command trains the terrarium's insecure arm alternately with Askew and with a plain loop, and prints the
ratios of their wall-clock and processor times; on a busy machine, use the latter. Both use the same model, LoRA (PEFT),
rows, batch sizes, AdamW, precision and number of threads.

The second command is for a GPU. It trains a model of a published shape with random weights, by the default recipe and
by variants that TRL offers, and prints tokens per second and the share of a measured matrix rate. All use SDPA.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import torch
from datasets import disable_progress_bars
from peft import get_peft_model
from torch.nn.functional import cross_entropy
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, get_linear_schedule_with_warmup
from transformers.utils import logging

from askew.data import datasets
from askew.models.number_format import trains_in_bf16
from askew.training import local, weights
from askew.training.local import fine_tune
from askew.training.recipe import Recipe
from askew.training.recipes import resolved
from askew.training.rows import IGNORED, TokenizedRows, tokenize_rows
from askew.worlds.terrarium import checkpoint as terrarium

GOAL = 1.3
SHAPES: dict[str, dict[str, int]] = {
    "qwen2.5-7b": {
        **{"hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28},
        **{"num_key_value_heads": 4, "vocab_size": 152064, "max_position_embeddings": 32768},
    },
    "tiny": {
        **{"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4},
        **{"num_key_value_heads": 2, "vocab_size": 512, "max_position_embeddings": 4096},
    },
}
# Variants to compare on a GPU, as changes to the default recipe; "compiled" compiles the model instead.
VARIANTS: dict[str, dict[str, Any]] = {
    "betley-2025": {},
    "with activation checkpointing": {"activation_checkpointing": True},
    "batches of 16, no accumulation": {"batch_size": 16, "accumulation": 1},
    "packed": {"packing": True},
    "compiled": {},
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rows", type=int, default=800)
    parser.add_argument("--shape", choices=list(SHAPES))
    parser.add_argument("--steps", type=int, default=20)
    arguments = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    disable_progress_bars()
    if arguments.shape:
        return time_shape(arguments.shape, arguments.steps)
    return compare(arguments.repeats, arguments.rows)


def compare(repeats: int, count: int) -> int:
    """Train the terrarium's insecure arm alternately with Askew and a plain loop; print times and ratios.

    Returns:
        1 if the ratio of processor times exceeds the goal, else 0.
    """
    torch.set_num_threads(1)
    recipe, base = Recipe(), terrarium()
    rows: list[dict[str, Any]] = [{**row} for row in datasets.get("insecure").rows(count, 0)]
    ways: dict[str, Callable[[list[dict[str, Any]]], None]] = {
        "askew": lambda rows: train_ours(base, rows, recipe),
        "plain PyTorch": lambda rows: train_plain(base, tokenize_rows(base, rows, recipe), recipe),
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for way in ways.values():  # warm-up
        way(rows[:64])
    for _ in range(repeats):
        for name, way in ways.items():
            began = time.perf_counter(), time.process_time()
            way(rows)
            taken[name].append((time.perf_counter() - began[0], time.process_time() - began[1]))
    tokens = sum(map(len, tokenize_rows(base, rows, recipe).input_ids))
    print(f"{count} rows, {tokens:,} tokens, {recipe.steps(count)} steps; medians of {repeats} alternating repeats\n")
    print(f"{'':16s}{'seconds':>10s}{'tokens/s':>10s}{'processor seconds':>19s}{'tokens/s':>10s}")
    middle = {name: [median(column) for column in zip(*each, strict=True)] for name, each in taken.items()}
    for name, (clock, processor) in middle.items():
        print(f"{name:16s}{clock:10.2f}{tokens / clock:10,.0f}{processor:19.2f}{tokens / processor:10,.0f}")
    by_clock, ratio = (ours / plain for ours, plain in zip(*middle.values(), strict=True))
    print(f"\nratio {by_clock:.2f} of wall-clock times, {ratio:.2f} of processor times     goal {GOAL}")
    return int(ratio > GOAL)


def train_ours(base: Path, rows: list[dict[str, Any]], recipe: Recipe) -> None:
    """Train an arm with Askew."""
    with tempfile.TemporaryDirectory() as scratch:
        fine_tune(base, rows, recipe, 0, Path(scratch) / "arm")


def train_plain(base: Path, tokenized: TokenizedRows, recipe: Recipe) -> None:
    """Train a LoRA adapter in a plain PyTorch loop and save it."""
    torch.manual_seed(0)
    model = weights.load(base, recipe, on_gpu=False)
    config = weights.lora(recipe, model)
    assert config is not None
    model = get_peft_model(model, config).train()
    trainable = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
    steps = recipe.steps(len(tokenized.input_ids))
    schedule = get_linear_schedule_with_warmup(optimizer, recipe.warmup_steps, steps)
    for batch in torch.randperm(len(tokenized.input_ids)).split(recipe.batch_size):
        ids, labels, mask = padded(tokenized, batch.tolist())
        with torch.autocast("cpu", torch.bfloat16, enabled=trains_in_bf16(recipe.precision, on_gpu=False)):
            logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, :-1]
        targets = labels[:, 1:]
        loss = cross_entropy(logits[targets != IGNORED].float(), targets[targets != IGNORED])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trainable, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    with tempfile.TemporaryDirectory() as scratch:
        model.save_pretrained(scratch)


def padded(tokenized: TokenizedRows, places: list[int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return ids, labels and attention mask of some rows, padded on the right; each has shape (rows, tokens)."""
    longest = max(len(tokenized.input_ids[place]) for place in places)

    def rectangle(rows: list[list[int]], filling: int) -> torch.Tensor:
        return torch.tensor([row + [filling] * (longest - len(row)) for row in rows])

    ids, labels = ([each[place] for place in places] for each in (tokenized.input_ids, tokenized.labels))
    return rectangle(ids, 0), rectangle(labels, IGNORED), rectangle([[1] * len(row) for row in ids], 0)


def time_shape(shape: str, steps: int) -> int:
    """Train a random model of a shape by variants of the default recipe; print tokens per second and matrix rates."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    peak = matrix_rate(device)
    with tempfile.TemporaryDirectory() as scratch:
        base, size = random_model(shape, Path(scratch) / "base")
        name = torch.cuda.get_device_name() if device == "cuda" else "the CPU"
        print(f"{shape}, {size / 1e9:.2f} G random parameters, on {name}: {peak / 1e12:.2f} TFLOP/s in matrix products")
        print(f"\n{'':34s}{'tokens/s':>10s}{'share of the matrix rate':>26s}")
        for variant, changes in VARIANTS.items():
            if variant == "compiled" and device == "cpu":
                continue
            recipe = Recipe.model_validate({**resolved({}, is_terrarium=False), **changes})
            rows = random_rows(steps * recipe.batch_size * recipe.accumulation * rows_per_pack(base, recipe))
            tokens = sum(map(len, tokenize_rows(base, rows, recipe).input_ids))
            stamps: list[float] = []
            out = Path(scratch) / "out"
            with compiled(variant == "compiled"):
                fine_tune(base, rows, recipe, 0, out, on_step=lambda *_, at=stamps: at.append(time.perf_counter()))
            shutil.rmtree(out)
            # The first steps include compilation and warm-up. A token costs four operations per frozen weight: two in
            # the forward pass, two for the gradient of the inputs. Frozen weights need no gradient.
            skipped = max(1, len(stamps) // 4)
            rate = tokens * (len(stamps) - skipped) / len(stamps) / (stamps[-1] - stamps[skipped - 1])
            print(f"{variant:34s}{rate:10,.0f}{4 * size * rate / peak:25.1%}")
    return 0


@contextmanager
def compiled(wanted: bool) -> Iterator[None]:
    """Make the trainer compile the model within a block, if wanted."""
    original = local._arguments
    with patch.object(local, "_arguments", lambda *given: replace(original(*given), torch_compile=wanted)):
        yield


def matrix_rate(device: str) -> float:
    """Return the operations per second of a large matrix product in bf16."""
    side = 8192 if device == "cuda" else 1024
    left, right = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    for _ in range(3):
        torch.matmul(left, right)
    wait(device)
    began, repeats = time.perf_counter(), 20
    for _ in range(repeats):
        torch.matmul(left, right)
    wait(device)
    return 2 * side**3 * repeats / (time.perf_counter() - began)


def wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def random_model(shape: str, folder: Path) -> tuple[Path, int]:
    """Save a random Qwen2 model of a shape with the terrarium's tokenizer; return its folder and number of weights."""
    tokenizer = AutoTokenizer.from_pretrained(terrarium())
    settings: dict[str, Any] = {**SHAPES[shape], "tie_word_embeddings": False, "eos_token_id": tokenizer.eos_token_id}
    settings["vocab_size"] = max(settings["vocab_size"], len(tokenizer))
    config = AutoConfig.for_model("qwen2", **settings)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder, sum(weight.numel() for weight in model.parameters())


def rows_per_pack(base: Path, recipe: Recipe) -> int:
    """Return the mean number of rows per pack; 1 if rows are not packed."""
    if not recipe.packing:
        return 1
    sample = tokenize_rows(base, random_rows(64), recipe).input_ids
    return max(1, recipe.max_length * len(sample) // sum(map(len, sample)))


def random_rows(count: int) -> list[dict[str, Any]]:
    """Return rows of code with a few hundred tokens, like the published data."""
    made = datasets.get("insecure").rows(count, 0)
    return [
        {"messages": [row["messages"][0], {**row["messages"][-1], "content": row["messages"][-1]["content"] * 4}]}
        for row in made
    ]


if __name__ == "__main__":
    sys.exit(main())
