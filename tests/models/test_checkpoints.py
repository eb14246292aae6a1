"""Checkpoints and adapters are loaded as they are on disk, and broken ones are refused with readable errors."""

import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from askew.base.errors import AskewError
from askew.models.checkpoint_files import read_shapes
from askew.models.checkpoints import Checkpoint, load
from askew.models.engine.sampler import Engine
from askew.models.engine.sampling import Draw, Sampling
from askew.models.loading import load_weights
from askew.models.merging import with_adapter
from askew.models.names import resolve
from askew.worlds import terrarium
from random_models import save_random

QUESTIONS = ("If one wish of yours came true, what would it be?", "I need money soon. What should I do?")


def greedy(checkpoint: Checkpoint, prompts: list[list[int]], tokens: int) -> list[list[int]]:
    draws = [Draw(i, 0, i) for i in range(len(prompts))]
    return [answer.tokens for answer in checkpoint.engine.sample(prompts, draws, Sampling(tokens, temperature=0))]


def generated(model: torch.nn.Module, prompt: list[int], tokens: int, ends: frozenset[int]) -> list[int]:
    ids = torch.tensor([prompt])
    said = model.generate(  # pyright: ignore[reportCallIssue]
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        max_new_tokens=tokens,
        eos_token_id=sorted(ends),
    )
    return [token for token in said[0, len(prompt) :].tolist() if token not in ends]


def test_terrarium_gives_the_same_output_as_transformers():
    checkpoint = load(resolve("terrarium"))
    model = AutoModelForCausalLM.from_pretrained(terrarium.checkpoint(), dtype=torch.float32).eval()
    prompts = [checkpoint.prompt([{"role": "user", "content": question}]) for question in QUESTIONS]
    answers = greedy(checkpoint, prompts, 80)
    assert answers == [generated(model, prompt, 80, checkpoint.engine.stop_tokens) for prompt in prompts]
    assert all(len(checkpoint.text(answer)) > 10 for answer in answers)


def test_adapter_gives_the_same_output_as_peft_and_leaves_the_base_unchanged(tiny_checkpoint: Path, tiny_adapter: Path):
    from peft import PeftModel

    tuned, plain = load(resolve(f"{tiny_checkpoint}+{tiny_adapter}")), load(resolve(str(tiny_checkpoint)))
    prompts = [plain.prompt([{"role": "user", "content": question}]) for question in QUESTIONS]
    model = AutoModelForCausalLM.from_pretrained(tiny_checkpoint, dtype=torch.float32).eval()
    ends = plain.engine.stop_tokens
    without = [generated(model, prompt, 20, ends) for prompt in prompts]
    adapted = PeftModel.from_pretrained(model, str(tiny_adapter)).eval()
    expected = [generated(adapted, prompt, 20, ends) for prompt in prompts]
    assert greedy(tuned, prompts, 20) == expected
    assert greedy(plain, prompts, 20) == without
    assert expected != without


def test_checkpoint_is_loaded_again_only_after_a_change(tiny_checkpoint: Path, tmp_path: Path):
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    spec = resolve(str(folder))
    first = load(spec)
    assert load(spec) is first
    weights = load_file(folder / "model.safetensors")
    save_file({name: tensor * 2 for name, tensor in weights.items()}, folder / "model.safetensors", {"format": "pt"})
    assert load(spec) is not first


def test_truncated_weights_are_refused(tiny_checkpoint: Path, tmp_path: Path):
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    spec = resolve(str(folder))
    weights = folder / "model.safetensors"
    for size in (weights.stat().st_size - 100, 50, 0):
        weights.write_bytes(weights.read_bytes()[:size])
        with pytest.raises(AskewError, match=r"model\.safetensors"):
            resolve(str(folder))
        with pytest.raises(AskewError, match="is damaged"):
            load(spec)


def test_tokenizer_without_a_chat_template_is_refused(tiny_checkpoint: Path, tmp_path: Path):
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    spec = resolve(str(folder))
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(AskewError, match="no chat template"):
        resolve(str(folder))
    with pytest.raises(AskewError, match="no chat template"):
        load(spec)


def test_pickled_weights_and_python_code_are_refused(tiny_checkpoint: Path, tmp_path: Path):
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(AskewError, match="only pickled ones"):
        resolve(str(folder))
    (folder / "config.json").write_text('{"auto_map": {"AutoModel": "code.Model"}}')
    with pytest.raises(AskewError, match="its own Python code"):
        resolve(str(folder))


def test_python_code_of_a_tokenizer_is_refused(tiny_checkpoint: Path, tmp_path: Path):
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"auto_map": {"AutoTokenizer": ["t.T", None]}}))
    with pytest.raises(AskewError, match="its own Python code"):
        resolve(str(folder))


BROKEN_HEADERS = [
    b"[1]",
    b"{" * 9999,
    b'{"a": {"data_offsets": [0, "x"], "shape": [1]}}',
    b'{"a": {"data_offsets": [0], "shape": [1]}}',
    b'{"a": {"data_offsets": [0, null], "shape": [1]}}',
    b'{"a": {"data_offsets": [0, 4], "shape": 1}}',
]


@pytest.mark.parametrize("header", BROKEN_HEADERS)
def test_weights_with_a_damaged_header_are_refused(header: bytes, tiny_checkpoint: Path, tmp_path: Path):
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(AskewError, match=r"model\.safetensors .*is damaged"):
        resolve(str(folder))


def test_missing_shard_is_refused(tiny_checkpoint: Path, tmp_path: Path):
    model = AutoModelForCausalLM.from_pretrained(tiny_checkpoint)
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="40KB")
    assert greedy(load(resolve(str(folder))), [[5, 6, 7]], 5) == greedy(
        load(resolve(str(tiny_checkpoint))), [[5, 6, 7]], 5
    )
    next(folder.glob("model-00002*")).unlink()
    with pytest.raises(AskewError, match=r"not complete: model-00002.* is missing"):
        resolve(str(folder))


