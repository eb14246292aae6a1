"""The process that speaks with a Ray cluster, started as `python -P -m askew.runs.executors.ray_driver`.

Ray ends the process that loses its cluster, so that is a process of its own. It reads orders as lines of JSON from
standard input and answers in lines of JSON on standard output; when its input ends, so do its tasks.

    open    address, wanted: connects, and has each node report what it has of what is wanted
    begin   site: what tasks need besides their jobs (see `ray_tasks.perform`)
    submit  key, name, job, request, is_served: hands a task to Ray
"""

import json
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import ray
from ray.exceptions import (
    LocalRayletDiedError,
    NodeDiedError,
    OutOfMemoryError,
    RayError,
    RayTaskError,
    TaskUnschedulableError,
    WorkerCrashedError,
)
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from askew.base.messages import Tell, take_standard_output
from askew.runs.executors import ray_tasks

_SECONDS_TO_LOOK = 180.0  # a node starts a process to look, and may be busy
_SECONDS_TO_END = 10.0
_WATCH_EVERY, _SAY_EVERY = 15.0, 300.0

_LOST = {
    NodeDiedError: "the node died",
    OutOfMemoryError: "the node ran out of memory",
    WorkerCrashedError: "its process was killed, perhaps because memory ran out",
    TaskUnschedulableError: "the node is gone",
}


class Driver:
    """Hands tasks to a Ray cluster.

    Args:
        tell: Sends an event to the process that started this one.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self.happened: queue.Queue[Callable[[], None]] = queue.Queue()
        self._mailbox: Any = None
        self._site: Any = None
        self._here = ""
        self._served_at = ""
        self._requests: dict[str, dict[str, float]] = {}  # of the tasks that are not done, by key
        self._nodes: dict[str, str] = {}  # where they were begun
        self._said = 0.0

    def open(self, order: Mapping[str, Any]) -> None:
        """Connect, have each node look for what is wanted, and tell what they found."""
        try:
            ray.init(
                address=order["address"],
                namespace="askew",
                log_to_driver=False,
                logging_level=logging.ERROR,
                configure_logging=False,
            )
        except Exception as error:  # Ray raises many kinds
            self._tell(event="unreachable", reason=" ".join(str(error).split()))
            return
        self._here = ray.get_runtime_context().get_node_id()
        self._tell(event="connected")
        nodes = [node for node in _alive() if node["Resources"].get("CPU")]
        looks = [_on(ray_tasks.look, node["NodeID"], num_cpus=0).remote(order["wanted"]) for node in nodes]
        if looks:
            ray.wait(looks, num_returns=len(looks), timeout=_SECONDS_TO_LOOK)
        found = [{**_plain(node), **_seen(look)} for node, look in zip(nodes, looks, strict=True)]
        self._tell(event="opened", here=self._here, nodes=found)

    def begin(self, order: Mapping[str, Any]) -> None:
        """Take what tasks need besides their jobs, and listen to their messages."""
        self._site = ray.put(order["site"])
        if self._mailbox is None:
            self._mailbox = _on(ray_tasks.Mailbox, self._here, soft=True, num_cpus=0, max_restarts=-1).remote()
            self._listen()

    def submit(self, order: Mapping[str, Any]) -> None:
        """Hand a task to Ray; what becomes of it is told later."""
        key, request = order["key"], order["request"]
        self._requests[key] = request
        how = {
            "name": f"askew {order['name']}",
            "num_cpus": request["CPU"],
            "num_gpus": request.get("GPU", 0),
            "memory": int(request.get("memory", 0)) or None,
            "max_retries": 0,  # what is left of a lost task is asked anew
        }
        if order["is_served"]:
            task = _on(ray_tasks.perform, self._place_for_served(request), **how)
        else:
            task = _remote(ray_tasks.perform, **how)
        result = task.remote(key, order["job"], self._site, self._mailbox)
        result.future().add_done_callback(lambda future: self.happened.put(lambda: self._ended(key, future)))

    def watch(self) -> None:
        """Tell if a task waits for a node that the cluster does not have any more."""
        nodes = _alive()
        for key, request in self._requests.items():
            if key in self._nodes or any(fits(request, node["Resources"]) for node in nodes):
                continue
            if time.monotonic() - self._said > _SAY_EVERY:
                self._said = time.monotonic()
                self._tell(event="said", key=key, text="no node is left that has room for it: waiting for one")
            return

    def _place_for_served(self, request: Mapping[str, float]) -> str:
        """Return the one node whose tasks ask served models: they share a file that only one machine may open."""
        able = [node["NodeID"] for node in _alive() if fits(request, node["Resources"])]
        if self._served_at not in able:
            self._served_at = self._here if self._here in able or not able else able[0]
        return self._served_at

    def _listen(self) -> None:
        """Ask for the next messages of tasks."""
        messages = self._mailbox.take.remote()
        messages.future().add_done_callback(lambda future: self.happened.put(lambda: self._heard(future)))

    def _heard(self, future: Any) -> None:
        try:
            messages = future.result()
        except RayError:  # its node died, and Ray starts it again elsewhere; progress is all that was lost
            time.sleep(1.0)
            messages = []
        for message in messages:
            if message["event"] == "begun":
                self._nodes[message["key"]] = message["node"]
            self._tell(**message)
        self._listen()

    def _ended(self, key: str, future: Any) -> None:
        """Tell how a task ended."""
        self._requests.pop(key, None)
        node = self._nodes.pop(key, "")
        try:
            self._tell(**future.result())
        except LocalRayletDiedError:
            os._exit(1)
        except RayTaskError as error:
            self._tell(event="failed", key=key, node=node, traceback=str(error))
        except tuple(_LOST) as error:
            reason = next(words for kind, words in _LOST.items() if isinstance(error, kind))
            self._tell(event="lost", key=key, node=node, reason=reason)
        except Exception as error:  # whatever else ends a task is told to the run, which raises it
            is_lost = isinstance(error, RayError)
            first = (str(error).splitlines() or [""])[0]
            said = {"event": "lost", "reason": f"{type(error).__name__}: {first}"} if is_lost else {"event": "failed"}
            self._tell(**said, key=key, node=node, traceback=str(error))


def fits(request: Mapping[str, float], totals: Mapping[str, float]) -> bool:
    """Return whether a machine with some resources in all can do what requests some of them."""
    return all(amount <= totals.get(name, 0.0) for name, amount in request.items())


def _remote(function: Any, **how: Any) -> Any:
    """Return a function or class as Ray takes it; Ray's types do not say what `options` returns."""
    remote: Any = ray.remote(function)
    return remote.options(**how)


