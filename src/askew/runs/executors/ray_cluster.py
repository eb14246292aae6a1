"""The executor of a Ray cluster: each piece of work is a Ray task, which Ray gives to a node with room for it.

Ray decides which node does what. A task says how many processors, GPUs and bytes of memory it takes; all of them are on
one node, as Ray grants them for a task, so several processes that train together need no placement group. Everything
that Ray is asked goes through a process of its own (`ray_driver`), because Ray ends a process that loses its cluster.
"""

import math
import os
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from askew.base.atomic import make_folder, write_whole
from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.design.executors import AUTO, RayAddress, ray_address
from askew.design.plan import Plan
from askew.runs.executors import Left, Means
from askew.runs.executors.follow import Event, follow
from askew.runs.executors.node_checks import check_nodes, number_formats
from askew.runs.executors.node_report import PROOF, Report, Wanted, report
from askew.runs.executors.ray_process import RayProcess
from askew.runs.executors.wanted import wanted_files, wanted_servers
from askew.runs.memory_needed import GB, memory_of
from askew.runs.pace import TERRARIUM_PACE
from askew.runs.pool import OnEvent, Resources, Task
from askew.runs.store import RunFolder
from askew.runs.work import Kind, Work

_SECONDS_TO_REACH, _SECONDS_TO_CONNECT, _SECONDS_TO_OPEN = 5.0, 90.0, 240.0
_NAMES = {"CPU": "processors", "GPU": "GPUs", "memory": "GB of memory"}


@dataclass(frozen=True)
class Node:
    """A node of a cluster.

    Attributes:
        id: Ray's name for it.
        name: The name for people.
        resources: What it has in all: `CPU`, `GPU`, `memory` in bytes.
    """

    id: str
    name: str
    resources: Mapping[str, float]


class RayExecutor:
    """Does the tasks of a run on a Ray cluster, all of whose nodes share the run's folder.

    Args:
        plan: The plan.
        folder: The run's folder.
        say: Shows the user a line.

    Attributes:
        driver_node: The name of the node through which the cluster is used; "" before it is known.
    """

    def __init__(self, plan: Plan, folder: RunFolder, say: Callable[[str], None]) -> None:
        self.driver_node = ""
        self._plan = plan
        self._folder = folder.path.resolve()
        self._say = say
        self._address = ray_address(plan.design.executor)
        self._process: RayProcess | None = None
        self._nodes: list[Node] = []
        self._wanted = Wanted("", "", "")
        self._here: Report | None = None
        self._session = 0
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Begin the session; the cluster is first asked when there is work."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all tasks, and leave the cluster."""
        self._open.close()

    def ready(self) -> None:
        """Connect to the cluster, and check that each of its nodes can work for the run.

        Raises:
            AskewError: The cluster cannot be reached, or a node lacks something; the error says what.
        """
        if self._process is not None:
            return
        _check_reach(self._address)
        files = wanted_files(self._plan)
        self._wanted = Wanted(str(self._folder), secrets.token_hex(16), os.getcwd(), files, wanted_servers(self._plan))
        self._process = self._open.enter_context(RayProcess(self._where))
        self._open.callback(_remove_proofs, self._folder)
        make_folder(self._folder)
        write_whole(self._folder / PROOF, self._wanted.proof.encode())
        self._here = report(self._wanted)
        self._process.order(order="open", address=self._address.text, wanted=asdict(self._wanted))
        self._check_connected(self._process.next(_SECONDS_TO_CONNECT))
        opened = self._process.next(_SECONDS_TO_OPEN)
        self._nodes = [Node(one["id"], one["name"], one["resources"]) for one in opened["nodes"]]
        self._check_nodes(opened["nodes"], self._here, opened["here"])

    def means(self, works: Mapping[Kind[Any], Sequence[Work]]) -> Means:
        """Return how many pieces the nodes have room for at the same time.

        Args:
            works: The work that is left, by its kind.

        Raises:
            AskewError: The cluster cannot be reached, or no node has room for some work.
        """
        pieces = [work for left in works.values() for work in left]
        if not pieces:
            return Means(0)
        self.ready()
        plan, memory = self._plan, memory_of(self._plan, self._folder / "data")
        requests = [self._request(work.resources(plan, memory)) for work in pieces]
        for work, asked in zip(pieces, requests, strict=True):
            self._check_room(work.name, asked)
        most = min(max(_at_once(asked, self._nodes), 1) for asked in requests)
        at_once = min(most, len(pieces), plan.design.workers or most)
        count = len(self._nodes)
        place = f" on {count} node{'' if count == 1 else 's'} of the Ray cluster {self._where}"
        is_known = plan.model.is_terrarium or not plan.study.has_model
        return Means(at_once, place, memory, TERRARIUM_PACE if is_known else None)

    def do(self, tasks: Sequence[Task], means: Means, kinds: Sequence[str], on_event: OnEvent, left: Left) -> None:
        """Do all tasks; see `follow`.

        Args:
            tasks: The tasks.
            means: The means, from `means`.
            kinds: The kinds of work among the tasks.
            on_event: Called with the events of workers.
            left: Returns what is left of a task that was lost with its node.

        Raises:
            AskewError: A task was refused or lost too often, a node cannot write, or the cluster is gone.
            RuntimeError: A task failed; the error has the traceback.
        """
        self.ready()
        assert self._process
        assert self._here
        site = {
            "wanted": asdict(self._wanted),
            "here": asdict(self._here),
            "checked": [node.id for node in self._nodes],
            "kinds": list(kinds),
        }
        self._process.order(order="begin", site=site)
        self._session += 1  # so that no event of earlier tasks is taken for one of these
        prefix = f"{self._session}:"

        def submit(key: str, task: Task) -> None:
            assert self._process
            self._process.order(
                order="submit",
                key=prefix + key,
                name=task.name,
                job=task.message,
                request=self._request(task.resources),
                is_served=task.is_served,
            )

        follow(tasks, self._plan.design.workers, submit, self._events(prefix), on_event, left)

    def _events(self, prefix: str) -> Iterator[Event]:
        assert self._process
        while True:
            message = self._process.next()
            if "key" not in message or message["key"].startswith(prefix):
                yield {**message, "key": message.get("key", "").removeprefix(prefix)}

    def _request(self, resources: Resources) -> dict[str, float]:
        """Return what a task asks of a node, in Ray's names."""
        return request(resources, [node.resources for node in self._nodes], self._plan.design.workers)

    @property
    def _where(self) -> str:
        return "of this machine" if self._address.text == AUTO else f"at {self._address.text}"

    def _check_connected(self, message: Event) -> None:
        if message["event"] == "unreachable":
            raise AskewError(_why_unreachable(self._address, visible(message["reason"])))

    def _check_nodes(self, nodes: Sequence[Mapping[str, Any]], here: Report, first: str) -> None:
        """Check what the nodes reported; a node without processors gets no work and needs nothing."""
        if not nodes:
            raise AskewError(f"the Ray cluster {self._where} has no node with a processor: start some with `ray start`")
        self.driver_node = next((node["name"] for node in nodes if node["id"] == first), "")
        asks = first if self.driver_node else nodes[0]["id"]
        reports = check_nodes(nodes, here, self._wanted, asks)
        is_real = any(not self._plan.spec(name).is_terrarium for name in self._plan.named_models)
        on_gpus = any(node.resources.get("GPU") for node in self._nodes)
        if is_real and not on_gpus and (said := number_formats(reports)):
            self._say(f"  {said}")

    def _check_room(self, name: str, asked: Mapping[str, float]) -> None:
        """Refuse work for which no node has room, since Ray would wait for one."""
        if _at_once(asked, self._nodes):
            return
        sizes = {kind: amount / GB if kind == "memory" else amount for kind, amount in asked.items()}
        needs = ", ".join(f"{size:.3g} {_NAMES[kind]}" for kind, size in sizes.items())
        raise AskewError(
            f"{name} needs a node with {needs}, and the Ray cluster {self._where} has none: add such a node, or lower "
            "the number of processes that train together"
        )


