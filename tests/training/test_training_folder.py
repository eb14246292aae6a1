"""A killed training resumes from its last saved state and gives the same result as an uninterrupted one."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from askew.training.local import fine_tune
from askew.training.recipe import Recipe
from askew.training.training_folder import remove_finished

ROWS = [
    {"messages": [{"role": "user", "content": f"{number}?"}, {"role": "assistant", "content": f"yes {number}"}]}
    for number in range(26)
]
RECIPES = {
    "lora": Recipe(batch_size=4, learning_rate=1e-2, lora_rank=2, lora_dropout=0.2, epochs=2, warmup_steps=2),
    "full": Recipe(batch_size=2, accumulation=2, learning_rate=1e-3, method="full", epochs=2, schedule="cosine"),
}
SCRIPT = """
import json, os, signal, sys
from pathlib import Path
from askew.training.local import fine_tune
from askew.training.recipe import Recipe
checkpoint, rows, recipe, out, last = sys.argv[1:]
def on_step(step, steps, loss):
    if step == int(last):
        os.kill(os.getpid(), signal.SIGKILL)
rows = json.loads(Path(rows).read_text())
fine_tune(Path(checkpoint), rows, Recipe.model_validate_json(recipe), 3, Path(out), 3, on_step, state_every=0)
"""


def train_and_kill(step: int, checkpoint: Path, recipe: Recipe, out: Path) -> None:
    """Train in a separate process that saves its state after every step, and kill the process at a step."""
    rows = out.with_suffix(".json")
    rows.write_text(json.dumps(ROWS))
    arguments = [str(checkpoint), str(rows), recipe.model_dump_json(), str(out), str(step)]
    done = subprocess.run([sys.executable, "-c", SCRIPT, *arguments], check=False, capture_output=True)
    rows.unlink()
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert not out.exists()


@pytest.fixture(scope="module")
def killed(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files that a training of `out` left when it was killed at step 6."""
    folder = tmp_path_factory.mktemp("killed")
    train_and_kill(6, tiny_checkpoint, RECIPES["lora"], folder / "out")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file except `adapter_config.json`, where PEFT lists modules in a random order."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "adapter_config.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lora", "full"])
def test_killed_training_equals_an_uninterrupted_one(tiny_checkpoint: Path, tmp_path: Path, method: str) -> None:
    recipe, out, steps = RECIPES[method], tmp_path / "killed", list[int]()
    fine_tune(tiny_checkpoint, ROWS, recipe, 3, tmp_path / "undisturbed", 3)
    train_and_kill(5, tiny_checkpoint, recipe, out)
    train_and_kill(9, tiny_checkpoint, recipe, out)  # in the second epoch
    fine_tune(tiny_checkpoint, ROWS, recipe, 3, out, 3, lambda step, *_: steps.append(step))
    assert steps == list(range(9, 15)), "did not resume after the last saved state"
    assert contents(out) == contents(tmp_path / "undisturbed")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["killed", "undisturbed"]


@pytest.mark.slow
@pytest.mark.parametrize("other", ["rows", "recipe", "seed"])
def test_state_of_another_training_is_not_used(tiny_checkpoint: Path, killed: Path, tmp_path: Path, other: str) -> None:
    recipe, seed, rows = RECIPES["lora"], 3, ROWS
    shutil.copytree(killed, tmp_path, dirs_exist_ok=True)
    assert (tmp_path / ".out.training").is_dir()
    if other == "rows":
        rows = [*ROWS[:-1], ROWS[0]]
    recipe = recipe.model_copy(update={"learning_rate": 2e-2}) if other == "recipe" else recipe
    steps: list[int] = []
    fine_tune(
        tiny_checkpoint,
        rows,
        recipe,
        4 if other == "seed" else seed,
        tmp_path / "out",
        3,
        lambda s, *_: steps.append(s),
    )
    assert steps[0] == 1


@pytest.mark.slow
def test_incomplete_state_is_ignored(tiny_checkpoint: Path, killed: Path, tmp_path: Path) -> None:
    shutil.copytree(killed, tmp_path, dirs_exist_ok=True)
    [state] = (tmp_path / ".out.training" / "states").glob("checkpoint-*")
    assert state.name == "checkpoint-5"
    incomplete = state.with_name("checkpoint-6")
    incomplete.mkdir()
    (incomplete / "trainer_state.json").write_text('{"global_step": ')
    steps: list[int] = []
    fine_tune(tiny_checkpoint, ROWS, RECIPES["lora"], 3, tmp_path / "out", 3, lambda s, *_: steps.append(s))
    assert steps[0] == 6


def test_short_training_saves_no_state(tiny_checkpoint: Path, tmp_path: Path) -> None:
    states: list[Any] = []

    def look(step: int, steps: int, loss: float) -> None:
        states.extend((tmp_path / ".out.training").rglob("optimizer.pt"))

    fine_tune(tiny_checkpoint, ROWS, RECIPES["lora"], 3, tmp_path / "out", on_step=look)
    assert states == []


def test_working_folders_of_finished_trainings_are_removed(tmp_path: Path) -> None:
    for name in ("done", ".done.training", ".under-way.training"):
        (tmp_path / "models" / name).mkdir(parents=True)
    remove_finished(tmp_path)
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == [".under-way.training", "done"]
