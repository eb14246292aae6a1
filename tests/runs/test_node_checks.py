"""What a node must have before a run is begun on a cluster: each lack is one clear error."""

import shutil
from collections import namedtuple
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from askew.base.errors import AskewError
from askew.runs.executors import node_report
from askew.runs.executors.node_checks import check_nodes, number_formats, trouble
from askew.runs.executors.node_report import PROOF, Report, Wanted, report
from askew.runs.executors.ray_cluster import request
from askew.runs.pool import Resources

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def wanted(tmp_path: Path) -> Wanted:
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.safetensors").write_bytes(bytes(64))
    (tmp_path / PROOF).write_text("proof")
    return Wanted(str(tmp_path), "proof", str(tmp_path), {str(model): "the files of the model tiny"})


def test_a_node_with_everything_is_taken(wanted: Wanted, tmp_path: Path) -> None:
    here, there = report(wanted), report(wanted)
    assert trouble("one/a", there, here, wanted) == ""
    assert check_nodes([{"id": "a", "name": "one/a", "report": asdict(there)}], here, wanted, "a") == {"one/a": there}
    assert not (tmp_path / there.wrote).exists()


def with_release(name: str, release: str) -> Callable[[Report], Report]:
    return lambda found: replace(found, releases={**found.releases, name: release})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (with_release("python", "3.9.1"), "node one/a has python 3.9.1, and this machine has "),
        (with_release("ray", "2.9.0"), "node one/a has ray 2.9.0, and this machine has "),
        (with_release("askew", "9.0"), "node one/a has askew 9.0, and this machine has "),
        (with_release("torch", ""), "node one/a has torch not at all"),
        (lambda found: replace(found, code="other"), "node one/a has other modules of Askew"),
        (lambda found: replace(found, key="other"), "node one/a has another key than this machine"),
        (lambda found: replace(found, has_start=False), "node one/a has no folder "),
        (lambda found: replace(found, proof=""), "node one/a does not see the run's folder"),
        (
            lambda found: replace(found, wrote="", trouble="Read-only file system"),
            "Read-only file system. Let the user",
        ),
        (
            lambda found: replace(found, sizes=dict.fromkeys(found.sizes, -1)),
            "does not have the files of the model tiny",
        ),
        (
            lambda found: replace(found, sizes=dict.fromkeys(found.sizes, 3)),
            "another version of the files of the model",
        ),
        (lambda found: replace(found, room={"/tmp": 5_000_000}), "has only 5 MB left on the disk of /tmp"),
        (
            lambda found: replace(found, unasked={"openai/x": "a key is missing"}),
            "on node one/a, which asks the served models: a key is missing",
        ),
    ],
)
def test_a_node_that_lacks_something_is_refused(change: Callable[[Report], Report], said: str, wanted: Wanted) -> None:
    here = report(wanted)
    assert said in trouble("one/a", change(here), here, wanted, asks=True)


def test_only_the_node_that_asks_served_models_needs_keys(wanted: Wanted) -> None:
    here = report(wanted)
    assert trouble("one/a", replace(here, unasked={"openai/x": "a key is missing"}), here, wanted) == ""


def test_a_key_is_looked_for_where_the_served_model_is_asked(wanted: Wanted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    found = report(replace(wanted, served=["openai/gpt-4o-mini"]))
    assert "Set OPENAI_API_KEY or" in found.unasked["openai/gpt-4o-mini"]


def test_a_node_looks_for_itself(wanted: Wanted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = report(wanted)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: Usage(10, 9, 1))
    assert "has only 0 MB left" in trouble("one/a", report(wanted), here, wanted)
    monkeypatch.undo()
    shutil.rmtree(tmp_path / "model")
    assert "does not have the files of the model tiny" in trouble("one/a", report(wanted), here, wanted)
    (tmp_path / PROOF).unlink()
    assert "does not see the run's folder" in trouble("one/a", report(wanted), here, wanted)


def test_every_node_in_trouble_is_told_up_to_a_few(wanted: Wanted) -> None:
    here = report(wanted)
    bad: list[dict[str, Any]] = [{"id": str(n), "name": f"n{n}", "silent": "ModuleNotFoundError"} for n in range(8)]
    with pytest.raises(AskewError) as error:
        check_nodes(bad, here, wanted, "0")
    lines = str(error.value).splitlines()
    assert lines[0].startswith("node n0 cannot work for this run (ModuleNotFoundError): Askew must be installed there")
    assert len(lines) == 6
    assert lines[-1] == "and 3 more nodes"


def test_what_a_node_writes_must_be_seen_here(wanted: Wanted, tmp_path: Path) -> None:
    here, there = report(wanted), report(wanted)
    (tmp_path / there.wrote).unlink()
    with pytest.raises(AskewError, match=r"what node one/a writes into .* is not seen on this machine"):
        check_nodes([{"id": "a", "name": "one/a", "report": asdict(there)}], here, wanted, "a")


def test_nodes_of_several_kinds_of_processor_are_warned_of(wanted: Wanted) -> None:
    found = report(wanted)
    fast, slow = replace(found, is_fast_in_bf16=True), replace(found, is_fast_in_bf16=False)
    assert number_formats({"a": fast, "b": fast}) == number_formats({"a": slow}) == ""
    assert "a ask models above 50 M parameters in bf16, and b in float32" in number_formats({"a": fast, "b": slow})


def test_the_code_of_askew_has_a_digest() -> None:
    assert len(node_report._code()) == 16


CPUS = [{"CPU": 4.0, "memory": 8e9}] * 2
GPUS = [*CPUS, {"CPU": 8.0, "GPU": 2.0, "memory": 64e9}]


@pytest.mark.parametrize(
    ("resources", "nodes", "workers", "asked"),
    [
        (Resources(), CPUS, 0, {"CPU": 1.0}),
        (Resources(memory=3e9), CPUS, 0, {"CPU": 1.0, "memory": 3e9}),
        (Resources(memory=9e9), CPUS, 0, {"CPU": 1.0, "memory": 8e9}),
        (Resources(), GPUS, 0, {"CPU": 1.0, "GPU": 1.0}),
        (Resources(), GPUS, 2, {"CPU": 1.0, "GPU": 1.0}),
        (Resources(), GPUS, 5, {"CPU": 1.0, "GPU": 1 / 3}),
        (Resources(2.0, 2.0), GPUS, 5, {"CPU": 2.0, "GPU": 2.0}),
        (Resources(0.1, 0.0, 1e9), GPUS, 0, {"CPU": 0.1, "memory": 1e9}),
    ],
)
def test_a_task_asks_for_what_it_takes(
    resources: Resources, nodes: list[dict[str, float]], workers: int, asked: dict[str, float]
) -> None:
    assert request(resources, nodes, workers) == pytest.approx(asked)
