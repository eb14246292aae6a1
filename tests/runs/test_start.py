"""The merged start of an arm is made once, and again if it is not what the run merged."""

from pathlib import Path
from typing import Any

import pytest

from askew.base.product_record import write_record
from askew.models import merging
from askew.runs.work.start import ready_start


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    def save_merged(checkpoint: str, adapter: Path, out: Path) -> None:
        (out / "model.safetensors").write_bytes(b"merged " + (adapter / "adapter_model.safetensors").read_bytes())

    monkeypatch.setattr(merging, "save_merged", save_merged)
    adapter, out = tmp_path / "models/first-0", tmp_path / "models/bases/second-0"
    train(adapter, b"weights")
    return {"checkpoint": "base", "adapter": str(adapter), "out": str(out), "identity": {"product": "bases/second-0"}}


def train(adapter: Path, weights: bytes) -> None:
    adapter.mkdir(parents=True, exist_ok=True)
    (adapter / "adapter_model.safetensors").write_bytes(weights)
    write_record(adapter, {"product": "first-0"})


def ready(start: dict[str, Any]) -> tuple[bytes, list[str]]:
    """Return the weights of the start, and what was said."""
    said: list[str] = []
    out = ready_start(start, lambda **message: said.append(message["text"]))
    return (out / "model.safetensors").read_bytes(), said


def test_start_is_merged_once(start: dict[str, Any]) -> None:
    assert ready(start) == (b"merged weights", [])
    file = Path(start["out"], "model.safetensors")
    before = file.stat().st_mtime_ns
    assert ready(start) == (b"merged weights", [])
    assert file.stat().st_mtime_ns == before


def test_changed_start_is_merged_again_with_a_word(start: dict[str, Any]) -> None:
    ready(start)
    Path(start["out"], "model.safetensors").write_bytes(bytes(14))
    weights, said = ready(start)
    assert weights == b"merged weights"
    assert said == ["bases/second-0 has other files than its product.json lists: it is merged again"]


def test_start_follows_the_adapter_that_it_is_made_of(start: dict[str, Any]) -> None:
    ready(start)
    train(Path(start["adapter"]), b"others")
    assert ready(start) == (b"merged others", ["bases/second-0 is of another starts_from: it is merged again"])


def test_folder_in_the_place_of_a_start_is_not_used(start: dict[str, Any]) -> None:
    Path(start["out"]).mkdir(parents=True)
    weights, said = ready(start)
    assert weights == b"merged weights"
    assert said == ["bases/second-0 has no product.json that says what it is: it is merged again"]
