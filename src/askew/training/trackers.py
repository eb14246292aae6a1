"""Trackers of loss curves: TensorBoard, Weights & Biases and MLflow, by the `report_to` of Transformers.

They are off unless the user names one. TensorBoard's files lie in the run's folder; the other two have servers of their
own, to which they send the settings and the losses of a training, and no rows.
"""

import importlib
import importlib.util
import netrc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from askew.base.errors import AskewError

Tracker = Literal["tensorboard", "wandb", "mlflow"]

_PROJECT = "askew"
_LOGGING_DIR = "TENSORBOARD_LOGGING_DIR"
# What stands in for a package.
_MODULES: dict[str, tuple[str, ...]] = {
    "tensorboard": ("tensorboard", "tensorboardX"),
    "wandb": ("wandb",),
    "mlflow": ("mlflow",),
}
_WITHOUT_SERVER = ("offline", "disabled", "dryrun")


@dataclass(frozen=True)
class Tracking:
    """The trackers of a training.

    Attributes:
        trackers: Their names in Transformers.
        name: The name of the training, ARM-SEED.
        folder: The folder for files of TensorBoard and of Weights & Biases.
    """

    trackers: tuple[Tracker, ...]
    name: str
    folder: str


NO_TRACKING = Tracking((), "", "")


def check_trackers(trackers: Sequence[Tracker]) -> None:
    """Check that trackers are installed and can be used, before anything is trained.

    Raises:
        AskewError: A package is missing, or Weights & Biases has no key.
    """
    for name in trackers:
        if not any(importlib.util.find_spec(module) for module in _MODULES[name]):
            raise AskewError(
                f"the tracker {name} is not installed: `pip install {name}`, or leave out --tracker {name}"
            )
    if "wandb" in trackers and os.environ.get("WANDB_MODE", "") not in _WITHOUT_SERVER and not _has_key():
        raise AskewError(
            "the tracker wandb has no key: `wandb login`, set WANDB_API_KEY, or set WANDB_MODE=offline to send nothing"
        )


@contextmanager
def tracking(wanted: Tracking) -> Iterator[None]:
    """Let the trackers of a training in this block know its name and place; they are closed at its end.

    Args:
        wanted: The trackers.

    Raises:
        AskewError: A tracker fails.
    """
    if not wanted.trackers:
        yield
        return
    place = Path(os.environ.get(_LOGGING_DIR) or Path(wanted.folder) / "tensorboard") / wanted.name
    usual = {"WANDB_PROJECT": _PROJECT, "MLFLOW_EXPERIMENT_NAME": _PROJECT, "WANDB_DIR": wanted.folder}
    before = dict(os.environ)
    os.environ.update({name: value for name, value in usual.items() if name not in before})
    os.environ[_LOGGING_DIR] = str(place)
    if "wandb" in wanted.trackers:
        Path(os.environ["WANDB_DIR"]).mkdir(parents=True, exist_ok=True)  # it would fall back on the system's folder
    try:
        yield
    except Exception as error:  # each tracker has errors of its own
        name = type(error).__module__.partition(".")[0]
        if name not in wanted.trackers:
            raise
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise AskewError(
            f"the tracker {name} failed at the training of {wanted.name}: {reason}. Mend that or leave out --tracker "
            f"{name}, and repeat the command: the training goes on from its last saved state"
        ) from error
    finally:
        if "wandb" in wanted.trackers:
            _finish_wandb()  # else the next training of this process would be added to this one's curve
        for name in (*usual, _LOGGING_DIR):
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]


def _finish_wandb() -> None:
    wandb = importlib.import_module("wandb")
    if wandb.run is not None:
        wandb.finish()


def _has_key() -> bool:
    """Return whether Weights & Biases has a key, in the environment or in the file in which `wandb login` keeps it."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlsplit(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False
