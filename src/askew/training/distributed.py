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
from askew.training.trackers import Tracking
from askew.training.training_folder import Training, TrainingFolder

_TRAINING, _ROWS = "training.json", "tokenized_rows.json"


def train(
    training: Training,
    tokenized: TokenizedRows,
    folder: TrainingFolder,
    on_step: Callable[[int, int, float], None] | None,
) -> None:
    """Train in several processes; see `local.train`.

    Args:
        training: The settings; the recipe must name an Accelerate config.
        tokenized: The training rows.
        folder: The working folder.
        on_step: Called after every optimizer step with (step, number of steps, loss).

    Raises:
        AskewError: A worker reports that the training cannot be done.
        OSError: A worker reports a full or read-only disk.
        RuntimeError: A worker failed otherwise; the message contains its last output.
    """
    assert training.recipe.accelerate
    (folder.path / _ROWS).write_text(json.dumps(asdict(tokenized)), encoding="utf-8")
    plain = {**asdict(training), "checkpoint": str(training.checkpoint), "recipe": training.recipe.model_dump()}
    plain["on_disk"] = isinstance(training.checkpoint, Path)
    (folder.path / _TRAINING).write_text(json.dumps(plain), encoding="utf-8")
    command = [sys.executable, "-m", "accelerate.commands.accelerate_cli", "launch", "--main_process_port", "0"]
    config = str(Path(training.recipe.accelerate).expanduser())
    launcher = subprocess.Popen(
        [*command, "--config_file", config, "-m", "askew.training.distributed_worker", str(folder.path)],
        stdin=subprocess.PIPE,  # kept open without input: the workers exit when it closes
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    _follow(launcher, on_step)


def _environment() -> dict[str, str]:
    # Without PYTHONSAFEPATH, a profile.py in the working folder is imported instead of the standard library's.
    # `accelerate launch` starts further processes, so the option -P would not reach them.
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}
    if GPUS in os.environ:
        environment["CUDA_VISIBLE_DEVICES"] = os.environ[GPUS]
    return environment


def read_training(folder: Path) -> tuple[Training, TokenizedRows]:
    """Return the settings and the rows that `train` stored in a working folder, for its workers."""
    plain: dict[str, Any] = json.loads((folder / _TRAINING).read_text(encoding="utf-8"))
    if plain.pop("on_disk"):
        plain["checkpoint"] = Path(plain["checkpoint"])
    tracked = {**plain["tracking"], "trackers": tuple(plain["tracking"]["trackers"])}
    plain |= {"recipe": Recipe.model_validate(plain["recipe"]), "tracking": Tracking(**tracked)}
    training = Training(**plain)
    return training, TokenizedRows(**json.loads((folder / _ROWS).read_text(encoding="utf-8")))


def _follow(launcher: "subprocess.Popen[str]", on_step: Callable[[int, int, float], None] | None) -> None:
    """Pass on the progress that the workers report until they exit; on any error, end them."""
    assert launcher.stdout
    assert launcher.stderr
    printed: deque[str] = deque(maxlen=40)
    reader = threading.Thread(target=printed.extend, args=(launcher.stderr,), daemon=True)
    reader.start()
    try:
        for line in launcher.stdout:
            message = _message(line)
            if message.get("event") == "step" and on_step:
                on_step(message["step"], message["steps"], message["loss"])
            elif message.get("event") == "refused":
                raise AskewError(message["message"])
            elif message.get("event") == "disk":
                raise OSError(message["errno"], message["reason"])
        if launcher.wait() != 0:
            reader.join(timeout=5)
            raise RuntimeError(f"training by `accelerate launch` failed:\n{''.join(printed)}")
    finally:
        assert launcher.stdin
        launcher.stdin.close()
        launcher.wait()


def _message(line: str) -> dict[str, Any]:
    """Return the message in a line of standard output; empty if a library printed the line."""
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
