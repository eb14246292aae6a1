"""Measures the executors: efficiency and overhead here, and a simulated cluster that fails.

    python benchmarks/scale.py              on this machine, and the simulation; Ray is left out if it is not installed
    python benchmarks/scale.py --simulate   the simulation alone

On this machine, small networks of equal size are trained by each executor with 1 and 2 processes. Efficiency is the
time in the pieces of work, as one process takes it alone, over the number of processes and the time that all of it
takes by the clock, once every process has its libraries; the aim is 0.9. The overhead is measured with pieces that do
almost nothing.

The simulation runs `askew.runs.executors.follow`, which follows every run on a cluster, on 64 nodes that exist only as
numbers: each does one piece at a time, dies at random moments and comes back. The ideal is all work divided by the
nodes.
"""

import argparse
import heapq
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from askew.design.make import make_plan
from askew.design.plan import Plan
from askew.runs import pool
from askew.runs.executors import Means
from askew.runs.executors.follow import Event, follow
from askew.runs.executors.ray_cluster import RayExecutor
from askew.runs.pool import Resources, Task
from askew.runs.store import folder_of
from askew.worlds.grokking import Setting

AIM = 0.9
PIECES, EPOCHS = 16, 1500
SMALL_PIECES = 100
NODES, UNITS, MEDIAN_SECONDS = 64, 1_000, 600.0
HOURS_TO_FAIL = (float("inf"), 24.0, 6.0, 2.0)
SECONDS_TO_REPAIR, SECONDS_TO_NOTICE = 900.0, 15.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulate", action="store_true", help="only the simulation")
    if not parser.parse_args().simulate:
        measure()
    print(f"\n{UNITS:,} units of {MEDIAN_SECONDS / 60:.0f} minutes (the median) on {NODES} nodes, simulated")
    print("a node dies every   lost  done twice   hours   ideal   efficiency")
    for hours in HOURS_TO_FAIL:
        print(simulate(hours))


# ---- on this machine

Do = Callable[[Sequence[Task], pool.OnEvent], None]
"""Does tasks, and tells what happens."""


@dataclass
class Measured:
    """What one way of working took.

    Attributes:
        ready: When the last process had its libraries.
        ended: When the last piece was done.
        work: The seconds in the pieces, added up.
    """

    ready: float = 0.0
    ended: float = 0.0
    work: float = 0.0


def measure() -> None:
    """Print efficiency and overhead of each executor on this machine."""
    ways: dict[str, Callable[[Path, int, ExitStack], Do]] = {"local": locally}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        if find_spec("ray") is not None:
            os.environ["RAY_ADDRESS"] = opened.enter_context(_Cluster())
            ways["ray"] = on_ray
        print(f"{PIECES} networks of {EPOCHS} epochs; aim {AIM}")
        print("executor  processes  seconds  in the pieces  efficiency   overhead of a piece, ms")
        alone: dict[str, float] = {}
        for name, way in ways.items():
            for count in (1, 2):
                do = way(Path(folder), count, opened)
                large = timed(do, tasks(Path(folder), f"{name}-{count}", PIECES, EPOCHS), count)
                small = timed(do, tasks(Path(folder), f"{name}-{count}-small", SMALL_PIECES, 1), count)
                alone.setdefault(name, large.work)
                seconds = large.ended - large.ready
                efficiency = alone[name] / (count * seconds)
                overhead = 1000 * (count * (small.ended - small.ready) - small.work) / SMALL_PIECES
                print(f"{name:8}  {count:9}  {seconds:7.1f}  {large.work:13.1f}  {efficiency:10.2f}   {overhead:10.1f}")


def tasks(folder: Path, name: str, number: int, epochs: int) -> list[Task]:
    """Return pieces of work of equal size: small networks that learn a table."""
    setting = asdict(Setting(p=23, hidden=64, epochs=epochs, snapshots=2))
    return [
        Task(
            f"{name} {place}",
            {
                "kind": "grok",
                "name": f"{name}-{place}",
                "setting": setting,
                "seed": place,
                "out": str(folder / f"{name}-{place}"),
                "is": {},
            },
            1.0,
            resources=Resources(gpus=0.0),
        )
        for place in range(number)
    ]


def timed(do: Do, work: Sequence[Task], count: int) -> Measured:
    """Do tasks, and return what they took; each process first does one more piece, which loads what is left."""
    found, done = Measured(), 0
    first = [replace(task, name=f"first {task.name}", message=_other(task.message)) for task in work[:count]]
    after = [replace(task, needs=tuple(task.name for task in first)) for task in work]

    def on_event(task: Task | None, event: dict[str, Any]) -> None:
        nonlocal done
        if task is None or event["event"] != "done":
            return
        done += 1
        if done == count:
            found.ready = time.perf_counter()
        if done > count:
            found.work += event["seconds"]
            found.ended = time.perf_counter()

    do([*first, *after], on_event)
    return found


