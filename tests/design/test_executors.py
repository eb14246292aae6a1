"""The setting `executor`: its forms, its address, and a machine without Ray."""

from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.design import executors
from askew.design.executors import RayAddress, check_executor, ray_address, read_executor
from command_line import Command


@pytest.mark.parametrize("text", ["local", "ray", "ray://head:10001", "ray://[::1]:10001"])
def test_each_form_is_read(text: str) -> None:
    assert read_executor("--executor", text) == text


@pytest.mark.parametrize("text", ["", "Ray", "head:6379", "slurm", "ray:head"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(AskewError, match="write local, ray, or ray://HOST:PORT"):
        read_executor("--executor", text)


@pytest.mark.parametrize("text", ["ray://", "ray://head", "ray://head:0", "ray://head:70000", "ray://he ad:1"])
def test_wrong_addresses_are_refused(text: str) -> None:
    with pytest.raises(AskewError, match="no address of a Ray cluster"):
        read_executor("--executor", text)


def test_the_variable_of_ray_names_the_cluster_of_ray() -> None:
    assert ray_address("ray", {}) == RayAddress("auto")
    assert ray_address("ray", {"RAY_ADDRESS": "head:6379"}) == RayAddress("head:6379", "head", 6379)
    assert ray_address("ray", {"RAY_ADDRESS": "ray://head:10001"}).is_client
    assert ray_address("ray://other:1", {"RAY_ADDRESS": "head:6379"}) == RayAddress("ray://other:1", "other", 1)
    with pytest.raises(AskewError, match="RAY_ADDRESS is 'local', which is no address of a Ray cluster"):
        ray_address("ray", {"RAY_ADDRESS": "local"})


def test_a_machine_without_ray_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "find_spec", lambda name: None)
    check_executor("local", {})
    with pytest.raises(AskewError, match=r"ray needs Ray, which is not installed: `pip install 'askew\[ray\]'`"):
        check_executor("ray", {})


def test_the_command_refuses_a_wrong_executor_before_anything_is_done(command: Command) -> None:
    code, out, errors = command("run", "grokking", "--executor", "slurm", "--out", "run")
    assert (code, out) == (2, "")
    assert "--executor is 'slurm': write local, ray, or ray://HOST:PORT" in errors


def test_a_wrong_executor_in_a_file_is_told_with_its_line(command: Command, tmp_path: Path) -> None:
    (tmp_path / "design.yaml").write_text("study: grokking\nexecutor: slurm\n")
    code, _, errors = command("run", "--config", "design.yaml")
    assert code == 2
    assert "design.yaml, line 2: executor is 'slurm'" in errors
