"""The files of a checkpoint and of an adapter."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _mutation as mutation
from ._kind import Kind

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")


def kinds(folder: Path) -> list[Kind]:
    """Return the files of models and adapters.

    Args:
        folder: An empty folder for files.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from askew.models.checkpoints import load
    from askew.models.lineage import reads_alike, same_weights
    from askew.models.names import resolve
    from askew.training.recipe_check import context_of

    base, adapter = folder / "base", folder / "adapter"
    small_model(base)
    shutil.copytree(base, folder / "other")
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    lora = LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    get_peft_model(model, lora).save_pretrained(str(adapter))
    unchanged = resolve(str(folder / "other"))

    def read_model() -> None:
        spec = resolve(str(base))
        context_of(base)
        same_weights(spec, unchanged)
        reads_alike(spec, unchanged)
        load(spec).prompt([{"role": "user", "content": "Hi"}])

    def read_adapter() -> None:
        load(resolve(f"{folder / 'other'}+{adapter}"))

    found = []
    mutations = {"config.json": mutation.in_sizes, "model.safetensors": mutation.in_header}
    for name in ("config.json", "tokenizer_config.json", "tokenizer.json", "generation_config.json", *_WEIGHTS):
        whole, mutate = (base / name).read_bytes(), mutations.get(name, mutation.in_json)
        found.append(Kind(f"model: {name}", [whole], mutate, base / name, read_model))
    for name, mutate in (
        ("adapter_config.json", mutation.in_adapter),
        ("adapter_model.safetensors", mutation.in_header),
    ):
        found.append(Kind(f"adapter: {name}", [(adapter / name).read_bytes()], mutate, adapter / name, read_adapter))
    return found


def small_model(folder: Path) -> None:
    """Save a random model of one narrow layer with a tokenizer of few tokens, so that it is read in little time."""
    from transformers import LlamaConfig, LlamaForCausalLM

    from askew.models.checkpoint_files import read_shapes

    tokenizer = _tokenizer()
    sizes: dict[str, Any] = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = LlamaConfig(**sizes, vocab_size=len(tokenizer), max_position_embeddings=256, num_key_value_heads=1)
    LlamaForCausalLM(config).save_pretrained(folder)
    names = json.dumps({"metadata": {}, "weight_map": dict.fromkeys(read_shapes(folder), _WEIGHTS[0])})
    (folder / _WEIGHTS[1]).write_text(names)
    tokenizer.save_pretrained(folder)


def _tokenizer() -> "PreTrainedTokenizerFast":
    """Return a tokenizer of bytes and a few tokens of several."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # pyright: ignore[reportAttributeAccessIssue]
    core.decoder = decoders.ByteLevel()  # pyright: ignore[reportAttributeAccessIssue]
    special = [AddedToken(f"<|{name}|>", special=True) for name in ("pad", "end", "user", "assistant")]
    trainer = trainers.BpeTrainer(
        vocab_size=290, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=special
    )
    core.train_from_iterator(["the cat sat on the mat"], trainer)
    made = PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<|pad|>", eos_token="<|end|>")
    made.chat_template = (
        "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>{% endif %}"
    )
    return made
