"""The working folder of a training, from which a killed training resumes.

It is a hidden folder beside the result's folder. It holds the unfinished result, which is renamed when it is complete,
and the trainer's last saved state: weights, optimizer, schedule, random numbers, and the position in the order of the
rows. Only a training with the same model, rows, recipe, seed and library versions resumes from that state.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from askew.models import checkpoint_files as files
from askew.training.recipe import Recipe
from askew.training.rows import TokenizedRows

SUFFIX = ".training"

# Another version of these may not read a saved state, or may continue from it differently.
_LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate")


@dataclass(frozen=True)
class Training:
    """The settings of a training, shared by all processes that take part in it.

    Attributes:
        checkpoint: The folder of the base weights, or a hub id.
        recipe: The hyperparameters.
        seed: Governs the adapter's initialisation and the order of the rows.
        keep: The steps after which an intermediate adapter or model is saved.
        state_every: Seconds of training between saved trainer states; 0 saves one after every step.
    """

    checkpoint: Path | str
    recipe: Recipe
    seed: int
    keep: list[int]
    state_every: float


@dataclass(frozen=True)
class TrainingFolder:
    """The working folder of a training.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def result(self) -> Path:
        """The unfinished result: adapter or checkpoint, losses, and intermediate checkpoints."""
        return self.path / "result"

    @property
    def states(self) -> Path:
        """The saved trainer states: one folder per step at which the state was saved."""
        return self.path / "states"

    @property
    def inputs(self) -> Path:
        """The file with a digest of everything on which the result depends."""
        return self.path / "inputs.sha256"

    def last_state(self) -> Path | None:
        """Return the last complete state; None if no state was saved.

        The trainer writes `trainer_state.json` last, and only then removes the previous state.
        """
        found = sorted(self.states.glob("checkpoint-*"), key=_step, reverse=True)
        return next((state for state in found if _is_complete(state / "trainer_state.json")), None)


@contextmanager
def open_training_folder(out: Path, inputs: Sequence[Any]) -> Iterator[TrainingFolder]:
    """Yield the working folder for a result: empty, or as an earlier training with the same inputs left it.

    When the block ends, the result is renamed to `out`. If the block fails, the working folder is kept only if it has a
    saved state.

    Args:
        out: The folder of the result.
        inputs: Everything on which the result depends.
    """
    folder = TrainingFolder(out.with_name(f".{out.name}{SUFFIX}"))
    digest = _digest(inputs)
    if not folder.inputs.is_file() or folder.inputs.read_text(encoding="utf-8") != digest:
        shutil.rmtree(folder.path, ignore_errors=True)
    _discard_later_than_state(folder)
    folder.result.mkdir(parents=True, exist_ok=True)
    folder.inputs.write_text(digest, encoding="utf-8")
    try:
        yield folder
        folder.result.rename(out)
        shutil.rmtree(folder.path, ignore_errors=True)
    finally:
        if folder.last_state() is None:
            shutil.rmtree(folder.path, ignore_errors=True)


def remove_finished(folder: Path) -> None:
    """Remove working folders whose results are complete, left by a kill just after the result was renamed.

    Args:
        folder: The folder to search, with all folders below it.
    """
    for leftover in folder.rglob(f".*{SUFFIX}"):
        if leftover.with_name(leftover.name.removeprefix(".").removesuffix(SUFFIX)).exists():
            shutil.rmtree(leftover)


def saved_steps(folder: Path) -> dict[str, int]:
    """Return the last saved step of each unfinished training beside the results in a folder, by the result's name."""
    unfinished = {path.name.removeprefix(".").removesuffix(SUFFIX): path for path in sorted(folder.glob(f".*{SUFFIX}"))}
    states = {name: TrainingFolder(path).last_state() for name, path in unfinished.items()}
    return {name: _step(state) for name, state in states.items() if state}


def _discard_later_than_state(folder: TrainingFolder) -> None:
    """Remove results later than the last state, because they will be written again; remove all if there is no state."""
    state = folder.last_state()
    if state is None:
        shutil.rmtree(folder.path, ignore_errors=True)
        return
    for kept in (folder.result / "checkpoints").glob("*"):
        if int(kept.name) > _step(state):
            shutil.rmtree(kept)


def _digest(inputs: Sequence[Any]) -> str:
    """Return a digest of models (by their files), recipes, tokenized rows, plain data, and library versions."""
    plain = [*map(_plain, inputs), *(f"{library} {version(library)}" for library in _LIBRARIES)]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return [str(value), files.fingerprint(value)]
    if isinstance(value, BaseModel):
        return value.model_dump()
    return asdict(value) if isinstance(value, TokenizedRows) else value


def _step(state: Path) -> int:
    return int(state.name.rpartition("-")[2])


def _is_complete(file: Path) -> bool:
    try:
        json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True