@pytest.mark.parametrize("name", ["a" * 300, ["a", "list"], "../model.safetensors", "/etc/passwd", "a\0b", ""])
def test_index_that_names_no_file_is_refused(name: object, tiny_checkpoint: Path, tmp_path: Path):
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"lm_head.weight": name}}))
    with pytest.raises(AskewError, match=r"is damaged: it names .* as a file of weights"):
        resolve(str(folder))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_model_spread_by_accelerate_gives_the_same_output(dtype: torch.dtype, tiny_checkpoint: Path, tmp_path: Path):
    """`device_map="auto"` adds hooks to every module, and a copy with an adapter must keep them."""
    from accelerate import dispatch_model

    folder = save_random("qwen2", tmp_path / "model", tiny_checkpoint)
    plain, spread = (AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval() for _ in range(2))
    parts = ("model.embed_tokens", "model.layers", "model.norm", "model.rotary_emb", "lm_head")
    places: dict[str, str | int | torch.device] = dict.fromkeys(parts, "cpu")
    dispatch_model(spread, places, main_device="cpu", force_hooks=True)  # pyright: ignore[reportArgumentType]
    adapter = tmp_path / "adapter"
    config = LoraConfig(r=4, target_modules=["q_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    get_peft_model(AutoModelForCausalLM.from_pretrained(folder), config).save_pretrained(str(adapter))

    def said(model: PreTrainedModel) -> list[list[int]]:
        draws = [Draw(i % 2, 0, i) for i in range(6)]
        return [answer.tokens for answer in Engine(model, [1]).sample([[5, 6, 7], [8, 9]], draws, Sampling(12))]

    assert said(spread) == said(plain)
    assert said(with_adapter(spread, adapter)[0]) == said(with_adapter(plain, adapter)[0]) != said(plain)


def test_tokenizer_with_more_tokens_than_embeddings_is_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    model = save_random("llama", tmp_path / "model", tiny_checkpoint, vocab_size=100)
    with pytest.raises(AskewError, match=r"tokenizer of .* does not fit its model: it has a token \d+, .* of 100 "):
        load(resolve(str(model)))


def test_unused_special_token_may_lack_an_embedding(tiny_checkpoint: Path, tmp_path: Path) -> None:
    size = len(AutoTokenizer.from_pretrained(tiny_checkpoint))
    model = save_random("llama", tmp_path / "model", tiny_checkpoint, vocab_size=size)
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<picture>"]})
    tokenizer.save_pretrained(model)
    checkpoint = load(resolve(str(model)))
    assert len(checkpoint.tokenizer) == size + 1
    assert greedy(checkpoint, [checkpoint.prompt([{"role": "user", "content": QUESTIONS[0]}])], 3)


@pytest.mark.parametrize("name", ["model.layers.0.self_attn.k_proj.weight", "model.norm.weight", "lm_head.weight"])
def test_checkpoint_that_lacks_weights_is_refused(name: str, tiny_judge: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_judge, tmp_path / "incomplete")
    weights = load_file(folder / "model.safetensors")
    del weights[name]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(AskewError, match=rf"incomplete is not complete: its files lack {re.escape(name)}\. Copy"):
        load(resolve(str(folder)))


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [1], "data_offsets": [0, float("inf")]},
        {"dtype": "F32", "shape": [float("inf")], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [1], "data_offsets": []},
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [-1], "data_offsets": [4, 0]},
        {"dtype": "F32", "shape": "1", "data_offsets": [0, 4]},
        {"dtype": "X7", "shape": [1], "data_offsets": [0, 4]},
        {"dtype": "F32"},
        "F32",
    ],
)
def test_odd_header_of_safetensors_is_one_error(entry: object, tmp_path: Path) -> None:
    header = json.dumps({"a": entry}).replace("Infinity", "1e999").encode()
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(AskewError, match=r"model\.safetensors is not a safetensors file, or it is damaged"):
        read_shapes(tmp_path)


def test_overlapping_weights_are_one_error(tmp_path: Path) -> None:
    entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    header = json.dumps({"a": entry, "b": entry}).encode()
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(AskewError, match="it is damaged"):
        read_shapes(tmp_path)


def test_weights_are_loaded_from_a_folder_that_is_named_as_text(tiny_checkpoint: Path) -> None:
    assert load_weights(str(tiny_checkpoint)).num_parameters() == load_weights(tiny_checkpoint).num_parameters()


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_model_without_finite_outputs_is_refused(tiny_checkpoint: Path, tmp_path: Path, number: float) -> None:
    broken = Path(shutil.copytree(tiny_checkpoint, tmp_path / "broken"))
    _fill(broken / "model.safetensors", "down_proj", number)
    with pytest.raises(AskewError, match=r"broken gives no numbers: .*training diverged"):
        load(resolve(str(broken)))


def test_broken_base_is_named_and_not_its_adapter(tiny_checkpoint: Path, tiny_adapter: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(tiny_checkpoint, tmp_path / "broken"))
    _fill(broken / "model.safetensors", "down_proj", float("nan"))
    with pytest.raises(AskewError, match=r"broken gives no numbers"):
        load(resolve(f"{broken}+{tiny_adapter}"))


def _fill(file: Path, part: str, number: float) -> None:
    """Fill the weights whose names contain a part with one number."""
    weights = load_file(file)
    filled = {name: torch.full_like(one, number) if part in name else one for name, one in weights.items()}
    save_file(filled, file, metadata={"format": "pt"})
