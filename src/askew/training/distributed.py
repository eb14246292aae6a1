"""Training in several processes (DDP, FSDP or DeepSpeed), as configured by an Accelerate config file.

`accelerate launch` starts the processes, and each runs `askew.training.distributed_worker`. The first one reports its
progress as JSON lines on standard output.
"""

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.training.accelerate_config import GPUS
from askew.training.recipe import Recipe
from askew.training.rows import TokenizedRows
from askew.training.training_folder import Training, TrainingFolder

_TRAINING, _LESSONS = "training.json", "lessons.json"


def train(
    training: Training,
    lessons: TokenizedRows,
    workplace: TrainingFolder,
    on_step: Callable[[int, int, float], None] | None,
) -> None:
    """Train in several processes; see `local.train`.

    Raises:
        AskewError: One of them refused.
        OSError: The disk did.
        RuntimeError: They failed; the message has the last lines they printed.
    """
    assert training.recipe.accelerate
    (workplace.folder / _LESSONS).write_text(json.dumps(asdict(lessons)), encoding="utf-8")
    plain = {**asdict(training), "checkpoint": str(training.checkpoint), "recipe": training.recipe.model_dump()}
    plain["on_disk"] = isinstance(training.checkpoint, Path)
    (workplace.folder / _TRAINING).write_text(json.dumps(plain), encoding="utf-8")
    launcher = [sys.executable, "-m", "accelerate.commands.accelerate_cli", "launch", "--main_process_port", "0"]
    config = str(Path(training.recipe.accelerate).expanduser())
    started = subprocess.Popen(
        [*launcher, "--config_file", config, "-m", "askew.training.distributed_worker", str(workplace.folder)],
        stdin=subprocess.PIPE,  # kept open and empty: when it ends, so do they
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **({"CUDA_VISIBLE_DEVICES": os.environ[GPUS]} if GPUS in os.environ else {})},
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    _follow(started, on_step)


def read_training(folder: Path) -> tuple[Training, TokenizedRows]:
    """Return what a process that was launched is to do, from its workplace."""
    plain: dict[str, Any] = json.loads((folder / _TRAINING).read_text(encoding="utf-8"))
    if plain.pop("on_disk"):
        plain["checkpoint"] = Path(plain["checkpoint"])
    training = Training(**{**plain, "recipe": Recipe.model_validate(plain["recipe"])})
    return training, TokenizedRows(**json.loads((folder / _LESSONS).read_text(encoding="utf-8")))


def _follow(started: "subprocess.Popen[str]", on_step: Callable[[int, int, float], None] | None) -> None:
    """Pass on what the processes tell, to their end; none is left when this ends, however it does."""
    assert started.stdout
    assert started.stderr
    printed: deque[str] = deque(maxlen=40)
    listener = threading.Thread(target=printed.extend, args=(started.stderr,), daemon=True)
    listener.start()
    try:
        for line in started.stdout:
            told = _told(line)
            if told.get("event") == "step" and on_step:
                on_step(told["step"], told["steps"], told["loss"])
            elif told.get("event") == "refused":
                raise AskewError(told["message"])
            elif told.get("event") == "disk":
                raise OSError(told["errno"], told["reason"])
        if started.wait() != 0:
            listener.join(timeout=5)
            raise RuntimeError(f"training by `accelerate launch` failed:\n{''.join(printed)}")
    finally:
        assert started.stdin
        started.stdin.close()
        started.wait()


def _told(line: str) -> dict[str, Any]:
    """Return what a line of standard output tells; nothing, if it is a library's."""
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
