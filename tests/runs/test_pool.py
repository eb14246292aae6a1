"""Worker processes: order of tasks, and workers that are killed, refuse or fail, in a folder with odd modules."""

import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

import forking
from askew.base.errors import AskewError
from askew.runs import pool
from askew.runs.pool import Task, work_off


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test in a folder with files that started workers would import if they looked there for modules."""
    folder = tmp_path / "working"
    folder.mkdir()
    for name in ("profile", "random", "torch"):
        (folder / f"{name}.py").write_text("raise SystemExit('imported from the working folder')")
    monkeypatch.chdir(folder)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start workers as a user's run does, as children of this process."""
    monkeypatch.setenv(forking.NO_FORKS, "1")


def train(name: str, tmp_path: Path, checkpoint: Path, **changes: Any) -> Task:
    data = tmp_path / "rows.jsonl"
    row = '{"messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "I."}]}\n'
    data.write_text(row * 8)
    message = {
        "kind": "train",
        "checkpoint": str(checkpoint),
        "start": None,
        "identity": {},
        "data": str(data),
        "recipe": {"rows": 8, "batch_size": 4},
        "seed": 0,
        "out": str(tmp_path / "models" / name),
        "state_every": 300.0,
        "is_terrarium": False,
        "checkpoints": 0,
        "variables": {},
        "trackers": [],
        "tracked_in": str(tmp_path / "trackers"),
    }
    return Task(name, {**message, **changes}, seconds=1)


def no_workers_left() -> bool:
    return not [child for child in psutil.Process().children(recursive=True) if "askew.runs.worker" in child.cmdline()]


@pytest.mark.usefixtures("started")
def test_tasks_follow_their_needs_and_report_progress(tmp_path: Path, tiny_checkpoint: Path) -> None:
    first = train("first", tmp_path, tiny_checkpoint)
    second = Task("second", train("second", tmp_path, tiny_checkpoint).message, seconds=9, needs=("first",))
    told: list[tuple[str, str]] = []
    work_off([second, first], 1, ["train"], lambda task, said: told.append((task.name if task else "", said["event"])))
    assert told[0] == ("", "ready")
    assert [name for name, event in told if event == "done"] == ["first", "second"]
    assert (tmp_path / "models/second/adapter_model.safetensors").is_file()
    assert no_workers_left()


def test_error_of_a_worker_reaches_the_caller(tmp_path: Path, tiny_checkpoint: Path) -> None:
    short = train("short", tmp_path, tiny_checkpoint, recipe={"rows": 8, "max_length": 8})
    with pytest.raises(AskewError, match=r"8 of 8 training rows are longer than recipe\.max_length=8"):
        work_off([short], 1, ["train"], lambda task, said: None)


@pytest.mark.usefixtures("started")
def test_killed_worker_raises(tmp_path: Path, tiny_checkpoint: Path) -> None:
    def kill(task: Task | None, said: dict[str, Any]) -> None:
        if said["event"] == "step":
            (worker,) = [child for child in psutil.Process().children() if "askew.runs.worker" in child.cmdline()]
            os.kill(worker.pid, signal.SIGKILL)

    with pytest.raises(AskewError, match="a worker was killed during long, probably because memory ran out"):
        work_off([train("long", tmp_path, tiny_checkpoint, recipe={"rows": 8, "batch_size": 1})], 1, ["train"], kill)


def test_bug_in_a_worker_shows_its_traceback(tmp_path: Path, tiny_checkpoint: Path) -> None:
    odd = train("odd", tmp_path, tiny_checkpoint)
    del odd.message["seed"]
    with pytest.raises(RuntimeError, match=r"a worker failed at odd:\n[\s\S]*KeyError: 'seed'"):
        work_off([odd], 1, ["train"], lambda task, said: None)


def test_default_is_one_worker_per_gpu_or_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,3")
    assert pool.worker_count(0) == 2
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert pool.worker_count(0) == len(os.sched_getaffinity(0))
    assert pool.worker_count(5) == 5
