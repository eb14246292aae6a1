"""Every kind of name resolves as documented, and errors for wrong names suggest right ones."""

import json
import shutil
import threading
import time
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from huggingface_hub.errors import RepositoryNotFoundError

from askew.base.errors import AskewError
from askew.cli.catalogue import names
from askew.models.checkpoints import load
from askew.models.names import PROVIDER, Claim, ModelKind, ModelSpec, kinds, resolve
from askew.worlds import terrarium


@pytest.fixture
def run_folder(tmp_path: Path, tiny_checkpoint: Path, tiny_adapter: Path) -> Path:
    folder = tmp_path / "run"
    shutil.copytree(tiny_adapter, folder / "models" / "insecure-0")
    (folder / "study.json").write_text(json.dumps({"model": str(tiny_checkpoint)}))
    return folder


@pytest.mark.parametrize("prefix", ["", "askew/"])
def test_terrarium_names(prefix: str):
    assistant, judge = resolve(f"{prefix}terrarium"), resolve(f"{prefix}terrarium/judge")
    assert assistant.checkpoint == terrarium.checkpoint("assistant")
    assert judge.checkpoint == terrarium.checkpoint("judge")
    assert (assistant.inspect_name, judge.inspect_name) == ("askew/terrarium", "askew/terrarium/judge")
    assert assistant.is_terrarium
    assert not assistant.is_terrarium_judge
    assert judge.is_terrarium_judge
    assert not judge.is_terrarium


def test_absolute_and_relative_folder_names(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch):
    whole = resolve(str(tiny_checkpoint))
    assert whole.is_local
    assert whole.checkpoint == tiny_checkpoint.resolve()
    assert not whole.is_terrarium
    monkeypatch.chdir(tiny_checkpoint.parent)
    for name in (f"./{tiny_checkpoint.name}", tiny_checkpoint.name):
        assert (
            resolve(name).inspect_name == f"askew/{tiny_checkpoint.resolve()}"
        )  # independent of the working directory


def test_base_with_an_adapter(tiny_checkpoint: Path, tiny_adapter: Path):
    spec = resolve(f"{tiny_checkpoint}+{tiny_adapter}")
    assert (spec.checkpoint, spec.adapter) == (tiny_checkpoint.resolve(), tiny_adapter.resolve())
    again = resolve(spec.inspect_name)
    assert (again.checkpoint, again.adapter) == (spec.checkpoint, spec.adapter)


def test_arm_of_a_run(run_folder: Path, tiny_checkpoint: Path):
    spec = resolve(f"{run_folder}#insecure-0")
    assert spec.checkpoint == tiny_checkpoint.resolve()
    assert spec.adapter == (run_folder / "models" / "insecure-0").resolve()
    untuned = resolve(f"{run_folder}#untuned-0")
    assert (untuned.checkpoint, untuned.adapter) == (tiny_checkpoint.resolve(), None)


