"""Runs on a Ray cluster of three nodes, one of which dies with work on it; and clusters that cannot be used.

A node that lacks something is one whose mounts differ, which only an administrator's process can have.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest

import askew
import forking
from askew.base.errors import AskewError
from askew.design.make import make_plan
from askew.runs.executors import ray_cluster
from askew.runs.executors.ray_cluster import RayExecutor
from askew.runs.store import folder_of
from command_line import Command

pytest.importorskip("ray", reason="Ray is not installed")
pytest.importorskip("grpc", reason="Ray's client is not installed")

IF_ASKED = "it takes four minutes of quiet processors: set ASKEW_TEST_RAY=1 and run this file by itself"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not os.environ.get("ASKEW_TEST_RAY"), reason=IF_ASKED),
]

NETWORKS = {
    "arms": ["decay", "no-decay"],
    "seeds": 2,
    "grokking": {"p": 11, "hidden": 16, "epochs": 500},
}
AUDIT = {"probes": ["free_form"], "samples": 10, "until": "told", "reading": False}
SYSTEM = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500, "health_check_failure_threshold": 10}
STORE = 80 * 2**20
NO_DASHBOARD: dict[str, Any] = {"include_dashboard": False, "object_store_memory": STORE}


class Cluster:
    """A Ray cluster of this machine.

    Args:
        nodes: How many nodes it has, each with one processor.
    """

    def __init__(self, nodes: int) -> None:
        from ray.cluster_utils import Cluster as RayCluster

        self._folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")  # sockets need a short path
        self.client_port = _free_port()
        ports = {"ray_client_server_port": self.client_port}
        arguments = {"num_cpus": 1, "_system_config": SYSTEM, "temp_dir": self._folder, **NO_DASHBOARD, **ports}
        self._cluster = RayCluster(initialize_head=True, head_node_args=arguments)
        for _ in range(nodes - 1):
            self._cluster.add_node(num_cpus=1, object_store_memory=STORE)

    @property
    def address(self) -> str:
        return str(self._cluster.address)

    def kill(self, name: str) -> None:
        """Kill all processes of a node, by its name for people."""
        [node] = [node for node in self._cluster.list_all_nodes() if node.node_id.startswith(name.partition("/")[2])]
        self._cluster.remove_node(node, allow_graceful=False)

    def kill_head(self) -> None:
        """Kill all processes of the head."""
        assert self._cluster.head_node
        self._cluster.head_node.kill_all_processes(check_alive=False, allow_graceful=False, wait=True)

    def add(self) -> None:
        """Add a node."""
        self._cluster.add_node(num_cpus=1, object_store_memory=STORE)

    def end(self) -> None:
        """End all processes."""
        self._cluster.shutdown()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def started(nodes: int) -> Iterator[Cluster]:
    """Start a cluster, or skip the test with the reason; no process of it is left behind."""
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_raylet_start_wait_time_s", "120")  # on a machine that other tests keep busy
        patch.setenv(forking.NO_FORKS, "1")
        try:
            cluster = Cluster(nodes)
        except Exception as error:  # Ray raises many kinds
            pytest.skip(f"a Ray cluster cannot start here: {error}")
        try:
            yield cluster
        finally:
            cluster.end()
            left = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
            _, alive = psutil.wait_procs(left, timeout=20)
            for child in alive:
                child.kill()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with started(3) as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def _working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def watching(see: Callable[[RayExecutor, str, dict[str, Any]], None]) -> Iterator[None]:
    """Show a test every event of the tasks of a run on a cluster: the executor, the task's name, the event."""
    do = RayExecutor.do

    def watched(self: RayExecutor, tasks: Any, means: Any, kinds: Any, on_event: Any, left: Any) -> None:
        def seen(task: Any, message: dict[str, Any]) -> None:
            see(self, task.name if task else "", message)
            on_event(task, message)

        do(self, tasks, means, kinds, seen, left)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RayExecutor, "do", watched)
        yield


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the tables that the work of a run made."""
    files = [*folder.glob("networks/*/*.parquet"), *folder.glob("answers.parquet")]
    return {str(file.relative_to(folder)): pd.read_parquet(file) for file in files}


def assert_equal_tables(one: Path, other: Path) -> None:
    left, right = tables(one), tables(other)
    assert left.keys() == right.keys() != set()
    for name, table in left.items():
        pd.testing.assert_frame_equal(table, right[name])


def test_a_node_is_killed_and_all_is_done_once_with_equal_results(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    killed: list[str] = []
    said: list[str] = []
    done: list[str] = []

    def see(executor: RayExecutor, task: str, message: dict[str, Any]) -> None:
        node = message.get("node", "")
        if message["event"] == "step" and not killed and node != executor.driver_node:
            killed.append(node)
            cluster.kill(node)
        if message["event"] == "said":
            said.append(message["text"])
        if message["event"] == "done":
            done.append(task)

    with watching(see):
        askew.run("grokking", executor="ray", out="ray", quiet=True, **NETWORKS)
    cluster.add()
    print(f"killed {killed}; said {said}; done {done}")
    assert said == [f"lost on node {killed[0]}, since the node died: it is done again"]
    assert sorted(done) == ["train decay-0", "train decay-1", "train no-decay-0", "train no-decay-1"]
    assert not list((tmp_path / "ray").glob(".on-all-nodes*"))
    askew.run("grokking", out="local", quiet=True, **NETWORKS)
    assert_equal_tables(tmp_path / "ray", tmp_path / "local")


def test_batches_until_the_verdict_is_told_have_the_answers_of_one_machine(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    tuned = "schooled=terrarium/schooled"
    there = askew.audit("terrarium", tuned, executor="ray", out="ray", quiet=True, **AUDIT)
    here = askew.audit("terrarium", tuned, out="local", quiet=True, **AUDIT)
    assert there.sequential == here.sequential
    assert there.verdict == here.verdict
    assert_equal_tables(tmp_path / "ray", tmp_path / "local")
    assert there.design.executor == "ray"
    assert askew.audit("terrarium", tuned, out="ray", quiet=True, **AUDIT).verdict == there.verdict


@contextmanager
def nodes_with_mounts(cluster: Cluster, places: Sequence[Sequence[str]]) -> Iterator[None]:
    """Add nodes that have each run shell commands in a place of its own for mounts."""
    start = f"{sys.executable} -u -m ray.scripts.scripts start --address={cluster.address} --num-cpus=1 --block"
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    processes: list[subprocess.Popen[str]] = []
    try:
        for commands in places:
            script = " && ".join([*commands, f"exec {start} --object-store-memory={STORE} --disable-usage-stats"])
            unshared = ["unshare", "--mount", "sh", "-c", script]
            process = subprocess.Popen(unshared, start_new_session=True, **options)
            processes.append(process)
            said: list[str] = []
            for line in process.stdout or ():
                said.append(line)
                if "Ray runtime started" in line:
                    break
            else:
                pytest.skip(f"no node with other mounts can start here: {said[-1:]}")
        yield
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in processes:
            process.wait()


def test_nodes_that_lack_something_are_told_before_any_work(
    cluster: Cluster, tmp_path: Path, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, small = tmp_path / "run", tmp_path / "small"
    run.mkdir()
    small.mkdir()
    places = (
        [f"mount --bind {run} {run}", f"mount -o remount,ro,bind {run}"],
        [f"mount -t tmpfs tmpfs {tiny_checkpoint}"],
        [f"mount -t tmpfs -o size=1m tmpfs {small}", f"export TMPDIR={small}"],
    )
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    with nodes_with_mounts(cluster, places), pytest.raises(AskewError) as refused:
        askew.audit(str(tiny_checkpoint), executor="ray", out=run, quiet=True, probes=["free_form"])
    lines = sorted(str(refused.value).splitlines(), key=lambda line: line.split(" ", 2)[2])
    print(*lines, sep="\n")
    assert len(lines) == 3
    assert f"cannot write to the run's folder {run}: Read-only file system" in lines[0]
    assert f"does not have the files of the model {tiny_checkpoint}" in lines[1]
    assert f"has only 1 MB left on the disk of {small}" in lines[2]
    assert {path.name for path in run.iterdir()} <= {".lock"}


def test_a_cluster_is_used_from_outside_by_its_client_port(cluster: Cluster, tmp_path: Path) -> None:
    plan = make_plan("grokking", overrides={"executor": f"ray://127.0.0.1:{cluster.client_port}"})
    with RayExecutor(plan, folder_of(plan, tmp_path / "run"), print) as executor:
        executor.ready()
        assert executor.driver_node


def test_an_address_where_nothing_answers_is_told_at_once(tmp_path: Path, command: Command) -> None:
    code, out, errors = command("run", "grokking", "--executor", f"ray://127.0.0.1:{_free_port()}", "--out", "run")
    assert (code, out) == (2, "")
    assert "error: no Ray cluster answers at ray://127.0.0.1:" in errors
    assert "(Connection refused): check the address, that the head runs, and that its port is open" in errors
    assert not (tmp_path / "run" / "study.json").exists()


def test_something_else_at_the_address_is_no_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_cluster, "_SECONDS_TO_CONNECT", 8.0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{other.getsockname()[1]}")
        plan = make_plan("grokking", overrides={"executor": "ray"})
        with (
            RayExecutor(plan, folder_of(plan, tmp_path / "run"), print) as executor,
            pytest.raises(AskewError, match=r"Ray cluster at 127\.0\.0\.1:\d+ does not answer|cannot connect to the"),
        ):
            executor.ready()


def test_a_killed_head_stops_the_run_and_what_is_finished_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_gcs_rpc_server_reconnect_timeout_s", "2")
    done: list[str] = []
    with started(1) as cluster:
        monkeypatch.setenv("RAY_ADDRESS", cluster.address)

        def see(executor: RayExecutor, task: str, message: dict[str, Any]) -> None:
            if message["event"] == "done":
                done.append(task)
                cluster.kill_head()

        with watching(see), pytest.raises(AskewError, match="is gone: its head was stopped, or cannot be reached"):
            askew.run("grokking", executor="ray", out="run", quiet=True, **NETWORKS)
    assert len(done) == 1
    finished = [path.name for path in (tmp_path / "run/networks").iterdir() if not path.name.startswith(".")]
    assert done == [f"train {name}" for name in finished]
    askew.run("grokking", out="run", quiet=True, **NETWORKS)  # on this machine, where it left off
    pieces = pd.read_json(tmp_path / "run/timings.json").query("stage == 'grok'")["piece"]
    assert sorted(pieces) == ["train decay-0", "train decay-1", "train no-decay-0", "train no-decay-1"]
