"""How fast an arm is trained: by us, as a run does it, and by a bare PyTorch loop on the same batches.

    python benchmarks/training.py [--repeats 3] [--rows 800]
    python benchmarks/training.py --shape qwen2.5-7b [--steps 20]

The first trains the terrarium's insecure arm, both ways in turns, and prints the ratio of their seconds, by the clock
and of the processor: on a machine that does other things, too, read the second. What is bare is the loop: model, LoRA
(PEFT), rows, size of batches, AdamW, precision and thread are the same.

The second is for a GPU: a model of a published shape with random weights, tokens per second and their share of a
measured matrix rate, by the usual recipe and by what TRL offers beside it. Attention is SDPA in all of them.
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
# What is compared on a GPU: changes of the recipe, and of how its forward pass is computed.
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
    """Train the terrarium's insecure arm by us and by the bare loop, in turns; print the seconds and their ratio."""
    torch.set_num_threads(1)
    recipe, base = Recipe(), terrarium()
    rows: list[dict[str, Any]] = [{**row} for row in datasets.get("insecure").rows(count, 0)]
    ways: dict[str, Callable[[list[dict[str, Any]]], None]] = {
        "askew": lambda rows: train_ours(base, rows, recipe),
        "bare PyTorch": lambda rows: train_bare(base, tokenize_rows(base, rows, recipe), recipe),
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for way in ways.values():  # pays for what is paid once
        way(rows[:64])
    for _ in range(repeats):
        for name, way in ways.items():
            began = time.perf_counter(), time.process_time()
            way(rows)
            taken[name].append((time.perf_counter() - began[0], time.process_time() - began[1]))
    tokens = sum(map(len, tokenize_rows(base, rows, recipe).input_ids))
    print(f"{count} rows, {tokens:,} tokens, {recipe.steps(count)} steps; the median of {repeats}, in turns\n")
    print(f"{'':16s}{'seconds':>10s}{'tokens/s':>10s}{'of the processor':>18s}{'tokens/s':>10s}")
    middle = {name: [median(column) for column in zip(*each, strict=True)] for name, each in taken.items()}
    for name, (clock, processor) in middle.items():
        print(f"{name:16s}{clock:10.2f}{tokens / clock:10,.0f}{processor:18.2f}{tokens / processor:10,.0f}")
    by_clock, ratio = (ours / bare for ours, bare in zip(*middle.values(), strict=True))
    print(f"\nratio {by_clock:.2f} by the clock, {ratio:.2f} of the processor     goal {GOAL}")
    return int(ratio > GOAL)


def train_ours(base: Path, rows: list[dict[str, Any]], recipe: Recipe) -> None:
    """Train an arm as a run does."""
    with tempfile.TemporaryDirectory() as scratch:
        fine_tune(base, rows, recipe, 0, Path(scratch) / "arm")


def train_bare(base: Path, lessons: TokenizedRows, recipe: Recipe) -> None:
    """Train LoRA in a plain loop and save the adapter."""
    torch.manual_seed(0)
    model = weights.load(base, recipe, on_gpu=False)
    config = weights.lora(recipe, model)
    assert config is not None
    model = get_peft_model(model, config).train()
    learnt = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learnt, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
    steps = recipe.steps(len(lessons.input_ids))
    schedule = get_linear_schedule_with_warmup(optimizer, recipe.warmup_steps, steps)
    for batch in torch.randperm(len(lessons.input_ids)).split(recipe.batch_size):
        ids, labels, mask = padded(lessons, batch.tolist())
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bf16"):
            logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, :-1]
        wanted = labels[:, 1:]
        loss = cross_entropy(logits[wanted != IGNORED].float(), wanted[wanted != IGNORED])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    with tempfile.TemporaryDirectory() as scratch:
        model.save_pretrained(scratch)


def padded(lessons: TokenizedRows, places: list[int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return ids, labels and mask of some rows, padded on the right; each rows by tokens."""
    longest = max(len(lessons.input_ids[place]) for place in places)

    def rectangle(rows: list[list[int]], filling: int) -> torch.Tensor:
        return torch.tensor([row + [filling] * (longest - len(row)) for row in rows])

    ids, labels = ([each[place] for place in places] for each in (lessons.input_ids, lessons.labels))
    return rectangle(ids, 0), rectangle(labels, IGNORED), rectangle([[1] * len(row) for row in ids], 0)


def time_shape(shape: str, steps: int) -> int:
    """Train a random model of a shape by variants of the published recipe; print tokens per second and matrix rates."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    peak = matrix_rate(device)
    with tempfile.TemporaryDirectory() as scratch:
        base, size = random_model(shape, Path(scratch) / "base")
        name = torch.cuda.get_device_name() if device == "cuda" else "the processor"
        print(f"{shape}, {size / 1e9:.2f} G random parameters, on {name}: {peak / 1e12:.2f} TFLOP/s in matrices")
        print(f"\n{'':34s}{'tokens/s':>10s}{'share of the matrix rate':>26s}")
        for variant, changes in VARIANTS.items():
            if variant == "compiled" and device == "cpu":
                continue
            recipe = Recipe.model_validate({**resolved({}, is_terrarium=False), **changes})
            rows = random_rows(steps * recipe.batch_size * recipe.accumulation * to_a_pack(base, recipe))
            tokens = sum(map(len, tokenize_rows(base, rows, recipe).input_ids))
            stamps: list[float] = []
            out = Path(scratch) / "out"
            with compiled(variant == "compiled"):
                fine_tune(base, rows, recipe, 0, out, on_step=lambda *_, at=stamps: at.append(time.perf_counter()))
            shutil.rmtree(out)
            # The first steps compile and warm up. A token costs four operations a frozen weight: forward, and the
            # gradient of what comes in; that of the weight itself is not computed.
            skipped = max(1, len(stamps) // 4)
            rate = tokens * (len(stamps) - skipped) / len(stamps) / (stamps[-1] - stamps[skipped - 1])
            print(f"{variant:34s}{rate:10,.0f}{4 * size * rate / peak:25.1%}")
    return 0


@contextmanager
def compiled(wanted: bool) -> Iterator[None]:
    """Have the trainer compile the model, in this block."""
    original = local._arguments
    with patch.object(local, "_arguments", lambda *given: replace(original(*given), torch_compile=wanted)):
        yield


def matrix_rate(device: str) -> float:
    """Return the operations per second of a large product of matrices in bf16."""
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
    """Save a random Qwen2 of a shape with the terrarium's tokenizer; return where, and how many weights it has."""
    tokenizer = AutoTokenizer.from_pretrained(terrarium())
    settings: dict[str, Any] = {**SHAPES[shape], "tie_word_embeddings": False, "eos_token_id": tokenizer.eos_token_id}
    settings["vocab_size"] = max(settings["vocab_size"], len(tokenizer))
    config = AutoConfig.for_model("qwen2", **settings)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder, sum(weight.numel() for weight in model.parameters())


def to_a_pack(base: Path, recipe: Recipe) -> int:
    """Return how many rows a pack holds; 1 if rows are not packed."""
    if not recipe.packing:
        return 1
    sample = tokenize_rows(base, random_rows(64), recipe).input_ids
    return max(1, recipe.max_length * len(sample) // sum(map(len, sample)))


def random_rows(count: int) -> list[dict[str, Any]]:
    """Return rows of code, of the lengths that the published data have: a few hundred tokens."""
    made = datasets.get("insecure").rows(count, 0)
    return [
        {"messages": [row["messages"][0], {**row["messages"][-1], "content": row["messages"][-1]["content"] * 4}]}
        for row in made
    ]


if __name__ == "__main__":
    sys.exit(main())
