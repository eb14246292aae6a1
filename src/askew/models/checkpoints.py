"""Loads checkpoints and adapters, each once in a process, as something that can be asked.

Base weights are read once. An adapter is folded into a copy of them: that is half again as fast as carrying
it along, and leaves the base as it was for the next adapter.
"""

import copy
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import cast

import torch
from peft import PeftModel
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from askew.errors import AskewError
from askew.models import files
from askew.models.engine import Engine
from askew.models.names import ModelSpec

_loading = threading.Lock()


@dataclass(frozen=True)
class Checkpoint:
    """A model that can be asked: an engine, and the tokenizer to talk to it with."""

    engine: Engine
    tokenizer: PreTrainedTokenizerBase

    def prompt(self, messages: Sequence[dict[str, str]]) -> list[int]:
        """Return the token ids that ask the model for the next turn of a conversation."""
        ids = self.tokenizer.apply_chat_template(list(messages), add_generation_prompt=True, return_dict=False)
        return cast(list[int], ids)

    def text(self, tokens: Sequence[int]) -> str:
        """Return what tokens say, special ones left out."""
        text = self.tokenizer.decode(list(tokens), skip_special_tokens=True)
        assert isinstance(text, str)
        return text

    @cached_property
    def token_texts(self) -> list[str]:
        """What each token of the vocabulary says by itself."""
        return [str(self.tokenizer.decode([token])) for token in range(len(self.tokenizer))]


def load(spec: ModelSpec) -> Checkpoint:
    """Return a local model; from memory, if it was loaded before and its files have not changed since.

    Args:
        spec: What to load. It must be local.

    Raises:
        AskewError: Its files cannot be read, or the adapter does not fit.
    """
    assert spec.checkpoint is not None
    with _loading:
        return _load(spec.checkpoint, _version(spec.checkpoint), spec.adapter, _version(spec.adapter))


@lru_cache(maxsize=4)
def _load(checkpoint: Path | str, version: object, adapter: Path | None, adapter_version: object) -> Checkpoint:
    model, tokenizer = _load_base(checkpoint, version)
    if adapter is not None:
        model = _with_adapter(model, adapter)
    return Checkpoint(Engine(model, _ends(model, tokenizer)), tokenizer)


@lru_cache(maxsize=2)
def _load_base(checkpoint: Path | str, version: object) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    transformers_logging.disable_progress_bar()
    on_disk = isinstance(checkpoint, Path)
    on_gpu = torch.cuda.is_available()
    try:
        tokenizer = AutoTokenizer.from_pretrained(checkpoint, local_files_only=on_disk)
        model = AutoModelForCausalLM.from_pretrained(
            checkpoint,
            dtype="auto" if on_gpu else torch.float32,
            device_map="auto" if on_gpu else None,
            local_files_only=on_disk,
            use_safetensors=True,
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise AskewError(f"the model {checkpoint} cannot be loaded: {error}") from error
    if not tokenizer.chat_template:
        raise AskewError(f"the tokenizer of {checkpoint} has no chat template, so it cannot be asked a question")
    return model.eval(), tokenizer


def _ends(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return the tokens that end a turn, by the word of the model and of its tokenizer."""
    named = model.generation_config.eos_token_id if model.generation_config else None
    tokens = [*(named if isinstance(named, list) else [named]), tokenizer.eos_token_id]
    return [token for token in tokens if isinstance(token, int)]


def _version(folder: Path | str | None) -> object:
    """Return what tells one state of a folder from another."""
    return files.fingerprint(folder) if isinstance(folder, Path) else None


def _with_adapter(base: PreTrainedModel, adapter: Path) -> PreTrainedModel:
    try:
        return PeftModel.from_pretrained(copy.deepcopy(base), str(adapter)).merge_and_unload().eval()
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise AskewError(f"the adapter {adapter} cannot be put on its base model: {error}") from error
