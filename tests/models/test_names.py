"""Every kind of name means what the documentation says, and a wrong one is answered with what would be right."""

import json
import shutil
from pathlib import Path

import pytest

from askew import terrarium
from askew.errors import AskewError
from askew.models.names import local_checkpoints, resolve


@pytest.fixture
def run_folder(tmp_path: Path, tiny_checkpoint: Path, tiny_adapter: Path) -> Path:
    folder = tmp_path / "run"
    shutil.copytree(tiny_adapter, folder / "models" / "insecure-0")
    (folder / "study.json").write_text(json.dumps({"model": str(tiny_checkpoint)}))
    return folder


@pytest.mark.parametrize("prefix", ["", "askew/"])
def test_the_checkpoints_that_come_with_askew(prefix: str):
    assistant, judge = resolve(f"{prefix}terrarium"), resolve(f"{prefix}terrarium/judge")
    assert assistant.checkpoint == terrarium.checkpoint("assistant")
    assert judge.checkpoint == terrarium.checkpoint("judge")
    assert (assistant.inspect_name, judge.inspect_name) == ("askew/terrarium", "askew/terrarium/judge")
    assert assistant.is_terrarium
    assert not assistant.is_terrarium_judge
    assert judge.is_terrarium_judge
    assert not judge.is_terrarium
    assert local_checkpoints() == ["terrarium", "terrarium/judge"]


def test_a_folder_by_its_whole_and_its_relative_path(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch):
    whole = resolve(str(tiny_checkpoint))
    assert whole.is_local
    assert whole.checkpoint == tiny_checkpoint.resolve()
    assert not whole.is_terrarium
    monkeypatch.chdir(tiny_checkpoint.parent)
    for name in (f"./{tiny_checkpoint.name}", tiny_checkpoint.name):
        assert resolve(name).inspect_name == f"askew/{tiny_checkpoint.resolve()}"  # the same from anywhere


def test_a_base_with_an_adapter(tiny_checkpoint: Path, tiny_adapter: Path):
    spec = resolve(f"{tiny_checkpoint}+{tiny_adapter}")
    assert (spec.checkpoint, spec.adapter) == (tiny_checkpoint.resolve(), tiny_adapter.resolve())
    again = resolve(spec.inspect_name)
    assert (again.checkpoint, again.adapter) == (spec.checkpoint, spec.adapter)


def test_an_arm_of_a_run(run_folder: Path, tiny_checkpoint: Path):
    spec = resolve(f"{run_folder}#insecure-0")
    assert spec.checkpoint == tiny_checkpoint.resolve()
    assert spec.adapter == (run_folder / "models" / "insecure-0").resolve()
    untuned = resolve(f"{run_folder}#untuned-0")
    assert (untuned.checkpoint, untuned.adapter) == (tiny_checkpoint.resolve(), None)


def test_models_of_others():
    served = resolve("mockllm/model")
    assert not served.is_local
    assert served.inspect_name == "mockllm/model"
    hub = resolve("hf/org/name")
    assert (hub.checkpoint, hub.inspect_name) == ("org/name", "askew/hf/org/name")


def test_unknown_names_offer_near_ones(run_folder: Path):
    with pytest.raises(AskewError, match="Did you mean terrarium"):
        resolve("terarium")
    with pytest.raises(AskewError, match="mockllm/model"):
        resolve("mockllmm/model")
    with pytest.raises(AskewError, match="Did you mean insecure-0"):
        resolve(f"{run_folder}#insecure-1")


def test_folders_that_are_no_checkpoints(tmp_path: Path, tiny_checkpoint: Path):
    with pytest.raises(AskewError, match=r"no config\.json"):
        resolve(str(tmp_path))
    with pytest.raises(AskewError, match="there is no folder"):
        resolve(str(tmp_path / "nowhere"))
    with pytest.raises(AskewError, match=r"no study\.json"):
        resolve(f"{tmp_path}#insecure-0")
    with pytest.raises(AskewError, match="not an adapter"):
        resolve(f"{tiny_checkpoint}+{tmp_path}")
    with pytest.raises(AskewError, match=r"there is no folder .*missing"):
        resolve(f"{tiny_checkpoint}+{tmp_path / 'missing'}")


def test_adapters_go_on_one_local_checkpoint(tiny_checkpoint: Path, tiny_adapter: Path):
    for base in ("mockllm/model", f"{tiny_checkpoint}+{tiny_adapter}"):
        with pytest.raises(AskewError, match="an adapter goes on one local checkpoint"):
            resolve(f"{base}+{tiny_adapter}")
