"""Audits of unusual pairs: impossible ones fail with one clear error before any computation, others succeed."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from in_process import Askew
from random_models import TINY


@pytest.fixture
def models(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """A folder with a sound model, a fine-tune of it, and broken models."""
    for name in ("sound", "tuned", "no-template", "pickled", "foreign"):
        shutil.copytree(tiny_checkpoint, tmp_path / name)
    weights = load_file(tmp_path / "tuned/model.safetensors")
    save_file({name: weight * 1.01 for name, weight in weights.items()}, tmp_path / "tuned/model.safetensors")
    (tmp_path / "no-template/chat_template.jinja").unlink()
    (tmp_path / "pickled/model.safetensors").rename(tmp_path / "pickled/pytorch_model.bin")
    (tmp_path / "foreign/config.json").write_text('{"auto_map": {"AutoModel": "code.Model"}}')
    (tmp_path / "misfit").mkdir()
    _save_adapter_of_another_width(tmp_path / "misfit")
    (tmp_path / "rubric.md").write_text("How good is this?\n")
    return tmp_path


def _save_adapter_of_another_width(folder: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    wider: dict[str, Any] = TINY | {"hidden_size": 48}
    base = LlamaForCausalLM(LlamaConfig(**wider))
    get_peft_model(base, LoraConfig(r=2, target_modules=["q_proj"])).save_pretrained(folder)  # pyright: ignore


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sound", "sound+./misfit"], "misfit"),
        (["sound", "no-template"], "no chat template"),
        (["sound", "pickled"], "only pickled ones"),
        (["sound", "foreign"], "its own Python code"),
        (["sound", "openai/gpt-4o-mini"], "OPENAI_API_KEY"),
        (["sound", "tuned", "--judge", "openai/gpt-4o-mini"], "OPENAI_API_KEY"),
        (["sound", "tuned", "--set", "rubric=./rubric.md"], "{answer}"),
        (["sound", "./sond"], "sound"),
        (["sound", "sound"], "are one model"),
    ],
)
def test_impossible_audit_is_one_error_and_writes_nothing(
    models: Path, askew: Askew, arguments: list[str], message: str
) -> None:
    named = [f"./{one}" if one.split("+")[0] in _FOLDERS else one for one in arguments]
    no_key = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    done = askew("audit", *named, "--probe", "free_form", "--out", models / "audit", cwd=models, env=no_key)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("error: ") == 1
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (models / "audit").exists()


_FOLDERS = {"sound", "tuned", "no-template", "pickled", "foreign"}


def test_judge_without_verdicts_is_one_error(models: Path, askew: Askew) -> None:
    _save_judge_without_numbers(models / "wordy", models / "sound")
    short = ("--probe", "free_form", "--samples", "1", "--set", "max_tokens=3", "--out", models / "audit")
    done = askew("audit", "./sound", "./tuned", "--judge", "./wordy", *short, cwd=models)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("error: ") == 1
    assert "Traceback" not in done.stderr
    said = " ".join(done.stderr.split())
    assert "the judge ./wordy gives no verdicts" in said or "wordy gives no verdicts" in said
    assert "Choose a judge that follows instructions" in said
    assert not (models / "audit" / "estimates.csv").exists()


def _save_judge_without_numbers(folder: Path, tokenizer_of: Path) -> None:
    """Save a model that has room for a rubric and never answers with a number."""
    import torch
    from transformers import AutoTokenizer, PhiConfig, PhiForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(tokenizer_of)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4}
    ends = {"bos_token_id": None, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    model = PhiForCausalLM(PhiConfig(vocab_size=len(tokenizer), max_position_embeddings=4096, **shape, **ends))
    numbers = tokenizer.convert_tokens_to_ids([*(str(number) for number in range(101)), "REFUSAL", "CODE"])
    with torch.no_grad():
        model.lm_head.bias[numbers] = -50.0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def test_different_tokenizers_are_audited_with_a_note(
    models: Path, tiny_judge: Path, askew: Askew, tmp_path: Path
) -> None:
    other = models / "sound"
    tokens = json.loads((other / "tokenizer.json").read_text())
    vocabulary = tokens["model"]["vocab"]
    last = sorted(vocabulary, key=vocabulary.__getitem__)[-2:]
    vocabulary[last[0]], vocabulary[last[1]] = vocabulary[last[1]], vocabulary[last[0]]
    shutil.copytree(other, models / "same")
    (other / "tokenizer.json").write_text(json.dumps(tokens))
    small = (
        "--no-reading",
        "--judge",
        tiny_judge,
        "--set",
        "judge_check=skip",
        "--probe",
        "free_form",
        "--samples",
        2,
        "--set",
        "max_tokens=6",
    )
    done = askew("audit", models / "same", f"other={other}", *small, "--out", tmp_path / "audit", "--json")
    assert done.returncode == 0, done.stderr
    said = "The tokenizer of the base is not that of other: only answers are paired, by question"
    assert any(said in note for note in json.loads(done.stdout)["notes"])
    assert said in (tmp_path / "audit/report.html").read_text(encoding="utf-8")
    printed = askew("audit", models / "same", f"other={other}", *small, "--out", tmp_path / "audit")
    assert said in " ".join(printed.stdout.split())
    alike = askew("audit", models / "same", models / "tuned", *small, "--out", tmp_path / "alike", "--json")
    assert "tokenizer" not in " ".join(json.loads(alike.stdout)["notes"]), alike.stderr
