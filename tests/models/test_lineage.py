"""Models are compared by their weights, and records lead to the models that they were tuned from."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from askew.models.lineage import ancestors, reads_alike, recorded_base, same_weights
from askew.models.names import ModelSpec, resolve


@pytest.fixture
def copied(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_checkpoint, tmp_path / "copied"))


def same(one: object, other: object) -> bool | None:
    return same_weights(resolve(str(one)), resolve(str(other)))


def test_copied_and_split_checkpoints_are_the_same(tiny_checkpoint: Path, copied: Path) -> None:
    assert same(tiny_checkpoint, copied)
    weights = load_file(copied / "model.safetensors")
    names = sorted(weights)
    for number, part in enumerate((names[:5], names[5:])):
        save_file({name: weights[name] for name in part}, copied / f"part-{number}.safetensors", {"made": "elsewhere"})
    (copied / "model.safetensors").unlink()
    assert same(tiny_checkpoint, copied)


def test_one_changed_weight_makes_another_model(tiny_checkpoint: Path, copied: Path) -> None:
    weights = load_file(copied / "model.safetensors")
    last = sorted(weights)[-1]
    weights[last] = weights[last].clone()
    weights[last].view(-1)[-1] += 1
    save_file(weights, copied / "model.safetensors")
    assert same(tiny_checkpoint, copied) is False


def test_left_out_tied_output_is_the_same_model(tiny_checkpoint: Path, copied: Path) -> None:
    weights = load_file(copied / "model.safetensors")
    save_file({**weights, "lm_head.weight": torch.zeros(2)}, copied / "model.safetensors")
    assert same(tiny_checkpoint, copied)


def test_adapter_that_changes_nothing_is_its_base(tiny_checkpoint: Path, tiny_adapter: Path, tmp_path: Path) -> None:
    assert same(tiny_checkpoint, f"{tiny_checkpoint}+{tiny_adapter}") is False
    fresh = Path(shutil.copytree(tiny_adapter, tmp_path / "fresh"))
    parts = load_file(fresh / "adapter_model.safetensors")
    save_file(
        {name: torch.zeros_like(part) if "lora_B" in name else part for name, part in parts.items()},
        fresh / "adapter_model.safetensors",
    )
    assert same(tiny_checkpoint, f"{tiny_checkpoint}+{fresh}")


def test_copied_adapter_on_a_copied_base_is_the_same(
    tiny_checkpoint: Path, tiny_adapter: Path, copied: Path, tmp_path: Path
) -> None:
    again = Path(shutil.copytree(tiny_adapter, tmp_path / "again"))
    _edit(again / "adapter_config.json", base_model_name_or_path="elsewhere")
    assert same(f"{tiny_checkpoint}+{tiny_adapter}", f"{copied}+{again}")
    _edit(again / "adapter_config.json", lora_alpha=1)
    assert same(f"{tiny_checkpoint}+{tiny_adapter}", f"{copied}+{again}") is False


def test_other_model_with_an_adapter_may_be_a_merged_one(
    tiny_checkpoint: Path, tiny_adapter: Path, tiny_judge: Path
) -> None:
    assert same(tiny_judge, f"{tiny_checkpoint}+{tiny_adapter}") is None


def test_template_and_vocabulary_decide_how_prompts_are_read(tiny_checkpoint: Path, copied: Path) -> None:
    assert reads_alike(resolve(str(tiny_checkpoint)), resolve(str(copied)))
    template = copied / "chat_template.jinja"
    template.write_text(template.read_text() + "!")
    assert not reads_alike(resolve(str(tiny_checkpoint)), resolve(str(copied)))


def test_records_lead_to_the_first_model(tiny_checkpoint: Path, copied: Path, tiny_adapter: Path) -> None:
    def before(name: object) -> list[str]:
        return [older.name for older in ancestors(resolve(str(name)))]

    assert before(tiny_checkpoint) == []
    assert before(f"{tiny_checkpoint}+{tiny_adapter}") == [str(tiny_checkpoint)]
    _edit(copied / "config.json", _name_or_path=str(tiny_checkpoint))
    assert before(f"{copied}+{tiny_adapter}") == [str(copied), str(tiny_checkpoint)]
    _edit(copied / "config.json", _name_or_path=str(copied))  # a circle ends
    assert set(before(copied)) == {str(copied)}
    assert before("openai/ft:gpt-x-2026:org::abc") == ["openai/gpt-x-2026"]


def test_checkpoint_in_a_run_names_the_model_of_its_arm(tiny_checkpoint: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    made = shutil.copytree(tiny_checkpoint, run / "models" / "whole-0")
    bases = {"second": "terrarium"}
    (run / "study.json").write_text(json.dumps({"model": str(tiny_checkpoint), "provenance": {"bases": bases}}))
    assert resolve(str(made)).tuned_from == resolve(f"{run}#whole-0").tuned_from == str(tiny_checkpoint)
    second = shutil.copytree(tiny_checkpoint, run / "models" / "bases" / "second-0")
    assert resolve(str(second)).tuned_from == "terrarium"


def test_record_of_a_model_that_is_gone_or_not_local_is_only_its_name(tiny_adapter: Path, tmp_path: Path) -> None:
    adapter = Path(shutil.copytree(tiny_adapter, tmp_path / "adapter"))
    for name in ("/gone/model", "openai/gpt-oss-20b"):
        _edit(adapter / "adapter_config.json", base_model_name_or_path=name)
        recorded = recorded_base(adapter)
        assert recorded is not None
        assert recorded == ModelSpec(name, name, None, name)
        assert same_weights(recorded, resolve("terrarium")) is None


def _edit(path: Path, **settings: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))
