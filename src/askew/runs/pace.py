"""Estimates how long work takes on this machine, and how much memory a worker needs.

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
from askew.base.memory import available
from askew.design.plan import Plan
from askew.models.checkpoint_files import fingerprint
from askew.models.gguf_files import cache
from askew.runs.pool import gpus

GB = 1e9
# Smaller models are so fast that measuring them takes longer than it is worth.
_LEAST_BYTES = 50e6
# Python with PyTorch and the other libraries of a worker, and the states of one batch of training.
_LIBRARIES = 0.8 * GB
_BATCH = 1.0 * GB
_USABLE = 0.9
# An English token has about four characters; a row has some more tokens from the chat template.
_CHARACTERS_PER_TOKEN, _TEMPLATE_TOKENS = 4.0, 20
# Most answers end before their limit.
_SHARE_OF_LIMIT = 0.8
# A given answer is a sentence, and reading it has no backward pass.
_TOKENS_OF_A_GIVEN_ANSWER, _FORWARD_ONLY = 18, 2.5
_SECONDS_TO_MEASURE = 120


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
    """

    row: float
    answer: float
    given: float = 0.002


TERRARIUM_PACE = Pace(row=0.008, answer=0.01)
"""Measured on a laptop of 2024."""


def pace_of(plan: Plan, rows: Path, say: Callable[[str], None]) -> Pace | None:
    """Return the pace of a plan's model; None for served models, small ones, models of the hub, and on GPUs.

    Args:
        plan: The plan.
        rows: The folder of training rows, whose lengths count.
        say: Shows the user a line before the model is measured.
    """
    if plan.model.is_terrarium:
        return TERRARIUM_PACE
    checkpoint = plan.model.checkpoint
    if gpus() or not isinstance(checkpoint, Path) or _weights(checkpoint) < _LEAST_BYTES:
        return None
    speed = _measured(checkpoint, lambda: say(f"  timing {plan.design.model} on this machine, once"))
    if speed is None:
        return None
    return Pace(
        row=_tokens_of_a_row(rows) / speed.trained,
        answer=_SHARE_OF_LIMIT * plan.design.max_tokens / speed.sampled,
        given=_TOKENS_OF_A_GIVEN_ANSWER / (_FORWARD_ONLY * speed.trained),
    )


def memory_of(checkpoint: Path | str | None) -> float:
    """Return about how many bytes a worker takes that trains or asks a local model; 0 if that is not known."""
    if not isinstance(checkpoint, Path):
        return 0.0
    # Weights are loaded in 32 bits, mostly from 16, and an adapter makes a second copy of them.
    return 4 * _weights(checkpoint) + _LIBRARIES + (_BATCH if _weights(checkpoint) >= _LEAST_BYTES else 0)


def workers_in_memory(checkpoint: Path | str | None, wanted: int) -> int:
    """Return how many of the wanted workers fit memory, at least 1."""
    need = memory_of(checkpoint)
    return max(1, min(wanted, int(_USABLE * available() / need))) if need else wanted


def _weights(checkpoint: Path) -> int:
    return sum(file.stat().st_size for file in checkpoint.glob("*.safetensors"))


def _tokens_of_a_row(rows: Path) -> float:
    """Return about how many tokens a row of the files has on average."""
    lengths = [len(line) for file in rows.glob("*.jsonl") for line in file.read_text(encoding="utf-8").splitlines()]
    return _TEMPLATE_TOKENS + sum(lengths) / max(1, len(lengths)) / _CHARACTERS_PER_TOKEN


def _measured(checkpoint: Path, announce: Callable[[], None]) -> Speed | None:
    """Return the speed of a model from the cache, or after measuring it; None if it cannot be measured."""
    kept = cache().parent / "speeds.json"
    key = hashlib.sha256(f"{fingerprint(checkpoint)} {version('torch')} {os.cpu_count()}".encode()).hexdigest()[:16]
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
