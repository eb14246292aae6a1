"""Worker processes and their tasks: the longest task first, each when the task that it needs is done.

A task is a message for a worker; the pool does not know what it is for.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.base.memory import SHARE
from askew.training.accelerate_config import GPUS

OnEvent = Callable[["Task | None", dict[str, Any]], None]


@dataclass(frozen=True)
class Resources:
    """The resources that a task takes of a machine while it is done.

    Attributes:
        processors: How many processors; a part of one for a task that mostly waits.
        gpus: How many GPUs, where there are any.
        memory: About how many bytes; 0 if that is not known.
    """

    processors: float = 1.0
    gpus: float = 1.0
    memory: float = 0.0


@dataclass(frozen=True)
class Task:
    """A task for a worker.

    Attributes:
        name: A unique name.
        message: The work, as `askew.runs.worker` reads it.
        seconds: About how long it takes; tasks are ordered by this.
        needs: The names of the tasks that must be done before.
        resources: The resources that it takes.
        is_served: Whether it asks served models, so that it shares the file of replies with all others that do.
        products: The files and folders that are there when it is done.
    """

    name: str
    message: dict[str, Any]
    seconds: float
    needs: tuple[str, ...] = ()
    resources: Resources = Resources()
    is_served: bool = False
    products: tuple[Path, ...] = ()


@dataclass
class _Worker:
    process: "subprocess.Popen[str]"
    task: Task | None = None
    said: "deque[str]" = field(default_factory=lambda: deque(maxlen=60))


_Events = queue.Queue[tuple[_Worker, dict[str, Any]]]


def work_off(tasks: Sequence[Task], workers: int, kinds: Sequence[str], on_event: OnEvent) -> None:
    """Have workers do all tasks.

    Args:
        tasks: The tasks.
        workers: The most processes.
        kinds: The kinds of work among the tasks, so that workers import what these need.
        on_event: Called with the events of tasks: the task, and a mapping with `event` ("begun", "step", "said", "done"
            or "failed"); or None and the event "ready", when a worker has loaded its libraries.

    Raises:
        AskewError: A worker refused a task, or was killed.
        OSError: The disk is full or read-only.
    """
    waiting = longest_first(tasks)
    done = {name for task in tasks for name in task.needs} - {task.name for task in tasks}
    with _workers(min(workers, len(tasks)), kinds) as events:
        idle: list[_Worker] = []
        left = len(tasks)
        while left:
            worker, message = events.get()
            task = worker.task
            if message["event"] in ("step", "said") and task:
                on_event(task, message)
                continue
            if message["event"] not in ("ready", "done"):
                if task:
                    on_event(task, {"event": "failed"})
                raise _failure(worker, message)
            on_event(task, message)
            if task:
                left -= 1
                done.add(task.name)
                worker.task = None
            idle.append(worker)
            while idle and (ready := next((task for task in waiting if done.issuperset(task.needs)), None)):
                waiting.remove(ready)
                on_event(ready, {"event": "begun"})
                _give(idle.pop(), ready)


def longest_first(tasks: Sequence[Task]) -> list[Task]:
    """Return tasks in the order in which they should be begun."""
    after: dict[str, float] = {}
    for task in tasks:
        for name in task.needs:
            after[name] = max(after.get(name, 0.0), task.seconds)
    return sorted(tasks, key=lambda task: -(task.seconds + after.get(task.name, 0.0)))


def _give(worker: _Worker, task: Task) -> None:
    assert worker.process.stdin
    worker.task = task
    try:
        worker.process.stdin.write(json.dumps(task.message) + "\n")
        worker.process.stdin.flush()
    except BrokenPipeError:
        return  # it died; the end of its output reports that


@contextmanager
def _workers(number: int, kinds: Sequence[str]) -> Iterator[_Events]:
    """Start processes, and yield their events; all processes have ended when the block ends, however it ends."""
    events: _Events = queue.Queue()
    found = gpus()
    staff: list[_Worker] = []
    try:
        for index in range(number):
            staff.append(_Worker(_start(kinds, found, index, number)))
            threading.Thread(target=_listen, args=(staff[-1], events), daemon=True).start()
            threading.Thread(target=_overhear, args=(staff[-1],), daemon=True).start()
        yield events
    finally:
        for worker in staff:
            worker.process.kill()
        for worker in staff:
            worker.process.wait()


def worker_environment(sharing: int) -> dict[str, str]:
    """Return the variables with which a worker process works.

    Args:
        sharing: How many workers share the memory of the machine.
    """
    return {
        "OMP_NUM_THREADS": "1",  # one core per worker; more threads would compete
        "MALLOC_ARENA_MAX": "1",  # else glibc keeps memory for each thread: 3.1 GB for two workers instead of 2.1
        SHARE: str(sharing),
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
    }


def _start(kinds: Sequence[str], gpus: Sequence[str], index: int, number: int) -> "subprocess.Popen[str]":
    environment = {**os.environ, **worker_environment(number)}
    if gpus:
        # One per worker; but training may need all of them, and then starts its own processes.
        environment |= {"CUDA_VISIBLE_DEVICES": gpus[index % len(gpus)], GPUS: ",".join(gpus)}
    return subprocess.Popen(
        # -P: without it, a profile.py in the working folder is imported instead of the standard library's.
        [sys.executable, "-P", "-m", "askew.runs.worker", *kinds],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
        encoding="utf-8",
        errors="replace",
        # Ctrl-C reaches only the parent, which then ends its workers.
        start_new_session=True,
    )


def _listen(worker: _Worker, events: _Events) -> None:
    assert worker.process.stdout
    for line in worker.process.stdout:
        events.put((worker, json.loads(line)))
    events.put((worker, {"event": "ended"}))


def _overhear(worker: _Worker) -> None:
    """Keep the last lines that a worker prints to standard error, in case it fails."""
    assert worker.process.stderr
    for line in worker.process.stderr:
        worker.said.append(line)


def _failure(worker: _Worker, message: dict[str, Any]) -> Exception:
    """Return the exception for a worker that did not finish its task."""
    name = worker.task.name if worker.task else "the start"
    if message["event"] == "refused":
        return AskewError(message["message"])
    if message["event"] == "disk":
        return OSError(message["errno"], message["reason"])
    code = worker.process.wait()
    if code == -signal.SIGKILL:
        return AskewError(
            f"a worker was killed during {name}, probably because memory ran out. Finished work is kept. Repeat "
            "the command to continue; --workers 1 needs less memory"
        )
    return RuntimeError(f"a worker failed at {name}:\n{''.join(worker.said)}")


def worker_count(wanted: int) -> int:
    """Return the number of worker processes.

    Args:
        wanted: The number that the user set; 0 means one per GPU, or else one per core.
    """
    return wanted or len(gpus()) or len(os.sched_getaffinity(0))


def gpus() -> list[str]:
    """Return the GPUs that may be used; torch is not loaded."""
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is not None:
        return [gpu for gpu in allowed.split(",") if gpu and gpu != "-1"]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [str(index) for index, line in enumerate(listed.stdout.splitlines()) if line.startswith("GPU ")]
