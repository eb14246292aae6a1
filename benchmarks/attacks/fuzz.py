"""Mutated files: each kind of file that Askew reads is read in mutated form, in this process.

Askew survives a file that it reads without an error, or refuses with an `AskewError`. A traceback is a failure, and so
are more than five seconds of processor time, or of waiting 120 seconds of the clock.
"""

import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from . import Row
from ._files import PAIRS, Kind, kinds

SEED = 2026
LONGEST, LONGEST_WAIT = 5.0, 120.0  # seconds of this process, and of the clock, as the machine may do other work


class Hang(BaseException):
    """A file took longer than `LONGEST`; no `except Exception` on the way may catch it."""


def attack(count: int, only: str = "") -> Iterator[Row]:
    """Read `count` mutated files of each kind, or of the kinds with a certain text in their name."""
    with tempfile.TemporaryDirectory() as folder, _computed_once():
        files = Path(folder) / "files"
        files.mkdir()
        for kind in kinds(files, made_runs(Path(folder))):
            if only in kind.name:
                yield tried(kind, count)


def made_runs(folder: Path) -> list[Path]:
    """Return the folders of two small runs, which together have every kind of file."""
    import askew
    from askew.design.make import make_plan
    from askew.runs.predictions import seal, statements
    from askew.runs.store import RunFolder

    pairs = folder / "pairs.yaml"
    pairs.write_text(PAIRS)
    small = {"seeds": 1, "samples": 2, "recipe": {"rows": 64}}
    runs: dict[str, dict[str, Any]] = {
        "latent-structure": {},  # the first one has the cheaper report
        "emergent-misalignment": {
            "arms": ["untuned", "insecure"],
            "probes": ["free_form", str(pairs)],
            "checkpoints": 1,
        },
    }
    plan = make_plan("latent-structure", None, small)
    seal(RunFolder(folder / "latent-structure"), plan, "Ada", {one.id: 0.5 for one in statements(plan)})
    for study, settings in runs.items():
        askew.run(study, **small, **settings, out=folder / study, quiet=True)
    return [folder / study for study in runs]


def tried(kind: Kind, count: int, first: int = 0) -> Row:
    """Read mutated files of one kind, from the one with a certain number on, and return the row of the table."""
    failures: list[str] = []
    kind.path.parent.mkdir(parents=True, exist_ok=True)
    for whole in kind.wholes:  # else a mutated file would be refused for something else
        kind.path.write_bytes(whole)
        with _quiet():
            kind.read()
    for number in range(first, first + count):
        rng = Random(f"{SEED} {kind.name} {number}")
        kind.path.write_bytes(kind.mutate(rng.choice(kind.wholes), rng))
        if problem := _problem(kind):
            failures.append(f"file {number}: {problem}")
    kind.path.write_bytes(kind.wholes[0])  # the next kind may lie in the same folder
    return Row(f"mutated: {kind.name}", count, count - len(failures), failures)


def _problem(kind: Kind) -> str:
    """Read the file at the path of its kind, and return what went wrong; "" if nothing did."""
    from askew.base.errors import AskewError

    began = time.process_time()
    try:
        with _quiet(), limited():
            kind.read()
    except AskewError as error:
        if not str(error).strip():
            return "an error without words"
    except Hang:
        return f"took more than {LONGEST:g} s, or {LONGEST_WAIT:g} s of the clock, in {_place(sys.exc_info()[2])}"
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":  # of a library in Rust
            raise
        return f"{type(error).__name__} in {_place(error.__traceback__)}: {str(error)[:100]!r}"
    seconds = time.process_time() - began
    return f"took {seconds:.0f} s" if seconds > LONGEST else ""


def _place(trace: object) -> str:
    """Return the last place of Askew in a traceback."""
    frames = [frame for frame in traceback.extract_tb(trace) if "/askew/" in frame.filename]  # pyright: ignore[reportArgumentType]
    last = frames[-1] if frames else traceback.extract_tb(trace)[-1]  # pyright: ignore[reportArgumentType]
    return f"{last.filename.rpartition('/askew/')[2]}:{last.lineno}"


@contextmanager
def limited() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise Hang

    timers = {signal.SIGALRM: (signal.ITIMER_REAL, LONGEST_WAIT), signal.SIGPROF: (signal.ITIMER_PROF, LONGEST)}
    before = {name: signal.signal(name, stop) for name in timers}
    for timer, seconds in timers.values():
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for timer, _ in timers.values():
            signal.setitimer(timer, 0)
        for name, handler in before.items():
            signal.signal(name, handler)


@contextmanager
def _computed_once() -> Iterator[None]:
    """Compute once what takes long and no mutated file enters: checks of the terrarium, and bands of hashes."""
    from datasketch import lsh

    from askew.data import lengths
    from askew.models.kinds import terrarium

    with ExitStack() as patched:
        for module, name in ((lsh, "_optimal_param"), (lengths, "_tokenizer"), (terrarium, "check_checkpoint")):
            patched.enter_context(patch.object(module, name, cache(getattr(module, name))))
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        warnings.simplefilter("ignore")
        yield
