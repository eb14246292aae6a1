"""The folder in which a training is under way, and the state from which one that was killed goes on.

It lies beside the folder that is to be written, under a hidden name. It holds the product, which takes its real name
when it is whole, and the last state of the trainer: weights, optimizer, schedule, random numbers and the place in the
order of the rows. A state is used again only by a training of the same model, rows, recipe and seed.
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

# Another version of these need not understand a state, nor go on from it in the same way.
_LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate")


@dataclass(frozen=True)
class Training:
    """The settings of a training, shared by all processes that take part in it.

    Attributes:
        checkpoint: The folder of the base weights, or a hub id.
        recipe: The hyperparameters.
        seed: Governs the adapter's initialisation and the order of the rows.
        keep: The steps after which an adapter or model is saved.
        state_every: Seconds between saved trainer states.
    """

    checkpoint: Path | str
    recipe: Recipe
    seed: int
    keep: list[int]
    state_every: float


@dataclass(frozen=True)
class TrainingFolder:
    """The folder of a training under way.

    Attributes:
        folder: The folder.
    """

    folder: Path

    @property
    def product(self) -> Path:
        """What is being made."""
        return self.folder / "product"

    @property
    def states(self) -> Path:
        """Where the trainer keeps its state, a folder for each step at which it did."""
        return self.folder / "states"

    @property
    def made_of(self) -> Path:
        """The file that says what the training is made of."""
        return self.folder / "made_of.json"

    def last_state(self) -> Path | None:
        """Return the last state that was written to its end; None if there is none.

        The trainer writes `trainer_state.json` last, and removes the state before only then.
        """
        found = sorted(self.states.glob("checkpoint-*"), key=_step, reverse=True)
        return next((state for state in found if _is_whole(state / "trainer_state.json")), None)


@contextmanager
def working_on(out: Path, made_of: Sequence[Any]) -> Iterator[TrainingFolder]:
    """Give the workplace of a folder, as a killed training of the same left it, or empty.

    The product takes its name when the block ends. If it fails, what can be gone on from is kept, and nothing else.

    Args:
        out: The folder to be written.
        made_of: All on which the training depends.
    """
    workplace = TrainingFolder(out.with_name(f".{out.name}{SUFFIX}"))
    digest = _digest(made_of)
    if not workplace.made_of.is_file() or workplace.made_of.read_text(encoding="utf-8") != digest:
        shutil.rmtree(workplace.folder, ignore_errors=True)
    _go_back_to_the_state(workplace)
    workplace.product.mkdir(parents=True, exist_ok=True)
    workplace.made_of.write_text(digest, encoding="utf-8")
    try:
        yield workplace
        workplace.product.rename(out)
        shutil.rmtree(workplace.folder, ignore_errors=True)
    finally:
        if workplace.last_state() is None:
            shutil.rmtree(workplace.folder, ignore_errors=True)


def remove_finished(folder: Path) -> None:
    """Remove workplaces below a folder whose products are there: a kill came between the two."""
    for workplace in folder.rglob(f".*{SUFFIX}"):
        if workplace.with_name(workplace.name.removeprefix(".").removesuffix(SUFFIX)).exists():
            shutil.rmtree(workplace)


def _go_back_to_the_state(workplace: TrainingFolder) -> None:
    """Remove what was written after the last state, for it is written again; all, if there is no state."""
    state = workplace.last_state()
    if state is None:
        shutil.rmtree(workplace.folder, ignore_errors=True)
        return
    for kept in (workplace.product / "checkpoints").glob("*"):
        if int(kept.name) > _step(state):
            shutil.rmtree(kept)


def _digest(made_of: Sequence[Any]) -> str:
    """Return a digest of models (by their files), recipes, lessons and plain data, and of the libraries at work."""
    plain = [*map(_plain, made_of), *(f"{library} {version(library)}" for library in _LIBRARIES)]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()


def _plain(thing: Any) -> Any:
    if isinstance(thing, Path):
        return [str(thing), files.fingerprint(thing)]
    if isinstance(thing, BaseModel):
        return thing.model_dump()
    return asdict(thing) if isinstance(thing, TokenizedRows) else thing


def _step(state: Path) -> int:
    return int(state.name.rpartition("-")[2])


def _is_whole(file: Path) -> bool:
    try:
        json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True
