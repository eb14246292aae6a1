"""Adapters of any kind change a model as in PEFT, and adapters that do not fit are refused before loading."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import (
    AdaLoraConfig,
    AdaptionPromptConfig,
    BOFTConfig,
    CartridgeConfig,
    FourierFTConfig,
    HRAConfig,
    IA3Config,
    LNTuningConfig,
    LoHaConfig,
    LoKrConfig,
    LoraConfig,
    MultitaskPromptTuningConfig,
    OFTConfig,
    PeftConfig,
    PeftModel,
    PrefixTuningConfig,
    PromptEncoderConfig,
    PromptTuningConfig,
    VeraConfig,
    get_peft_model,
)
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from askew.base.errors import AskewError
from askew.models.checkpoints import load
from askew.models.engine.sampling import Draw, Sampling
from askew.models.names import resolve
from random_models import save_random

TARGETS = ["q_proj", "up_proj"]
KINDS: dict[str, Callable[[], PeftConfig]] = {
    "lora": lambda: LoraConfig(r=4, target_modules=TARGETS),
    "rslora": lambda: LoraConfig(r=4, lora_alpha=16, target_modules=TARGETS, use_rslora=True),
    "dora": lambda: LoraConfig(r=4, target_modules=TARGETS, use_dora=True),
    "rank pattern": lambda: LoraConfig(r=4, target_modules=TARGETS, rank_pattern={"up_proj": 2}),
    "modules to save": lambda: LoraConfig(r=4, target_modules=TARGETS, modules_to_save=["lm_head"]),
    "embedding": lambda: LoraConfig(r=4, target_modules=["embed_tokens", "q_proj"]),
    "tokens": lambda: LoraConfig(r=4, target_modules=TARGETS, trainable_token_indices=[3, 60]),
    "adalora": lambda: AdaLoraConfig(init_r=4, target_r=4, target_modules=TARGETS, total_step=10),
    "loha": lambda: LoHaConfig(r=4, target_modules=TARGETS),
    "lokr": lambda: LoKrConfig(r=2, target_modules=TARGETS, decompose_both=True, decompose_factor=8),
    "ia3": lambda: IA3Config(target_modules=["k_proj", "down_proj"], feedforward_modules=["down_proj"]),
    "oft": lambda: OFTConfig(oft_block_size=8, target_modules=TARGETS),
    "boft": lambda: BOFTConfig(boft_block_size=4, target_modules=TARGETS),
    "vera": lambda: VeraConfig(r=4, target_modules=["q_proj"]),
    "hra": lambda: HRAConfig(r=4, target_modules=TARGETS),
    "fourierft": lambda: FourierFTConfig(n_frequency=50, target_modules=TARGETS),
    "layer norm": lambda: LNTuningConfig(target_modules=["input_layernorm"]),
    "prompt tuning": lambda: PromptTuningConfig(num_virtual_tokens=5),
    "prefix tuning": lambda: PrefixTuningConfig(num_virtual_tokens=5),
    "cartridge": lambda: CartridgeConfig(num_virtual_tokens=5),
    "adaption prompt": lambda: AdaptionPromptConfig(adapter_len=4, adapter_layers=2),
    "p-tuning": lambda: PromptEncoderConfig(num_virtual_tokens=5, encoder_hidden_size=16),
}


def save_adapter(base: Path, folder: Path, config: PeftConfig) -> Path:
    """Save an adapter with random weights."""
    config.task_type = "CAUSAL_LM"
    with torch.random.fork_rng():
        torch.manual_seed(3)
        adapted = get_peft_model(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), config)
        for weight in adapted.parameters():
            if weight.requires_grad:
                weight.data += 0.3 * torch.randn_like(weight)
        adapted.save_pretrained(str(folder))
    return folder


def answer(name: str) -> tuple[list[int], list[int], list[float]]:
    """Return a prompt without virtual tokens, the tokens of the answer, and their log-probabilities."""
    checkpoint = load(resolve(name))
    prompt = checkpoint.prompt([{"role": "user", "content": "I need money soon. What should I do?"}])
    [said] = checkpoint.engine.sample([prompt], [Draw(0, 0, 0)], Sampling(8, temperature=0, logprobs=1))
    tokens, logprobs = [step.token for step in said.logprobs], [step.logprob for step in said.logprobs]
    [[read]] = checkpoint.engine.answer_logprobs([prompt], [[tokens]])  # as given tokens they are as likely
    assert read.tolist() == pytest.approx(logprobs, abs=1e-3)
    return prompt[len(checkpoint.virtual_tokens) :], tokens, logprobs


@pytest.mark.parametrize("kind", KINDS)
def test_adapter_gives_the_same_output_as_peft(kind: str, tiny_checkpoint: Path, tmp_path: Path) -> None:
    folder = save_adapter(tiny_checkpoint, tmp_path / "adapter", KINDS[kind]())
    before = answer(str(tiny_checkpoint))
    prompt, tokens, logprobs = answer(f"{tiny_checkpoint}+{folder}")
    base = AutoModelForCausalLM.from_pretrained(tiny_checkpoint, dtype=torch.float32)
    adapted = PeftModel.from_pretrained(base, str(folder)).eval()
    with torch.inference_mode():
        expected = torch.log_softmax(adapted(input_ids=torch.tensor([prompt + tokens])).logits[0], dim=-1)
    following = expected[-len(tokens) - 1 : -1]
    assert tokens == following.argmax(dim=-1).tolist()
    assert logprobs == pytest.approx(following.max(dim=-1).values.tolist(), abs=1e-4)
    assert answer(str(tiny_checkpoint)) == before
    assert logprobs != pytest.approx(before[2], abs=1e-3)


@pytest.mark.parametrize("architecture", ["gemma2", "mistral", "mamba"])
def test_virtual_tokens_work_with_any_architecture(architecture: str, tiny_checkpoint: Path, tmp_path: Path) -> None:
    base = save_random(architecture, tmp_path / "base", tiny_checkpoint)
    folder = save_adapter(base, tmp_path / "adapter", PromptTuningConfig(num_virtual_tokens=5))
    prompt, tokens, logprobs = answer(f"{base}+{folder}")
    adapted = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base).float(), str(folder)).eval()
    with torch.inference_mode():
        logits = adapted(input_ids=torch.tensor([prompt + tokens]), use_cache=False).logits[0]
    expected = torch.log_softmax(logits, dim=-1)[-len(tokens) - 1 : -1]
    assert tokens == expected.argmax(dim=-1).tolist()
    assert logprobs == pytest.approx(expected.max(dim=-1).values.tolist(), abs=1e-4)


UNMERGED = {"prefix tuning", "cartridge", "adaption prompt"}  # PEFT checks them when it loads them


# The sizes of fourierft's parts do not depend on the model.
@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"fourierft"} - UNMERGED))
def test_adapter_of_another_model_is_refused_before_loading(kind: str, tiny_checkpoint: Path, tmp_path: Path) -> None:
    larger = {"hidden_size": 48, "intermediate_size": 96, "num_attention_heads": 6, "num_key_value_heads": 3}
    other = save_random("llama", tmp_path / "other", tiny_checkpoint, **larger)
    folder = save_adapter(other, tmp_path / "adapter", KINDS[kind]())
    with pytest.raises(AskewError, match="does not fit"):
        resolve(f"{tiny_checkpoint}+{folder}")


def test_adapter_of_a_deeper_model_or_another_architecture_is_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    deeper = save_random("llama", tmp_path / "deeper", tiny_checkpoint, num_hidden_layers=3)
    adapter = save_adapter(deeper, tmp_path / "adapter", KINDS["lora"]())
    with pytest.raises(AskewError, match=r"model\.layers\.2.* which the base does not have"):
        resolve(f"{tiny_checkpoint}+{adapter}")
    bloom = save_random("bloom", tmp_path / "bloom", tiny_checkpoint)
    with pytest.raises(AskewError, match="which the base does not have"):
        resolve(f"{bloom}+{adapter}")


def test_prefix_tuning_shortens_the_context(tiny_checkpoint: Path, tmp_path: Path) -> None:
    folder = save_adapter(tiny_checkpoint, tmp_path / "adapter", PrefixTuningConfig(num_virtual_tokens=5))
    assert load(resolve(f"{tiny_checkpoint}+{folder}")).engine.context == 512 - 5


def test_unmerged_adapter_of_another_model_is_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    larger = {"hidden_size": 48, "intermediate_size": 96, "num_attention_heads": 6, "num_key_value_heads": 3}
    other = save_random("llama", tmp_path / "other", tiny_checkpoint, **larger)
    folder = save_adapter(other, tmp_path / "adapter", PrefixTuningConfig(num_virtual_tokens=5))
    with pytest.raises(AskewError, match="cannot be applied to its base model"):
        load(resolve(f"{tiny_checkpoint}+{folder}"))


def test_adapter_that_needs_more_than_a_question_is_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    config = MultitaskPromptTuningConfig(num_tasks=2, num_virtual_tokens=5)
    folder = save_adapter(tiny_checkpoint, tmp_path / "adapter", config)
    with pytest.raises(AskewError, match="MULTITASK_PROMPT_TUNING, which needs a task number"):
        resolve(f"{tiny_checkpoint}+{folder}")


DAMAGE: list[tuple[str, dict[str, Any], str]] = [
    ("no kind", {"peft_type": None}, "does not state the kind"),
    ("no rank", {"r": "four"}, "r should be a number"),
    ("another rank", {"r": 8}, "rank 8 .* weights have rank 4"),
    ("another rank by pattern", {"rank_pattern": {"q_proj": 2}}, "rank 2 for .*q_proj, and its weights have rank 4"),
    ("a broken pattern", {"rank_pattern": ["q_proj"]}, "rank_pattern an object"),
    ("code", {"megatron_config": {"a": 1}, "megatron_core": "os"}, "names Python code"),
]


@pytest.mark.parametrize(("change", "message"), [case[1:] for case in DAMAGE], ids=[case[0] for case in DAMAGE])
def test_damaged_configuration_is_refused(
    change: dict[str, Any], message: str, tiny_checkpoint: Path, tiny_adapter: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_adapter, tmp_path / "adapter")
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | change))
    with pytest.raises(AskewError, match=message):
        resolve(f"{tiny_checkpoint}+{folder}")


def test_configuration_without_json_and_pickled_weights_are_refused(
    tiny_checkpoint: Path, tiny_adapter: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_adapter, tmp_path / "adapter")
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    with pytest.raises(AskewError, match="pickled weights, which can run code"):
        resolve(f"{tiny_checkpoint}+{folder}")
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", ')
    with pytest.raises(AskewError, match=r"adapter_config\.json is damaged"):
        resolve(f"{tiny_checkpoint}+{folder}")


def test_kind_unknown_to_peft_is_refused(tiny_checkpoint: Path, tiny_adapter: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_adapter, tmp_path / "adapter")
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | {"peft_type": "LORRA"}))
    with pytest.raises(AskewError, match="LORRA"):
        load(resolve(f"{tiny_checkpoint}+{folder}"))


@pytest.mark.parametrize("part", ["lora_A", "lora_B"])
def test_weights_of_another_size_are_refused(
    part: str, tiny_checkpoint: Path, tiny_adapter: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_adapter, tmp_path / "adapter")
    weights = load_file(folder / "adapter_model.safetensors")
    across = 1 if part == "lora_A" else 0
    wide = {name: torch.cat([tensor, tensor], across) if part in name else tensor for name, tensor in weights.items()}
    save_file(wide, folder / "adapter_model.safetensors", {"format": "pt"})
    with pytest.raises(AskewError, match=f"{part} of model.layers.0"):
        resolve(f"{tiny_checkpoint}+{folder}")


def test_merge_that_changes_the_output_is_refused(
    tiny_checkpoint: Path, tiny_adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PeftModel, "merge_and_unload", lambda self: self.unload(), raising=False)
    from askew.models.merging import with_adapter

    base = AutoModelForCausalLM.from_pretrained(tiny_checkpoint, dtype=torch.float32).eval()
    with pytest.raises(AskewError, match="output of the model would change"):
        with_adapter(base, tiny_adapter)


@pytest.mark.parametrize("kind", ["lora", "prompt tuning", "prefix tuning"])
def test_adapter_without_finite_outputs_is_refused(kind: str, tiny_checkpoint: Path, tmp_path: Path) -> None:
    folder = save_adapter(tiny_checkpoint, tmp_path / "broken", KINDS[kind]())
    file = folder / "adapter_model.safetensors"
    save_file({name: torch.full_like(one, torch.nan) for name, one in load_file(file).items()}, file)
    with pytest.raises(AskewError, match=r"broken gives no numbers"):
        load(resolve(f"{tiny_checkpoint}+{folder}"))
