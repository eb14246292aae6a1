"""Pairs that no audit can compare are refused, and doubtful ones get a note."""

import json
import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from askew.base.errors import AskewError
from askew.design.lineage import notes
from askew.design.make import make_plan
from askew.design.plan import Plan


def pair(base: object, *tuned: object) -> Plan:
    return make_plan("audit", overrides={"model": str(base), "tuned": {f"t{n}": str(m) for n, m in enumerate(tuned)}})


@pytest.fixture
def other(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """Return a fine-tune of the tiny checkpoint, whose config.json names the tiny checkpoint."""
    folder = Path(shutil.copytree(tiny_checkpoint, tmp_path / "other"))
    weights = load_file(folder / "model.safetensors")
    save_file({name: weight * 1.01 for name, weight in weights.items()}, folder / "model.safetensors")
    _edit(folder / "config.json", _name_or_path=str(tiny_checkpoint))
    return folder


def test_same_model_is_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(tiny_checkpoint, tmp_path / "copied"))
    for base, tuned, reason in [
        ("terrarium", "terrarium", "the two names stand for it"),
        (tiny_checkpoint, copied, "they have the same weights"),
        ("openai/gpt-x", "openai/gpt-x", "the two names stand for it"),
    ]:
        with pytest.raises(AskewError, match=f"are one model, because {reason}"):
            pair(base, tuned)


def test_swapped_models_are_refused(organisms: Path, tiny_checkpoint: Path, other: Path) -> None:
    for base, tuned in [
        (f"{organisms}#insecure-0", "terrarium"),
        (f"terrarium+{organisms}/models/insecure-0", f"{organisms}#untuned-0"),
        (other, tiny_checkpoint),
        ("openai/ft:gpt-x:org::1", "openai/gpt-x"),
    ]:
        with pytest.raises(AskewError, match=r"was tuned from .* which is named as the tuned model: name the base"):
            pair(base, tuned)


def test_sound_pair_has_no_note(organisms: Path, tiny_checkpoint: Path, other: Path) -> None:
    assert notes(pair("terrarium", f"{organisms}#insecure-0")) == []
    assert notes(pair(tiny_checkpoint, other)) == []
    assert notes(pair("openai/gpt-x", "openai/ft:gpt-x:org::1")) == []
    assert notes(pair(tiny_checkpoint)) == []


def test_base_that_was_tuned_itself_is_noted(organisms: Path) -> None:
    base, other_base = notes(pair(f"{organisms}#secure-0", f"{organisms}#insecure-0"))
    assert "#secure-0 is itself tuned, from terrarium: the audit shows what changed since" in base
    assert "t0 was tuned from terrarium, and not from the base" in other_base


def test_adapter_on_another_base_than_its_record_is_noted(organisms: Path) -> None:
    said = notes(pair("terrarium/sibling", f"terrarium/sibling+{organisms}/models/insecure-0"))
    assert len(said) == 1
    assert "which has other weights than the model that it is put on" in said[0]


def test_same_weights_with_another_template_and_twins_are_noted(tiny_checkpoint: Path, tmp_path: Path) -> None:
    changed = Path(shutil.copytree(tiny_checkpoint, tmp_path / "changed"))
    template = changed / "chat_template.jinja"
    template.write_text(template.read_text() + "\n")
    said = notes(pair(tiny_checkpoint, changed, changed))
    assert "t0 has the weights of its base, and another chat template or tokenizer: only those differ." in said
    assert "t0 and t1 are the same model." in said


def _edit(path: Path, **settings: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))
