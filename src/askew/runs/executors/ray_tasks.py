"""The functions that Ray runs on the nodes of a cluster.

A piece of work is one Ray task. It runs in a Ray worker process, so it ends when Ray ends that process, and libraries
that were imported for one piece are there for the next.
"""

import asyncio
import os
import platform
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError

from askew.base.errors import is_failure
from askew.runs import worker
from askew.runs.executors.node_checks import trouble
from askew.runs.executors.node_report import Report, as_wanted, report
from askew.runs.pool import worker_environment
from askew.training.accelerate_config import GPUS

_ENDS = ("done", "refused", "disk")
_VISIBLE = "CUDA_VISIBLE_DEVICES"


class Mailbox:
    """Takes the messages of all tasks, and gives them to the driver; a Ray actor."""

    def __init__(self) -> None:
        self._messages: list[dict[str, Any]] = []
        self._arrived = asyncio.Event()

    async def put(self, message: dict[str, Any]) -> None:
        """Take a message."""
        self._messages.append(message)
        self._arrived.set()

    async def take(self) -> list[dict[str, Any]]:
        """Wait for messages, and return all that have come."""
        await self._arrived.wait()
        self._arrived.clear()
        messages, self._messages = self._messages, []
        return messages


def look(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the `Report` of this node, as plain data."""
    return asdict(report(as_wanted(wanted)))


def perform(key: str, job: dict[str, Any], site: dict[str, Any], mailbox: Any) -> dict[str, Any]:
    """Do one piece of work on this node, and return the event with which it ended.

    Args:
        key: The key of the task, for its events.
        job: The work, as `askew.runs.worker` takes it.
        site: What the run needs (`wanted`), what the machine of the user has (`here`), the `checked` nodes, and the
            `kinds` of work.
        mailbox: The actor that takes messages on the way.

    Returns:
        An event "done", "refused", "disk" or "failed", with the `key` and the `node`.
    """
    named = {"key": key, "node": name_of_node()}
    ended: dict[str, Any] = {}

    def tell(**message: Any) -> None:
        if message["event"] in _ENDS:
            ended.update(message)
            return
        arrives = mailbox.put.remote({**message, **named})
        if message["event"] == "said":
            with suppress(RayError):  # the actor may have died with its node
                ray.get(arrives)  # so that the line is not lost with this process

    tell(event="begun")
    try:
        if refused := _why_not_here(site):
            return {"event": "refused", "message": refused, **named}
        if seconds := _prepare(site["kinds"], site["wanted"]["start"]):
            tell(event="ready", seconds=seconds)
        worker.perform(job, tell)
    except BaseException as error:
        if not is_failure(error):
            raise
        return {"event": "failed", "traceback": traceback.format_exc(), **named}
    return {**ended, **named}


def name_of_node() -> str:
    """Return the name of this node: its host, and the beginning of Ray's name for it."""
    return node_name(platform.node(), ray.get_runtime_context().get_node_id())


def node_name(host: str, node_id: str) -> str:
    """Return the name of a node for people: one host may have several nodes."""
    return f"{host}/{node_id[:6]}"


_troubles: dict[str, str] = {}  # by the proof of a run, whose content no other run has


def _why_not_here(site: dict[str, Any]) -> str:
    """Return why a node that joined after all others were checked cannot work for the run; "" if it can."""
    wanted = as_wanted(site["wanted"])
    if ray.get_runtime_context().get_node_id() in site["checked"]:
        return ""
    if wanted.proof not in _troubles:
        found = report(wanted)
        if found.wrote:
            Path(wanted.folder, found.wrote).unlink()
        _troubles[wanted.proof] = trouble(name_of_node(), found, Report(**site["here"]), wanted)
    return _troubles[wanted.proof]


def _prepare(kinds: Sequence[str], start: str) -> float:
    """Make this process a worker, and return the seconds that took; 0 if it was one before."""
    os.chdir(start)  # names in a design may be relative
    assigned = ray.get_runtime_context().get_assigned_resources()
    os.environ.update(worker_environment(_share(assigned)))
    if not assigned.get("GPU"):
        os.environ[_VISIBLE] = ""
    elif visible := os.environ.get(_VISIBLE):
        os.environ[GPUS] = visible  # training may start a process for each
    return _imported(kinds)


_imports: set[str] = set()


def _imported(kinds: Sequence[str]) -> float:
    """Import the libraries of kinds of work once, and return the seconds that took."""
    new = [kind for kind in kinds if kind not in _imports]
    if not new:
        return 0.0
    began = time.perf_counter()
    worker.import_libraries(new)
    _imports.update(new)
    return time.perf_counter() - began


def _share(assigned: dict[str, float]) -> int:
    """Return how many tasks like this one the node may do at the same time."""
    totals = _totals(ray.get_runtime_context().get_node_id())
    fits = [int(totals.get(name, 0.0) / amount) for name, amount in assigned.items() if amount and name in totals]
    return max(1, min(fits, default=1))


@cache
def _totals(node_id: str) -> dict[str, float]:
    return next((node["Resources"] for node in ray.nodes() if node["NodeID"] == node_id), {})
