"""Run askew inside the test's process: its command line, and the work that a run gives to worker processes.

A process that imports torch, Transformers and TRL spends several seconds of a core on that. Most tests need none of the
guarantees that separate processes give, so `conftest.py` lets runs work in the test's process. These still use
processes: scripts, notebooks and command lines that a test starts (`askew_process`), the tests of the pool itself, and
`tests/real_servers`.
"""

import io
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from askew.base.errors import AskewError
from askew.runs import pool, worker

Askew = Callable[..., "subprocess.CompletedProcess[str]"]


def askew_in_process(
    *arguments: object, cwd: Path | None = None, env: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command line of askew, and the work of its runs, in this process.

    Args:
        *arguments: What follows `askew` on the command line.
        cwd: The working directory; the current one by default.
        env: The whole environment; the current one by default.
    """
    from askew.cli.app import main

    command = ["askew", *map(str, arguments)]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with workers_in_process(), pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setattr(sys, "argv", command)
        if cwd:
            patch.chdir(cwd)
        for name in [name for name in os.environ if env is not None and name not in env]:
            patch.delenv(name)
        for name, value in (env or {}).items():
            patch.setenv(name, value)
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
    return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())


def askew_process(*arguments: object, cwd: Path | None = None, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run a command line of askew in a process of its own, with worker processes.

    Args:
        *arguments: What follows `askew` on the command line.
        cwd: The working directory; the current one by default.
        **options: Further options of `subprocess.run`.
    """
    command = [sys.executable, "-m", "askew", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, **options)


@contextmanager
def workers_in_process() -> Iterator[None]:
    """Let runs do their work in this process instead of worker processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "work_off", _work_off)
        yield


def _work_off(tasks: Sequence[pool.Task], workers: int, stages: Sequence[str], on_event: pool.OnEvent) -> None:
    """Do all tasks as `pool.work_off` does, one after the other in this process."""
    waiting = sorted(tasks, key=lambda task: -task.seconds)
    done = {name for task in tasks for name in task.needs} - {task.name for task in tasks}
    on_event(None, {"event": "ready", "seconds": 0.0})
    while waiting:
        task = next(task for task in waiting if done.issuperset(task.needs))
        waiting.remove(task)
        done.add(task.name)
        _perform(task, on_event)


def _perform(task: pool.Task, on_event: pool.OnEvent) -> None:
    def tell(**message: Any) -> None:
        if message["event"] in ("refused", "disk"):
            on_event(task, {"event": "failed"})
        if message["event"] == "refused":
            raise AskewError(message["message"])
        if message["event"] == "disk":
            raise OSError(message["errno"], message["reason"])
        on_event(task, message)

    on_event(task, {"event": "begun"})
    printed = io.StringIO()  # the pool keeps the output of its workers from the user, too
    with redirect_stdout(printed), redirect_stderr(printed):
        worker.perform(json.loads(json.dumps(task.message)), tell)
