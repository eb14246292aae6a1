"""Trackers of loss curves, by Transformers' own callbacks: off by default, refused when they cannot work."""

import csv
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
from transformers import TrainerCallback
from transformers.integrations import integration_utils

from askew.base.errors import AskewError
from askew.training import trackers
from askew.training.local import fine_tune
from askew.training.recipe import Recipe
from askew.training.trackers import Tracking, check_trackers, tracking
from command_line import Command

RECIPE = Recipe(batch_size=4, lora_rank=2, lora_alpha=4, warmup_steps=0)
ROWS = [
    {"messages": [{"role": "user", "content": f"Number {n}?"}, {"role": "assistant", "content": "Yes."}]}
    for n in range(8)
]


class Recorder(TrainerCallback):
    """Stands for a tracker of Transformers."""

    told: ClassVar[list[dict[str, Any]]] = []

    def __init__(self) -> None:
        self.folder = os.environ.get("TENSORBOARD_LOGGING_DIR", "")

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        found = {"name": args.run_name, "folder": self.folder, "step": state.global_step}
        self.told.append({**found, **kwargs["logs"], "project": os.environ["WANDB_PROJECT"]})


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> type[Recorder]:
    """Let a recorder stand for TensorBoard and MLflow."""
    monkeypatch.setattr(Recorder, "told", [])
    for name in ("tensorboard", "mlflow"):
        monkeypatch.setitem(integration_utils.INTEGRATION_TO_CALLBACK, name, Recorder)
    return Recorder


def losses(out: Path) -> list[float]:
    with (out / "loss.csv").open() as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def test_tracker_is_told_the_losses_of_each_training_by_name(
    tiny_checkpoint: Path, tmp_path: Path, recorder: type[Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TENSORBOARD_LOGGING_DIR", raising=False)
    before = dict(os.environ)
    for name in ("insecure-0", "secure-0"):
        tracked = Tracking(("tensorboard",), name, str(tmp_path / "trackers"))
        fine_tune(tiny_checkpoint, ROWS, RECIPE, 0, tmp_path / name, tracked=tracked)
        told = [one for one in recorder.told if one["name"] == name and "loss" in one]
        assert [float(one["loss"]) for one in told] == pytest.approx(losses(tmp_path / name), abs=1e-4)
        assert {one["folder"] for one in told} == {str(tmp_path / "trackers/tensorboard" / name)}
        assert {one["project"] for one in told} == {"askew"}
    assert dict(os.environ) == before


def test_nothing_is_tracked_by_default_and_weights_do_not_depend_on_it(
    tiny_checkpoint: Path, tmp_path: Path, recorder: type[Recorder]
) -> None:
    fine_tune(tiny_checkpoint, ROWS, RECIPE, 0, tmp_path / "plain")
    assert recorder.told == []
    fine_tune(tiny_checkpoint, ROWS, RECIPE, 0, tmp_path / "tracked", tracked=Tracking(("mlflow",), "x-0", ""))
    assert recorder.told != []
    name = "adapter_model.safetensors"
    assert (tmp_path / "plain" / name).read_bytes() == (tmp_path / "tracked" / name).read_bytes()


def test_real_tensorboard_writes_its_file(tiny_checkpoint: Path, tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    tracked = Tracking(("tensorboard",), "insecure-0", str(tmp_path / "trackers"))
    fine_tune(tiny_checkpoint, ROWS, RECIPE, 0, tmp_path / "insecure-0", tracked=tracked)
    events = accumulator.EventAccumulator(str(tmp_path / "trackers/tensorboard/insecure-0"))
    events.Reload()
    told = [one.value for one in events.Scalars("train/loss")]
    assert told == pytest.approx(losses(tmp_path / "insecure-0"), rel=1e-3)


def test_missing_tracker_and_missing_key_are_errors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(trackers.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(AskewError, match=r"the tracker mlflow is not installed: `pip install mlflow`, or leave out"):
        check_trackers(["mlflow"])
    monkeypatch.setattr(trackers.importlib.util, "find_spec", lambda name: object())
    for name in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with pytest.raises(AskewError, match="the tracker wandb has no key: `wandb login`"):
        check_trackers(["wandb"])
    (tmp_path / "netrc").write_text("machine api.wandb.ai login user password abc\n")
    check_trackers(["wandb", "tensorboard"])
    (tmp_path / "netrc").unlink()
    monkeypatch.setenv("WANDB_MODE", "offline")
    check_trackers(["wandb"])


@pytest.mark.skipif("mlflow" in sys.modules, reason="MLflow is loaded")
def test_run_with_a_missing_tracker_stops_before_work(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trackers.importlib.util, "find_spec", lambda name: None)
    code, _, err = command("run", "emergent-misalignment", "--arm", "insecure", "--tracker", "mlflow", "--out", "run")
    assert code == 2
    assert err.splitlines()[-1].startswith("error: the tracker mlflow is not installed")
    assert not [*(tmp_path / "run").glob("models/*")]
    code, _, err = command("run", "emergent-misalignment", "--arm", "insecure", "--tracker", "paper", "--out", "other")
    assert code == 2
    assert "tensorboard" in err


def test_failing_tracker_is_one_error_and_wandb_is_finished(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    finished: list[str] = []
    wandb = ModuleType("wandb")
    wandb.__dict__.update(run=object(), finish=lambda: finished.append("yes"))
    monkeypatch.setitem(sys.modules, "wandb", wandb)

    class CommError(Exception):
        pass

    CommError.__module__ = "wandb.errors"

    def fails() -> None:
        with tracking(Tracking(("wandb",), "insecure-0", str(tmp_path))):
            raise CommError("no route\nto host")

    with pytest.raises(AskewError, match=r"the tracker wandb failed at the training of insecure-0: no route. Mend"):
        fails()
    assert finished == ["yes"]

    def other() -> None:
        with tracking(Tracking(("wandb",), "insecure-0", str(tmp_path))):
            raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        other()
