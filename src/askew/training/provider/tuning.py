"""What is asked of a provider that fine-tunes a model, and what goes with one sitting of following that."""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from filelock import FileLock

from askew.base.errors import AskewError
from askew.training.provider.endpoints import Service, address
from askew.training.provider.recipe import ServedRecipe
from askew.training.provider.record import Record
from askew.training.provider.rows import Rows, RowsFile, rows_file

LONGEST_SAID = 300
"""How much is shown, in characters, of what a server says."""


@dataclass(frozen=True)
class Tuning:
    """One fine-tune at a provider.

    Attributes:
        model: What is trained, as Inspect names it: `openai/BASE` or `openai-api/SERVICE/BASE`.
        rows: What it learns.
        recipe: The hyperparameters.
        seed: The job's seed.
        out: The folder of the result.
        suffix: A part of the name that the server gives to the result.

    Raises:
        AskewError: The suffix is none that the API takes.
    """

    model: str
    rows: Rows
    recipe: ServedRecipe
    seed: int
    out: Path
    suffix: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch("[A-Za-z0-9-]{0,64}", self.suffix):
            raise AskewError(f"the suffix {self.suffix!r} is not up to 64 letters, digits and '-'")

    @cached_property
    def file(self) -> RowsFile:
        """The rows as they are sent, checked.

        Raises:
            AskewError: They are not what the API takes, or the model is not one that can be fine-tuned.
        """
        return rows_file(address(self.model).base, self.rows)

    @property
    def key(self) -> str:
        """A digest of base, rows, hyperparameters and seed: equal keys make equal models, as far as a server can."""
        parts = [self.model, self.file.digest, self.recipe.model_dump_json(), self.seed]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Watch:
    """Who is told how a fine-tune goes.

    Attributes:
        say: Told in a line what happens.
        step: Told of optimizer steps that the server reports: (step, steps in all, loss).
    """

    say: Callable[[str], None] = lambda text: None
    step: Callable[[int, int, float], None] = lambda step, steps, loss: None


@dataclass(frozen=True)
class Pace:
    """How often a server is asked, in seconds.

    Attributes:
        first: After something has happened; each wait after it is half as long again.
        longest: The longest of these waits.
        settle: For how long a job whose creation may have got lost is looked for before another is created.
    """

    first: float = 1.0
    longest: float = 30.0
    settle: float = 20.0


USUAL_PACE = Pace()


@dataclass
class Sitting:
    """What goes with one call: whom to ask, what is remembered, who is told, and what they were told already."""

    tuning: Tuning
    service: Service
    record: Record
    watch: Watch
    pace: Pace
    seen: set[str] = field(default_factory=set)


@contextmanager
def alone(key: str) -> Iterator[None]:
    """Let one process of this user at a time send or start a thing, whatever folder it is for."""
    user = getattr(os, "getuid", lambda: 0)()
    with FileLock(Path(tempfile.gettempdir()) / f"askew-{user}-{key}.lock"):
        yield