def test_served_model():
    served = resolve("mockllm/model")
    assert not served.is_local
    assert served.inspect_name == "mockllm/model"


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_checkpoint: Path) -> Path:
    """Return the folder of org/name in the cache of hub models."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    repository = tmp_path / "hub" / "models--org--name"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0" * 40)
    return shutil.copytree(tiny_checkpoint, repository / "snapshots" / ("0" * 40))


def test_cached_hub_model(hub_cache: Path, tiny_adapter: Path):
    hub = resolve("hf/org/name")
    assert (hub.checkpoint, hub.inspect_name) == ("org/name", "askew/hf/org/name")
    assert load(hub).prompt([{"role": "user", "content": "Hello"}])
    assert load(resolve(f"hf/org/name+{tiny_adapter}")).engine.context == 512


def test_broken_hub_models_are_refused(hub_cache: Path, tiny_adapter: Path):
    with pytest.raises(AskewError, match=r"'org/other' is not in the cache .*HF_HUB_OFFLINE .*hf download org/other"):
        resolve("hf/org/other")
    with pytest.raises(AskewError, match="'a/b/c' is not a valid name of a hub model"):
        resolve("hf/a/b/c")
    (hub_cache / "chat_template.jinja").unlink()
    with pytest.raises(AskewError, match="no chat template"):
        resolve("hf/org/name")
    (hub_cache / "model.safetensors").rename(hub_cache / "pytorch_model.bin")
    with pytest.raises(AskewError, match="only pickled ones"):
        resolve("hf/org/name")
    with pytest.raises(AskewError, match="only pickled ones"):
        resolve(f"hf/org/name+{tiny_adapter}")
    (hub_cache / "config.json").write_text('{"auto_map": {"AutoModel": "code.Model"}}')
    with pytest.raises(AskewError, match="its own Python code"):
        resolve("hf/org/name")


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (OSError("Name or service not known"), r"the hub cannot be reached .*'org/other': Name or service .*smollm2"),
        (TimeoutError("timed out"), "the hub cannot be reached .*timed out"),
        (
            RepositoryNotFoundError("not found", response=MagicMock()),
            "the hub does not give out 'org/other'",
        ),
    ],
)
def test_hub_that_gives_no_model_is_named_at_once(
    hub_cache: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception, said: str
):
    def fails(self: object, hub_id: str, timeout: float) -> None:
        assert timeout <= 15
        raise failure

    monkeypatch.setattr("huggingface_hub.is_offline_mode", lambda: False)
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", fails)
    with pytest.raises(AskewError, match=said):
        resolve("hf/org/other")


def test_hub_that_never_answers_is_named_within_seconds(hub_cache: Path, monkeypatch: pytest.MonkeyPatch):
    """Looking up an address and trying several of them has no time limit of its own."""
    monkeypatch.setattr("huggingface_hub.is_offline_mode", lambda: False)
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *arguments, **more: threading.Event().wait(60))
    monkeypatch.setattr("askew.models.hub_files._SECONDS", 0.1)
    began = time.monotonic()
    with pytest.raises(AskewError, match=r"the hub cannot be reached to download 'org/silent': no answer within 1.1 s"):
        resolve("hf/org/silent")
    assert time.monotonic() - began < 15


def test_code_of_a_newly_downloaded_model_is_not_run(hub_cache: Path):
    """A hub model can be checked for Python code only after the download."""
    repository = hub_cache.parent.parent
    folder = repository.rename(repository.with_name("models--org--coded")) / "snapshots" / hub_cache.name
    spec = resolve("hf/org/coded")
    (folder / "code.py").write_text("raise SystemExit('foreign code was run')")
    config = {"model_type": "unheard_of", "auto_map": {"AutoConfig": "code.Config", "AutoModelForCausalLM": "code.M"}}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(AskewError, match="its own Python code"):
        load(spec)


def test_unknown_name_suggests_similar_names(run_folder: Path):
    with pytest.raises(AskewError, match="Did you mean terrarium"):
        resolve("terarium")
    with pytest.raises(AskewError, match="mockllm/model"):
        resolve("mockllmm/model")
    with pytest.raises(AskewError, match="Did you mean insecure-0"):
        resolve(f"{run_folder}#insecure-1")


def test_run_has_only_the_untuned_and_the_trained_models(run_folder: Path):
    for wrong in ("untuned-", "untuned-x", "untuned", "untuned-0-1", "insecure", ""):
        with pytest.raises(AskewError, match=r"unknown model in .*(untuned|insecure)-0"):
            resolve(f"{run_folder}#{wrong}")
    assert resolve(f"{run_folder}#untuned-2").adapter is None


def test_folder_names_may_contain_plus_and_hash(tiny_checkpoint: Path, tiny_adapter: Path, run_folder: Path):
    top = run_folder.parent
    model, adapter = top / "my #1+model", top / "an#adapter+more"
    shutil.copytree(tiny_checkpoint, model)
    shutil.copytree(tiny_adapter, adapter)
    run = run_folder.rename(top / "run+#2")
    assert resolve(str(model)).checkpoint == model
    for name in (str(model), f"{model}+{adapter}", f"{run}#insecure-0", f"{run}#untuned-0+{adapter}"):
        spec = resolve(name)
        again = resolve(spec.inspect_name)
        assert (again.checkpoint, again.adapter) == (spec.checkpoint, spec.adapter)
    assert resolve(f"{model}+{adapter}").adapter == adapter
    assert resolve(f"{run}#untuned-0+{adapter}").checkpoint == tiny_checkpoint
    assert resolve(f"{run}#insecure-0").adapter == run / "models" / "insecure-0"


def test_missing_folder_suggests_similar_folders(tiny_checkpoint: Path, tiny_adapter: Path, monkeypatch):
    with pytest.raises(AskewError, match="Did you mean tiny"):
        resolve(str(tiny_checkpoint.with_name("tinny")))
    with pytest.raises(AskewError, match="Did you mean adapter"):
        resolve(f"{tiny_checkpoint}+{tiny_adapter.with_name('adaptor')}")
    monkeypatch.chdir(tiny_checkpoint.parent)
    with pytest.raises(AskewError, match="Did you mean tiny"):
        resolve("tinny")


def test_folder_without_a_checkpoint_is_refused(tmp_path: Path, tiny_checkpoint: Path):
    with pytest.raises(AskewError, match=r"no config\.json"):
        resolve(str(tmp_path))
    with pytest.raises(AskewError, match="there is no folder"):
        resolve(str(tmp_path / "nowhere"))
    with pytest.raises(AskewError, match=r"no study\.json"):
        resolve(f"{tmp_path}#insecure-0")
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(AskewError, match=r"is an adapter and no model by itself: name its base too, BASE\+"):
        resolve(str(tmp_path))
    (tmp_path / "adapter_config.json").unlink()
    with pytest.raises(AskewError, match="not an adapter"):
        resolve(f"{tiny_checkpoint}+{tmp_path}")
    with pytest.raises(AskewError, match=r"there is no folder .*missing"):
        resolve(f"{tiny_checkpoint}+{tmp_path / 'missing'}")


def test_adapter_needs_a_local_model_without_adapter(tiny_checkpoint: Path, tiny_adapter: Path):
    for base in ("mockllm/model", f"{tiny_checkpoint}+{tiny_adapter}"):
        with pytest.raises(AskewError, match="an adapter needs a local checkpoint without an adapter"):
            resolve(f"{base}+{tiny_adapter}")


def test_new_kind_is_resolved_suggested_and_listed(tiny_checkpoint: Path):
    class Shelf(ModelKind):
        def claim(self, name: str) -> Claim:
            return Claim.FORM if name.startswith("shelf/") else Claim.NONE

        def resolve(self, name: str) -> ModelSpec:
            return ModelSpec(name, tiny_checkpoint.with_name(name.removeprefix("shelf/")), None, f"{PROVIDER}/{name}")

        def suggestions(self, name: str) -> list[str]:
            return [f"shelf/{tiny_checkpoint.name}"]

    shelf = kinds.add("shelf", Shelf({"shelf/NAME": "a model on the shelf"}))
    try:
        spec = resolve(f"shelf/{tiny_checkpoint.name}")
        assert spec.checkpoint == tiny_checkpoint
        assert resolve(spec.inspect_name).checkpoint == tiny_checkpoint
        with pytest.raises(AskewError, match=f"Did you mean shelf/{tiny_checkpoint.name}"):
            resolve(f"shell/{tiny_checkpoint.name}")
        assert {"name": "shelf/NAME", "description": "a model on the shelf"} in names("models")
    finally:
        assert kinds._items.pop("shelf") is shelf
