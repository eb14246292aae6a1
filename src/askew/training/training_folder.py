"""The working folder of a training, from which a killed training resumes.

It is a hidden folder beside the result's folder. It holds the unfinished result, which is renamed when it is complete,
and the trainer's last saved state: weights, optimizer, schedule, random numbers, and the position in the order of the
rows. Only a training with the same model, rows, recipe, seed and library versions resumes from that state.

The trainer does not flush a state to the disk, so a power failure can leave a part of it. A state counts once it is
flushed and has its seal, a file with the digests of all that a resumed training would use.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from askew.base import json_text
from askew.base.atomic import flush, make_folder, put_in_place, whole_file
from askew.base.product_record import digest
from askew.models import checkpoint_files as files
from askew.training.recipe import Recipe
from askew.training.trackers import NO_TRACKING, Tracking

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
        tracking: The trackers that are told the losses.
    """

    checkpoint: Path | str
    recipe: Recipe
    seed: int
    keep: list[int]
    state_every: float
    tracking: Tracking = NO_TRACKING


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
        """Return the last state with a seal; None if no state was saved."""
        found = sorted(self.states.glob("checkpoint-*"), key=_step, reverse=True)
        return next((state for state in found if _seal(state).is_file()), None)

    def keep_state(self, step: int) -> None:
        """Seal the state that the trainer saved at a step, and remove older ones.

        Raises:
            OSError: The disk is full or read-only.
        """
        state = self.states / f"checkpoint-{step}"
        flush(self.path)
        with whole_file(_seal(state)) as unfinished:
            unfinished.write_text(json.dumps(self._contents(state)), encoding="utf-8")
        for older in self.states.glob("checkpoint-*"):
            if older != state:
                _remove(older)

    def discard_damaged(self) -> None:
        """Remove states that are not as their seal says, and states without one."""
        for state in self.states.glob("checkpoint-*"):
            try:
                sealed = json_text.parse(_seal(state).read_text(encoding="utf-8"))
            except (OSError, ValueError):
                sealed = None
            if sealed != self._contents(state):
                _remove(state)

    def _contents(self, state: Path) -> dict[str, str]:
        """Return the digests of a state, and of the intermediate checkpoints until then."""
        kept = [path for path in (self.result / "checkpoints").glob("*") if int(path.name) <= _step(state)]
        return {path.name: digest(path) for path in (state, *kept)}


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
    now = _digest(inputs)
    if not folder.inputs.is_file() or folder.inputs.read_text(encoding="utf-8", errors="replace") != now:
        shutil.rmtree(folder.path, ignore_errors=True)
    folder.discard_damaged()
    _discard_later_than_state(folder)
    make_folder(folder.result)
    with whole_file(folder.inputs) as unfinished:
        unfinished.write_text(now, encoding="utf-8")
    try:
        yield folder
        put_in_place(folder.result, out)
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
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _step(state: Path) -> int:
    return int(state.name.rpartition("-")[2])


def _seal(state: Path) -> Path:
    """Return the file that seals a state, beside it."""
    return state.with_name(f"{state.name.replace('checkpoint', 'seal')}.json")


def _remove(state: Path) -> None:
    _seal(state).unlink(missing_ok=True)
    shutil.rmtree(state, ignore_errors=True)
