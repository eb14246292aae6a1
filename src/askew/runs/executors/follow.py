"""Hands tasks to a cluster and follows them: each when what it needs is done, and again if its machine was lost.

Which machine does a task is the cluster's business. What is left of a lost task is asked anew, so that a product that
was finished before its machine died is not made twice.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.runs.executors import Left
from askew.runs.pool import OnEvent, Task, longest_first

MOST_LOSSES = 3
"""How often a task may be lost before the run stops: then the task itself may be the reason."""

_SECONDS_TO_APPEAR = 90.0  # network disks show a new file to other machines within a minute
_PROGRESS = ("begun", "step", "said")

Submit = Callable[[str, Task], None]
"""Hands a task to the cluster, under a key that comes back with each of its events."""

Event = Mapping[str, Any]
"""An event: `event`, the `key` of its task, the `node`, and what the kind of event has besides."""


@dataclass
class _Following:
    tasks: dict[str, Task]
    keys: dict[str, str] = field(default_factory=dict)  # of the attempts that count, by the names of tasks
    losses: dict[str, int] = field(default_factory=dict)


def follow(
    tasks: Sequence[Task],
    at_once: int,
    submit: Submit,
    events: Iterator[Event],
    on_event: OnEvent,
    left: Left,
    appears: Callable[[Path, str], None] | None = None,
) -> None:
    """Have a cluster do all tasks.

    Args:
        tasks: The tasks.
        at_once: The most that are handed over at the same time; 0 for all that can be begun.
        submit: Hands a task over.
        events: The events of the tasks that were handed over: "ready", "begun", "step", "said"; then one of "done",
            "lost", "refused", "disk" and "failed".
        on_event: Called with the events that the runner knows.
        left: Returns what is left of a lost task; None if nothing is.
        appears: Waits for a product, from the node that wrote it; by default `wait_for`.

    Raises:
        AskewError: A task was refused, or lost too often; or a disk could not be written.
        RuntimeError: A task failed; the error has the traceback.
    """
    waiting = longest_first(tasks)
    following = _Following({task.name: task for task in tasks})
    done = {name for task in tasks for name in task.needs} - following.tasks.keys()
    unfinished = len(tasks)

    def begin(task: Task) -> None:
        following.keys[task.name] = key = f"{task.name}#{following.losses.get(task.name, 0)}"
        following.tasks[task.name] = task
        submit(key, task)

    while unfinished:
        can_begin = [task for task in waiting if done.issuperset(task.needs)]
        room = at_once - len(following.keys) if at_once else len(can_begin)
        for task in can_begin[: max(0, room)]:
            waiting.remove(task)
            begin(task)
        message = next(events)
        if message["event"] == "ready":
            on_event(None, dict(message))
            continue
        task = _task_of(message, following)
        if task is None:
            continue  # of an attempt that was given up
        if message["event"] in _PROGRESS:
            on_event(task, dict(message))
            continue
        if message["event"] == "lost":
            rest = _after_loss(task, message, following, on_event, left)
            if rest is not None:
                begin(rest)
                continue
            message = {"event": "done", "seconds": 0.0}
        if message["event"] != "done":
            on_event(task, {"event": "failed"})
            raise _failure(task, message)
        for product in task.products:
            (appears or wait_for)(product, str(message.get("node", "")))
        on_event(task, dict(message))
        del following.keys[task.name]
        done.add(task.name)
        unfinished -= 1


def wait_for(product: Path, node: str, seconds: float = _SECONDS_TO_APPEAR) -> None:
    """Wait until a product that another machine wrote is seen here.

    Args:
        product: The file or folder.
        node: The machine that wrote it.
        seconds: How long to wait; network disks may take a minute to show a new file.

    Raises:
        AskewError: It does not appear.
    """
    until = time.monotonic() + seconds
    while not product.exists():
        if time.monotonic() > until:
            raise AskewError(
                f"node {node} wrote {product}, but it is not there on this machine: the run's folder must be one that "
                "all nodes share. Finished work is kept; name a shared folder with --out"
            )
        time.sleep(0.05)
        if product.parent.is_dir():
            next(product.parent.iterdir(), None)  # opening the folder makes a network disk look again


def _task_of(message: Event, following: _Following) -> Task | None:
    name = str(message.get("key", "")).rpartition("#")[0]
    return following.tasks[name] if following.keys.get(name) == message.get("key") else None


def _after_loss(task: Task, message: Event, following: _Following, on_event: OnEvent, left: Left) -> Task | None:
    """Return what is left of a lost task, and tell the user; None if it was finished before.

    Raises:
        AskewError: It was lost too often.
    """
    following.losses[task.name] = losses = following.losses.get(task.name, 0) + 1
    where = f"node {message['node']}" if message.get("node") else "a node"
    if losses > MOST_LOSSES:
        raise AskewError(
            f"{task.name} was lost {losses} times, last on {where}: {message['reason']}. If memory ran out, the nodes "
            "are too small for it. Finished work is kept. Repeat the command to continue"
        )
    rest = left(task)
    again = "it was finished before" if rest is None else "it is done again"
    on_event(task, {"event": "said", "text": f"lost on {where}, since {message['reason']}: {again}"})
    return rest


def _failure(task: Task, message: Event) -> Exception:
    """Return the exception for a task that the cluster could not do."""
    node, kind = message.get("node", ""), message["event"]
    if kind == "refused":
        return AskewError(message["message"])
    if kind == "disk":
        return AskewError(
            f"node {node} cannot write: {message['reason']} (during {task.name}). Finished work is kept. Make room "
            "there, or take the node out of the cluster, then repeat the command"
        )
    return RuntimeError(f"a worker failed at {task.name} on node {node}:\n{visible(str(message.get('traceback', '')))}")