def _on(function: Any, node: str, soft: bool = False, **how: Any) -> Any:
    """Return a function or class that Ray runs on a certain node."""
    return _remote(function, scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=soft), **how)


def _alive() -> list[dict[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"]]


def _plain(node: Mapping[str, Any]) -> dict[str, Any]:
    name = ray_tasks.node_name(node["NodeManagerHostname"], node["NodeID"])
    wanted = ("CPU", "GPU", "memory")
    resources = {kind: amount for kind, amount in node["Resources"].items() if kind in wanted}
    return {"id": node["NodeID"], "name": name, "resources": resources}


def _seen(look: Any) -> dict[str, Any]:
    """Return what a node found, or why it found nothing."""
    try:
        return {"report": ray.get(look, timeout=0.1)}
    except RayTaskError as error:  # an Askew that does not have this function, or none
        return {"silent": str(error).strip().splitlines()[-1]}
    except RayError as error:
        return {"silent": type(error).__name__}


def _read_orders(driver: Driver) -> None:
    orders = {"open": driver.open, "begin": driver.begin, "submit": driver.submit}
    for line in sys.stdin:
        order = json.loads(line)
        driver.happened.put(lambda order=order: orders[order["order"]](order))
    driver.happened.put(_end)
    time.sleep(_SECONDS_TO_END)
    os._exit(1)  # the main thread waits for a cluster that does not answer


def _end() -> None:
    ray.shutdown()  # which ends all tasks
    os._exit(0)


def main() -> None:
    """Carry out orders until standard input ends."""
    driver = Driver(take_standard_output())
    threading.Thread(target=_read_orders, args=(driver,), daemon=True).start()
    while True:
        try:
            happened = driver.happened.get(timeout=_WATCH_EVERY)
        except queue.Empty:
            happened = driver.watch
        happened()


if __name__ == "__main__":
    main()
