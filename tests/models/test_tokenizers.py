"""A model is asked with the tokenizer and the chat template of its adapter, and refusals give the true reason."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from askew.base.errors import AskewError
from askew.models.checkpoints import load
from askew.models.engine.sampling import Draw, Sampling
from askew.models.merging import save_merged
from askew.models.names import resolve

TEMPLATE = "{% for m in messages %}[{{ m.role }}] {{ m.content }} {% endfor %}[assistant]"
QUESTION = [{"role": "user", "content": "Hi"}]


def prompt(name: str) -> str:
    checkpoint = load(resolve(name))
    text = checkpoint.tokenizer.decode(checkpoint.prompt(QUESTION))
    assert isinstance(text, str)
    return text


@pytest.fixture
def adapter(tiny_adapter: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_adapter, tmp_path / "adapter")


def test_chat_template_of_an_adapter_is_used(tiny_checkpoint: Path, adapter: Path) -> None:
    plain = prompt(f"{tiny_checkpoint}+{adapter}")
    (adapter / "chat_template.jinja").write_text(TEMPLATE)
    assert prompt(f"{tiny_checkpoint}+{adapter}") == "[user] Hi [assistant]" != plain
    (adapter / "chat_template.jinja").unlink()
    tokenizer = AutoTokenizer.from_pretrained(tiny_checkpoint)
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(adapter)
    assert prompt(f"{tiny_checkpoint}+{adapter}") == "[user] Hi [assistant]"
    (adapter / "chat_template.jinja").unlink()
    assert prompt(f"{tiny_checkpoint}+{adapter}") == plain


def test_adapter_brings_the_template_that_its_base_lacks(tiny_checkpoint: Path, adapter: Path, tmp_path: Path) -> None:
    base = shutil.copytree(tiny_checkpoint, tmp_path / "base")
    (base / "chat_template.jinja").unlink()
    with pytest.raises(AskewError, match="has no chat template"):
        resolve(f"{base}+{adapter}")
    (adapter / "chat_template.jinja").write_text(TEMPLATE)
    assert prompt(f"{base}+{adapter}") == "[user] Hi [assistant]"


def resized(base: Path, folder: Path, with_embeddings: bool = True, **config: Any) -> Path:
    """Save an adapter with two tokens more than its base has embeddings, with its tokenizer."""
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    rows = model.config.vocab_size
    new = [f"<|new-{number}|>" for number in range(rows - len(tokenizer) + 2)]
    tokenizer.add_special_tokens({"additional_special_tokens": new})
    tokenizer.chat_template = f"{new[-1]}{TEMPLATE}"
    with torch.random.fork_rng():
        torch.manual_seed(4)
        model.resize_token_embeddings(len(tokenizer))
        settings = {"target_modules": ["q_proj"], "init_lora_weights": False, **config}
        adapted = get_peft_model(model, LoraConfig(r=4, task_type="CAUSAL_LM", **settings))
        adapted.save_pretrained(str(folder), save_embedding_layers=with_embeddings or "modules_to_save" in config)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("config", [{}, {"modules_to_save": ["embed_tokens", "lm_head"]}])
def test_resized_vocabulary_is_used(config: dict[str, Any], tiny_checkpoint: Path, tmp_path: Path) -> None:
    folder = resized(tiny_checkpoint, tmp_path / "adapter", **config)
    checkpoint = load(resolve(f"{tiny_checkpoint}+{folder}"))
    ids = checkpoint.prompt(QUESTION)
    base = AutoModelForCausalLM.from_pretrained(tiny_checkpoint, dtype=torch.float32)
    assert ids[0] >= base.config.vocab_size
    base.resize_token_embeddings(len(checkpoint.tokenizer))
    adapted = PeftModel.from_pretrained(base, str(folder)).eval()
    save_merged(tiny_checkpoint, folder, tmp_path / "merged")
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged", dtype=torch.float32)
    with torch.inference_mode():
        expected, found = (model(input_ids=torch.tensor([ids])).logits[0] for model in (adapted, merged))
    assert torch.allclose(found, expected, atol=1e-4)
    assert load(resolve(str(tmp_path / "merged"))).prompt(QUESTION) == ids
    [said] = checkpoint.engine.sample([ids], [Draw(0, 0, 0)], Sampling(1, temperature=0, logprobs=1))
    assert said.logprobs[0].logprob == pytest.approx(float(torch.log_softmax(expected[-1], dim=-1).max()), abs=1e-4)


def test_missing_embeddings_of_a_resized_vocabulary_are_the_reason(tiny_checkpoint: Path, tmp_path: Path) -> None:
    folder = resized(tiny_checkpoint, tmp_path / "adapter", with_embeddings=False)
    with pytest.raises(AskewError, match=r"the tokenizer of .*adapter does not fit its model: it has a token \d+"):
        load(resolve(f"{tiny_checkpoint}+{folder}"))
    folder = resized(tiny_checkpoint, tmp_path / "head", with_embeddings=False, target_modules=["lm_head"])
    with pytest.raises(
        AskewError, match="it must bring the embeddings of all of them: train it with modules_to_save"
    ) as caught:
        resolve(f"{tiny_checkpoint}+{folder}")
    assert "trained on another model" not in str(caught.value)


def several(folder: Path) -> None:
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    templates = [{"name": name, "template": TEMPLATE} for name in ("rag", "tool_use")]
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"chat_template": templates}))


def in_files(folder: Path) -> None:
    (folder / "additional_chat_templates").mkdir()
    (folder / "additional_chat_templates" / "rag.jinja").write_text(TEMPLATE)
    (folder / "additional_chat_templates" / "tool_use.jinja").write_text(TEMPLATE)


def of_a_processor(folder: Path) -> None:
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": TEMPLATE}))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (several, r"has several chat templates \(rag, tool_use\), and none of them is named default"),
        (in_files, r"has several chat templates \(rag, tool_use\), and none of them is named default"),
        (of_a_processor, r"it is in chat_template.json, which only processors of images read"),
    ],
)
def test_refusal_of_a_template_gives_the_reason(
    change: Callable[[Path], None], reason: str, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    spec = resolve(str(folder))
    (folder / "chat_template.jinja").unlink()
    change(folder)
    for refused in (lambda: resolve(str(folder)), lambda: load(spec)):
        with pytest.raises(AskewError, match=reason):
            refused()
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    assert prompt(str(folder)) == "[user] Hi [assistant]"


def test_template_named_default_is_used(tiny_checkpoint: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    (folder / "chat_template.jinja").unlink()
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    templates = [{"name": "rag", "template": "no"}, {"name": "default", "template": TEMPLATE}]
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"chat_template": templates}))
    assert prompt(str(folder)) == "[user] Hi [assistant]"


@pytest.mark.parametrize("value", [[], {"a": 1}, "many"])
def test_setting_of_a_wrong_type_is_one_error(tiny_checkpoint: Path, tmp_path: Path, value: Any) -> None:
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"model_max_length": value}))
    with pytest.raises(AskewError, match=r"the tokenizer of .* cannot be loaded"):
        prompt(str(folder))


@pytest.mark.parametrize("prefix", ["a prefix that is longer than a token", "##" * 20, "é" * 12])
def test_panic_in_the_library_of_tokenizers_is_one_error(tiny_checkpoint: Path, tmp_path: Path, prefix: str) -> None:
    """The library is written in Rust, whose panics are no `Exception` in Python."""
    folder = Path(shutil.copytree(tiny_checkpoint, tmp_path / "copy"))
    settings = json.loads((folder / "tokenizer.json").read_text())
    settings["model"]["continuing_subword_prefix"] = prefix
    settings["model"]["merges"] = [["a", "b"]]
    (folder / "tokenizer.json").write_text(json.dumps(settings))
    with pytest.raises(AskewError, match=r"the tokenizer of .* cannot be loaded"):
        load(resolve(str(folder)))
