"""The worker process, started by the pool as `python -P -m askew.runs.worker KINDS`.

It reads jobs as lines of JSON from standard input and answers in lines of JSON on standard output. It is not a child of
`multiprocessing`, which would import the caller's main module again: so a script without a main guard and a notebook
can start runs too. It ends when its standard input does, even in the middle of a job, so that no worker outlives a
killed run.
"""

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from askew.base.errors import AskewError
from askew.base.messages import Tell, take_standard_output
from askew.runs.work import kinds


def main() -> None:
    """Do jobs until standard input ends."""
    tell = take_standard_output()
    jobs: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_read_jobs, args=(jobs,), daemon=True).start()
    began = time.perf_counter()
    import_libraries(sys.argv[1:])
    tell(event="ready", seconds=time.perf_counter() - began)
    while True:
        perform(jobs.get(), tell)


def _read_jobs(jobs: "queue.Queue[dict[str, Any]]") -> None:
    for line in sys.stdin:
        jobs.put(json.loads(line))
    os._exit(0)  # the pool is gone, or has no more jobs


def import_libraries(names: Iterable[str]) -> None:
    """Import what the named kinds of work need, and nothing else."""
    import torch

    torch.set_num_threads(1)  # the cores are shared out among workers
    for name in names:
        import_module(kinds.get(name).libraries)


def perform(job: dict[str, Any], tell: Tell) -> None:
    """Do one piece of work.

    Args:
        job: The work, from `Work.message`, with its kind.
        tell: Sends an event. The last one says how it ended: "done"; "refused", with the message of an `AskewError`; or
            "disk", with the error of the disk.
    """
    began = time.perf_counter()
    try:
        kinds.get(job["kind"]).do(job, tell)
    except AskewError as error:
        tell(event="refused", message=str(error))
    except OSError as error:
        if error.errno is None:
            raise
        tell(event="disk", errno=error.errno, reason=error.strerror or os.strerror(error.errno))
    else:
        tell(event="done", seconds=time.perf_counter() - began)


if __name__ == "__main__":
    main()
