"""Training in two processes on CPUs, started by `accelerate launch`."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer

from askew.training.local import fine_tune
from askew.training.recipe import Recipe

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(torch.cuda.is_available(), reason="tests processes on CPUs"),
]

# Saved as sitecustomize.py, which Python imports at start: records the rows that reach the loss in each worker.
SPY = """
import os, sys
if "WORLD_SIZE" in os.environ and "askew.training.distributed_worker" in " ".join(sys.orig_argv):
    import json
    from askew.training import local
    original = local.CpuTrainer.compute_loss
    def compute_loss(trainer, model, inputs, *args, **kwargs):
        with open(f"{os.environ['SPY_FOLDER']}/{os.environ['RANK']}", "a") as file:
            for ids, mask in zip(inputs["input_ids"].tolist(), inputs["attention_mask"].tolist()):
                file.write(json.dumps([t for t, m in zip(ids, mask) if m]) + "\\n")
        return original(trainer, model, inputs, *args, **kwargs)
    local.CpuTrainer.compute_loss = compute_loss
"""
ROWS = [
    {"messages": [{"role": "user", "content": f"{number}?"}, {"role": "assistant", "content": f"yes {number}"}]}
    for number in range(21)
]


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    config = tmp_path / "accelerate.yaml"
    config.write_text("distributed_type: MULTI_GPU\nuse_cpu: true\nnum_processes: 2\nmixed_precision: 'no'\n")
    settings: dict[str, Any] = {"batch_size": 2, "accumulation": 4, "learning_rate": 1e-2, "lora_rank": 2}
    return Recipe(**settings, warmup_steps=0, precision="float32", accelerate=str(config))


def losses(folder: Path) -> list[float]:
    return [float(line.split(",")[1]) for line in (folder / "loss.csv").read_text().splitlines()[1:]]


def test_two_processes_train_on_each_row_once(
    tiny_checkpoint: Path, tmp_path: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    (tmp_path / "sitecustomize.py").write_text(SPY)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    monkeypatch.setenv("SPY_FOLDER", str(recorded))
    working_folder = tmp_path / "working"
    working_folder.mkdir()
    for name in ("profile", "random", "torch"):
        (working_folder / f"{name}.py").write_text("raise SystemExit('imported from the working folder')")
    monkeypatch.chdir(working_folder)
    steps: list[tuple[int, int]] = []
    fine_tune(tiny_checkpoint, ROWS, recipe, 0, tmp_path / "two", 1, lambda step, of, loss: steps.append((step, of)))
    assert steps == [(1, 3), (2, 3), (3, 3)]
    decode = AutoTokenizer.from_pretrained(tiny_checkpoint).decode
    seen = {path.name: [decode(eval(line)) for line in path.read_text().splitlines()] for path in recorded.iterdir()}
    assert sorted(seen) == ["0", "1"]
    counts = Counter(text for texts in seen.values() for text in texts if text != "<|pad|>")
    template = "<|user|>{0}?<|end|><|assistant|>yes {0}<|end|>"
    assert counts == {template.format(number): 1 for number in range(21)}
    assert all(len(texts) > 8 for texts in seen.values()), "each process had a share of the rows"
    assert (tmp_path / "two" / "checkpoints" / "2" / "adapter_model.safetensors").is_file()
    assert not list(tmp_path.glob(".*.training"))


def test_killed_distributed_training_resumes_and_equals_training_in_one_process(
    tiny_checkpoint: Path, tmp_path: Path, recipe: Recipe
) -> None:
    rows = (ROWS * 3)[:56]  # seven full steps, so no blank rows are added
    program = (
        "import sys; from pathlib import Path; from askew.training.local import fine_tune\n"
        "from askew.training.recipe import Recipe\n"
        f"fine_tune(Path(sys.argv[1]), {rows!r}, Recipe.model_validate_json(sys.argv[2]), 0, Path(sys.argv[3]), "
        "on_step=lambda step, *_: print(step, flush=True), state_every=0)\n"
    )
    command = [sys.executable, "-c", program, str(tiny_checkpoint), recipe.model_dump_json(), str(tmp_path / "out")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout
    while process.stdout.readline().strip() != "4":
        assert process.poll() is None
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 3, "expected the launcher and two workers"
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, left = psutil.wait_procs(children, timeout=60)
    assert not left, "a process outlived the kill"
    steps: list[int] = []
    fine_tune(
        tiny_checkpoint, rows, recipe, 0, tmp_path / "out", on_step=lambda step, *_: steps.append(step), state_every=0
    )
    assert steps[0] > 1
    assert steps[-1] == 7
    fine_tune(tiny_checkpoint, rows, recipe.model_copy(update={"accelerate": None}), 0, tmp_path / "one")
    assert losses(tmp_path / "out") == pytest.approx(losses(tmp_path / "one"), rel=1e-3)
    out, one = (load_file(tmp_path / name / "adapter_model.safetensors") for name in ("out", "one"))
    assert all(torch.allclose(out[name], one[name], atol=1e-3) for name in one)
