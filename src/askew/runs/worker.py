"""A process that trains and asks, started by the pool as `python -m askew.runs.worker STAGES`.

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
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.base.messages import Tell, take_standard_output


def main() -> None:
    """Work jobs off until there are no more."""
    tell = take_standard_output()
    jobs: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_read_jobs, args=(jobs,), daemon=True).start()
    began = time.perf_counter()
    _import_libraries(sys.argv[1:])
    tell(event="ready", seconds=time.perf_counter() - began)
    while True:
        _perform(jobs.get(), tell)


def _read_jobs(jobs: "queue.Queue[dict[str, Any]]") -> None:
    for line in sys.stdin:
        jobs.put(json.loads(line))
    os._exit(0)  # whoever gave the jobs is gone, or has no more


def _import_libraries(stages: list[str]) -> None:
    """Pay for the imports once, and for those only that are needed."""
    import torch

    torch.set_num_threads(1)  # the cores are shared out among workers
    for stage in stages:
        import_module(_LIBRARIES[stage])


def _perform(job: dict[str, Any], tell: Tell) -> None:
    began = time.perf_counter()
    try:
        _STAGES[job["stage"]](job, tell)
    except AskewError as error:
        tell(event="refused", message=str(error))
    except OSError as error:
        if error.errno is None:
            raise
        tell(event="disk", errno=error.errno, reason=error.strerror or os.strerror(error.errno))
    else:
        tell(event="done", seconds=time.perf_counter() - began)


def _train(job: dict[str, Any], tell: Tell) -> None:
    from askew.data.formats import read_rows
    from askew.training.local import fine_tune
    from askew.training.recipe import Recipe

    rows = [{**row} for row in read_rows(job["data"])]
    folder = Path(job["checkpoint"])
    fine_tune(
        _after(job) or (folder if folder.is_dir() else job["checkpoint"]),
        rows,
        Recipe.model_validate(job["recipe"]),
        job["seed"],
        Path(job["out"]),
        job["checkpoints"],
        on_step=lambda step, steps, loss: tell(event="step", step=step, steps=steps, loss=loss),
        state_every=job["state_every"],
    )


def _after(job: dict[str, Any]) -> Path | None:
    """Return the checkpoint that an earlier arm left, made of its base and adapter if need be; None without one."""
    if job["after"] is None:
        return None
    from askew.base.atomic import whole_folder
    from askew.models.merging import save_merged

    adapter, out = map(Path, job["after"])
    if (adapter / "config.json").is_file():  # the method `full` leaves a whole checkpoint
        return adapter
    if not out.is_dir():
        with whole_folder(out) as unfinished:
            save_merged(job["checkpoint"], adapter, unfinished)
    return out


def _tune(job: dict[str, Any], tell: Tell) -> None:
    from askew.data.formats import read_rows
    from askew.models.remote.requests import Patience
    from askew.training.provider.fine_tune import fine_tune_served
    from askew.training.provider.job import FineTuneRequest, JobCallbacks
    from askew.training.provider.recipe import ServedRecipe

    rows = [{**row} for row in read_rows(job["data"])]
    recipe = ServedRecipe.model_validate(job["recipe"])
    callbacks = JobCallbacks(
        on_message=lambda text: tell(event="said", text=text),
        on_step=lambda step, steps, loss: tell(event="step", step=step, steps=steps, loss=loss),
    )
    request = FineTuneRequest(job["model"], rows, recipe, job["seed"], Path(job["out"]), job["suffix"])
    fine_tune_served(request, Patience(job["patience"]), callbacks, restart=job["again"])


def _ask(job: dict[str, Any], tell: Tell) -> None:
    from askew.models.remote.requests import Patience, storing_replies
    from askew.probes.ask import ProbeCall, ask

    calls = [ProbeCall(call["probe"], Path(call["log"]).stem, call["parameters"]) for call in job["calls"]]
    terms = job["terms"]
    prices = Path(terms["prices"]) if terms["prices"] else None
    with storing_replies(Path(terms["store"]), terms["max_cost"], prices, Patience(terms["patience"])):
        ask(job["model"], job["judge"], calls, Path(job["log_dir"]))


_LIBRARIES = {"train": "askew.training.local", "tune": "askew.training.provider.fine_tune", "ask": "askew.probes.ask"}
_STAGES: dict[str, Callable[[dict[str, Any], Tell], None]] = {"train": _train, "tune": _tune, "ask": _ask}

if __name__ == "__main__":
    main()
