"""Estimates how long work takes on this machine.

The terrarium's speed is known. The speed of another local model is measured once, by a process that trains and samples
a few tokens; the result is kept in the user's cache.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from askew.base.atomic import whole_file
from askew.base.errors import AskewError
from askew.base.json_objects import read_object
from askew.design.plan import Plan
from askew.models.checkpoint_files import fingerprint
from askew.models.gguf_files import cache
from askew.runs.memory_needed import tokens_of, weights_of
from askew.runs.pool import gpus

# Smaller models are so fast that measuring them takes longer than it is worth.
_LEAST_BYTES = 50e6
# Most answers end before their limit.
_SHARE_OF_LIMIT = 0.8
# A given answer is a sentence, and reading it has no backward pass.
_TOKENS_OF_A_GIVEN_ANSWER, _FORWARD_ONLY = 18, 2.5
_SECONDS_TO_MEASURE = 120
# Another number for each way of training or asking, so that speeds of earlier ways are measured again.
_WAY = 2


@dataclass(frozen=True)
class Speed:
    """The speed of one core with a model, in tokens per second.

    Attributes:
        trained: Tokens of training rows.
        sampled: Tokens of answers that are sampled together.
    """

    trained: float
    sampled: float


@dataclass(frozen=True)
class Pace:
    """The time that the work of a run takes on one core.

    Attributes:
        row: Seconds for one training row, once.
        answer: Seconds for one answer, with its share of the judging by the terrarium's judge.
        given: Seconds for reading one given answer.
        step: Seconds for a training step besides its rows, which counts where the model is small.
    """

    row: float
    answer: float
    given: float = 0.002
    step: float = 0.0


TERRARIUM_PACE = Pace(row=0.004, answer=0.01, step=0.13)
"""Measured on a laptop of 2024, and for small batches on a machine like it."""


def pace_of(plan: Plan, rows: Path, say: Callable[[str], None]) -> Pace | None:
    """Return the pace of a plan's model; None for served models, small ones, models of the hub, and on GPUs.

    Without a model it is that of a laptop, which then only says how long other work takes.

    Args:
        plan: The plan.
        rows: The folder of training rows, whose lengths count.
        say: Shows the user a line before the model is measured.
    """
    if plan.model.is_terrarium or not plan.study.has_model:
        return TERRARIUM_PACE
    checkpoint = plan.model.checkpoint
    if gpus() or not isinstance(checkpoint, Path) or weights_of(checkpoint) < _LEAST_BYTES:
        return None
    speed = _measured(checkpoint, lambda: say(f"  timing {plan.design.model} on this machine, once"))
    if speed is None:
        return None
    return Pace(
        row=tokens_of(rows).mean / speed.trained,
        answer=_SHARE_OF_LIMIT * plan.design.max_tokens / speed.sampled,
        given=_TOKENS_OF_A_GIVEN_ANSWER / (_FORWARD_ONLY * speed.trained),
    )


def asked_in(checkpoint: Path | str | None) -> str:
    """Return the number format of the matrix products with which a model is asked, "bf16" or "float32".

    It is "" for small models, which are asked in float32 always, on GPUs, and for models that are not on this disk.
    """
    if gpus() or not isinstance(checkpoint, Path) or weights_of(checkpoint) < _LEAST_BYTES:
        return ""
    from askew.models.number_format import asking_format

    return asking_format(checkpoint)


def _measured(checkpoint: Path, announce: Callable[[], None]) -> Speed | None:
    """Return the speed of a model from the cache, or after measuring it; None if it cannot be measured."""
    kept = cache().parent / "speeds.json"
    made_of = (_WAY, fingerprint(checkpoint), version("torch"), os.cpu_count())
    key = hashlib.sha256(repr(made_of).encode()).hexdigest()[:16]
    try:
        known = read_object(kept) if kept.exists() else {}
    except AskewError:  # only a cache
        known = {}
    if isinstance(found := known.get(key), dict) and found.keys() == {"trained", "sampled"}:
        return Speed(**found)
    announce()
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "askew.runs.measure_speed", str(checkpoint)],
            capture_output=True,
            text=True,
            check=True,
            timeout=_SECONDS_TO_MEASURE,
        )
    except (OSError, subprocess.SubprocessError):  # the work itself says what is wrong, if anything is
        return None
    speed = Speed(**json.loads(done.stdout.splitlines()[-1]))
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(kept) as unfinished:
            unfinished.write_text(json.dumps({**known, key: asdict(speed)}, indent=2), encoding="utf-8")
    except OSError:  # only a cache
        pass
    return speed