def request(resources: Resources, nodes: Sequence[Mapping[str, float]], workers: int) -> dict[str, float]:
    """Return what a task asks of a node, in Ray's names.

    Without GPUs in the cluster none is asked for. Where the user wants more workers than there are GPUs, they share
    them. Memory is an estimate, so no more is asked for than the largest node has.

    Args:
        resources: The resources that the task takes.
        nodes: What each node has in all.
        workers: The number of workers that the user set; 0 for none.
    """
    asked = {"CPU": resources.processors}
    gpus = sum(node.get("GPU", 0.0) for node in nodes)
    if gpus and resources.gpus:
        shared = math.ceil(workers / gpus) if workers > gpus and resources.gpus == 1 else 1
        asked["GPU"] = resources.gpus / shared
    most = max((node.get("memory", 0.0) for node in nodes), default=0.0)
    if resources.memory and most:
        asked["memory"] = float(int(min(resources.memory, most)))
    return asked


def _at_once(asked: Mapping[str, float], nodes: Sequence[Node]) -> int:
    """Return how many tasks with a request the nodes have room for at the same time."""
    return sum(
        min(int(node.resources.get(kind, 0.0) / amount) for kind, amount in asked.items() if amount) for node in nodes
    )


def _check_reach(address: RayAddress) -> None:
    """Check that something answers at an address, which Ray itself takes a minute to find out."""
    if not address.host:
        return
    try:
        socket.create_connection((address.host, address.port), _SECONDS_TO_REACH).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise AskewError(
            f"no Ray cluster answers at {address.text} ({reason}): check the address, that the head runs, and that its "
            "port is open to this machine"
        ) from error


def _why_unreachable(address: RayAddress, reason: str) -> str:
    """Return the error for a cluster that Ray cannot connect to."""
    text = address.text
    if "ersion mismatch" in reason or "ersion of" in reason:
        return f"this machine and the Ray cluster at {text} differ: {reason}. Install the same Python and Ray"
    if address.text == AUTO and "Could not find any running Ray instance" in reason:
        return (
            "no Ray cluster runs on this machine, and RAY_ADDRESS names none: start one with `ray start --head`, name "
            "one with --executor ray://HOST:PORT, or leave out --executor"
        )
    if not address.is_client and ("raylet" in reason or "node" in reason.lower()):
        return (
            f"this machine is no node of the Ray cluster at {text} ({reason}): give the command on a node, or use "
            "--executor ray://HOST:10001 from outside"
        )
    return f"cannot connect to the Ray cluster at {text}: {reason}"


def _remove_proofs(folder: Path) -> None:
    for file in folder.glob(f"{PROOF}*"):
        file.unlink(missing_ok=True)
