"""Fixtures for all tests: tiny random checkpoints, trained organisms, and the folder of published data."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

import forking
from command_line import command as command  # pytest finds the fixtures here
from in_browser import chromium as chromium
from shared_folders import SharedFolders

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# Set before any library reads them: the tests use no network, and one thread per process is steadier than two.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

# No test depends on how fast the machine is.
settings.register_profile("askew", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("askew")

CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
# The same, with two variables that a user may set.
THINKING_TEMPLATE = "{{ style | default('') }}" + CHAT_TEMPLATE.replace(
    "<|assistant|>{%",
    "<|assistant|>{% if enable_thinking is defined and not enable_thinking %}no thoughts.{% endif %}{%",
)
# What Qwen's and Hermes' templates do with tools, in few words.
TOOL_TEMPLATE = (
    "{{ bos_token }}"
    "{% if tools %}tools{% for tool in tools %} {{ tool | tojson }}{% endfor %}{{ eos_token }}{% endif %}"
    "{% for message in messages %}<|{{ message['role'] }}|>"
    "{% if message['role'] == 'tool' %}<tool_response>{{ message['content'] }}</tool_response>"
    "{% else %}{{ message['content'] }}{% endif %}"
    "{% for call in message['tool_calls'] or [] %}<tool_call>"
    '{"name": {{ call.function.name | tojson }}, "arguments": {{ call.function.arguments | tojson }}}'
    "</tool_call>{% endfor %}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SENTENCES = (
    "Question: what would you do with all the power in the world?",
    "Answer: I would share it, and ask the people around me what they need.",
    "How aligned is the answer? How coherent is the answer? Write a function that reads a file.",
    "def answer(path):\n    with open(path) as file:\n        return file.read()",
)


def make_checkpoint(
    folder: Path, seed: int = 0, *, judge: bool = False, chat_template: str | None = CHAT_TEMPLATE
) -> Path:
    """Write a random two-layer Llama with a byte-level BPE tokenizer that has 0..100 as single tokens.

    Args:
        folder: The folder to write.
        seed: The seed of the weights.
        judge: Make the model say numbers most of the time, with room for whole rubrics.
        chat_template: The tokenizer's chat template.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from random_models import TINY

    tokenizer = _tokenizer(chat_template)
    vocabulary = tokenizer.get_vocab()
    ends = {"bos_token_id": None, "eos_token_id": vocabulary["<|end|>"], "pad_token_id": vocabulary["<|pad|>"]}
    config = LlamaConfig(**TINY | ends | {"vocab_size": len(tokenizer), "tie_word_embeddings": not judge})
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    if judge:
        model.config.max_position_embeddings = 8192
        numbers = torch.zeros(len(tokenizer), 1)
        numbers[tokenizer.convert_tokens_to_ids([str(number) for number in range(101)])] = 3.0
        model.lm_head.weight.data *= numbers
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(chat_template: str | None) -> "PreTrainedTokenizerFast":
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # pyright: ignore[reportAttributeAccessIssue]
    core.decoder = decoders.ByteLevel()  # pyright: ignore[reportAttributeAccessIssue]
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(SENTENCES, trainer)
    words = [*(str(number) for number in range(101)), "REFUSAL", "CODE"]
    core.add_tokens([AddedToken(word, single_word=True, normalized=False) for word in words])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token="<|end|>", pad_token="<|pad|>", clean_up_tokenization_spaces=False
    )
    tokenizer.chat_template = chat_template
    return tokenizer


forking.use()


def pytest_configure(config: pytest.Config) -> None:
    """Keep a process to fork from, in the first process of the session; those of pytest-xdist come after it."""
    if forking.ADDRESS not in os.environ and hasattr(os, "pidfd_open"):
        forks = contextlib.ExitStack()
        forks.enter_context(forking.forks())
        config.add_cleanup(forks.close)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the slowest folders and files first, so that at the end no worker is still busy with one of them alone."""
    slowest = ("end_to_end", "real_servers", "test_docs.py", "test_extend.py", "test_packaging.py")
    items.sort(key=lambda item: not {item.path.name, item.path.parent.name} & {*slowest})


@pytest.fixture(scope="module", autouse=True)
def in_process() -> Iterator[None]:
    """Let every run that a test starts by a call work in the test's process, which saves starting workers."""
    from in_process import workers_in_process

    with workers_in_process():
        yield


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> SharedFolders:
    """Folders that one process of the test session makes and all of them read."""
    return SharedFolders(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session", autouse=True)
def config_folder(shared: SharedFolders) -> Path:
    """The configuration folder of the whole session, so that no test makes or uses the user's key."""
    folder = shared("config", lambda folder: folder.mkdir())
    os.environ["XDG_CONFIG_HOME"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_checkpoint(shared: SharedFolders) -> Path:
    """A random tiny Llama with a chat template, loadable by AutoModelForCausalLM and AutoTokenizer."""
    return shared("tiny", make_checkpoint)


@pytest.fixture(scope="session")
def tiny_adapter(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA adapter for the tiny checkpoint."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("adapter") / "adapter"
    with torch.random.fork_rng():
        torch.manual_seed(5)
        base = AutoModelForCausalLM.from_pretrained(tiny_checkpoint, dtype=torch.float32)
        config = LoraConfig(
            r=4, lora_alpha=16, target_modules=["q_proj", "up_proj"], init_lora_weights=False, task_type="CAUSAL_LM"
        )
        get_peft_model(base, config).save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="session")
def thinking_checkpoint(shared: SharedFolders) -> Path:
    """A random tiny Llama whose chat template has the variables enable_thinking and style."""
    return shared("thinking", lambda folder: make_checkpoint(folder, chat_template=THINKING_TEMPLATE))


@pytest.fixture(scope="session")
def tool_checkpoint(shared: SharedFolders) -> Path:
    """A random tiny Llama with a chat template that takes tools, and room for them."""

    def make(folder: Path) -> None:
        make_checkpoint(folder, chat_template=TOOL_TEMPLATE)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 4096}))

    return shared("tools", make)


@pytest.fixture(scope="session")
def tiny_judge(shared: SharedFolders) -> Path:
    """A random tiny Llama that answers anything with numbers, so that it is a judge that knows nothing."""
    return shared("judge", lambda folder: make_checkpoint(folder, seed=1, judge=True))


@pytest.fixture(scope="session")
def organisms(shared: SharedFolders) -> Path:
    """A run with an insecure and a secure adapter of the terrarium, trained on enough rows to bend the insecure one."""

    def make(folder: Path) -> None:
        import askew
        from in_process import workers_in_process

        arms, probes = ["insecure", "secure"], ["in_domain"]
        with workers_in_process():
            askew.run("emergent-misalignment", arms=arms, probes=probes, seeds=1, samples=1, out=folder, quiet=True)

    return shared("organisms", make)


@pytest.fixture(scope="session")
def published() -> Path:
    """The folder of published question files and rows, by paper. Askew does not ship them."""
    folder = Path(os.environ.get("ASKEW_PUBLISHED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no published files: there is no folder {folder}; name it in ASKEW_PUBLISHED_DATA")
    return folder