def _other(message: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps({**message, "out": message["out"] + "-first"}))


def locally(folder: Path, count: int, opened: ExitStack) -> Do:
    """Return a function that does tasks in processes of this machine."""
    return lambda work, on_event: pool.work_off(work, count, ["grok"], on_event)


def on_ray(folder: Path, count: int, opened: ExitStack) -> Do:
    """Return a function that does tasks on a Ray cluster of this machine."""
    at_once = {"executor": "ray", "workers": count if count == 1 else 0}  # else as many as the cluster has room for
    plan = Plan(make_plan("grokking").design.model_copy(update=at_once))
    executor = opened.enter_context(RayExecutor(plan, folder_of(plan, folder / "run"), print))
    executor.ready()
    return lambda work, on_event: executor.do(work, Means(count), ["grok"], on_event, lambda task: task)


class _Cluster:
    """A Ray cluster of one node with two processors."""

    def __enter__(self) -> str:
        from ray.cluster_utils import Cluster

        arguments = {"num_cpus": 2, "include_dashboard": False, "object_store_memory": 100 * 2**20}
        self._cluster = Cluster(initialize_head=True, head_node_args=arguments)
        return str(self._cluster.address)

    def __exit__(self, *error: object) -> None:
        self._cluster.shutdown()


# ---- a cluster that exists only as numbers


class Simulated:
    """Nodes that do one piece at a time, die at random moments, and come back.

    Args:
        hours: The hours after which a node dies, on average.
        seed: The seed of its moments.
    """

    def __init__(self, hours: float, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._mean = 3600 * hours
        self._waiting: list[tuple[str, Task]] = []
        self._free = list(range(NODES))
        self._events: list[tuple[float, int, str, str]] = []
        self._dies = {node: self._lifetime() for node in self._free}
        self._begun: dict[str, int] = {}
        self.now = 0.0
        self.lost = 0

    def _lifetime(self) -> float:
        return self._random.expovariate(1 / self._mean) if self._mean < float("inf") else float("inf")

    def submit(self, key: str, task: Task) -> None:
        """Take a task; a free node begins it at once."""
        self._waiting.append((key, task))
        self._assign()

    def _assign(self) -> None:
        while self._free and self._waiting:
            node, (key, task) = self._free.pop(), self._waiting.pop(0)
            ends = self.now + task.seconds
            if ends < self._dies[node]:
                heapq.heappush(self._events, (ends, node, "done", key))
            else:
                noticed = max(self.now, self._dies[node]) + SECONDS_TO_NOTICE
                heapq.heappush(self._events, (noticed, node, "lost", key))

    def events(self) -> Iterator[Event]:
        """Yield what happens, in order."""
        while self._events:
            self.now, node, event, key = heapq.heappop(self._events)
            if event in ("lost", "back"):
                self.lost += event == "lost"
                if event == "lost":
                    heapq.heappush(self._events, (self.now + SECONDS_TO_REPAIR, node, "back", ""))
                    yield {"event": "lost", "key": key, "node": f"n{node}", "reason": "the node died"}
                    continue
                self._dies[node] = self.now + self._lifetime()
            self._free.append(node)
            if event == "done":
                yield {"event": "done", "key": key, "node": f"n{node}", "seconds": 0.0}
            self._assign()


def simulate(hours: float) -> str:
    """Return a line on a run on a cluster whose nodes die after some hours, on average."""
    sizes = random.Random(1)
    units = [Task(f"unit {place}", {}, sizes.lognormvariate(0, 0.5) * MEDIAN_SECONDS) for place in range(UNITS)]
    cluster, done = Simulated(hours), {task.name: 0 for task in units}

    def on_event(task: Task | None, event: dict[str, Any]) -> None:
        if task is not None and event["event"] == "done":
            done[task.name] += 1

    follow(units, 0, cluster.submit, cluster.events(), on_event, lambda task: task)
    assert all(done.values())
    ideal = sum(task.seconds for task in units) / NODES / 3600
    took = cluster.now / 3600
    twice = sum(count > 1 for count in done.values())
    every = "never" if hours == float("inf") else f"{hours:g} hours"
    return f"{every:18} {cluster.lost:5} {twice:11} {took:7.2f} {ideal:7.2f} {ideal / took:12.2f}"


if __name__ == "__main__":
    main()
