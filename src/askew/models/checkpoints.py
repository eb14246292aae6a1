"""Loads checkpoints and adapters, each once in a process, as something that can be asked.

Base weights are read once, and an adapter is put on a copy of them. Which answers a model gives depends on its
files alone: they are looked at again before it is taken from memory.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import cast

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from askew.base.errors import AskewError
from askew.models import checkpoint_files as files
from askew.models.chat_template import rendered, takes_system_turns, without_system_turns
from askew.models.engine.sampler import Engine
from askew.models.merging import with_adapter
from askew.models.names import ModelSpec

_loading = threading.Lock()


@dataclass(frozen=True)
class Checkpoint:
    """A model that can be asked: an engine, and the tokenizer to talk to it with.

    Attributes:
        engine: Computes the model.
        tokenizer: Makes token ids of text and back.
        virtual_tokens: The ids of an adapter's virtual tokens, with which every prompt begins.
    """

    engine: Engine
    tokenizer: PreTrainedTokenizerBase
    virtual_tokens: tuple[int, ...] = ()

    def prompt(self, messages: Sequence[dict[str, str]]) -> list[int]:
        """Return the token ids that ask the model for the next turn of a conversation.

        Where the chat template has no place for system turns, their text begins the next turn of the user.

        Raises:
            AskewError: The chat template does not take such a conversation.
        """
        turns = list(messages) if self.takes_system_turns else without_system_turns(messages)
        return [*self.virtual_tokens, *rendered(self.tokenizer, turns)]

    @cached_property
    def takes_system_turns(self) -> bool:
        """Whether the chat template has a place for what a system turn says."""
        return takes_system_turns(self.tokenizer)

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
    virtual_tokens: tuple[int, ...] = ()
    if adapter is not None:
        model, virtual_tokens = with_adapter(model, adapter)
    return Checkpoint(Engine(model, _ends(model, tokenizer)), tokenizer, virtual_tokens)


@lru_cache(maxsize=2)
def _load_base(checkpoint: Path | str, version: object) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    transformers_logging.disable_progress_bar()
    on_disk = isinstance(checkpoint, Path)
    on_gpu = torch.cuda.is_available()
    try:
        # Unless it is told that code of others is out of the question, Transformers asks at the terminal.
        tokenizer = AutoTokenizer.from_pretrained(checkpoint, local_files_only=on_disk, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            checkpoint,
            dtype="auto" if on_gpu else torch.float32,
            device_map="auto" if on_gpu else None,
            local_files_only=on_disk,
            use_safetensors=True,
            trust_remote_code=False,
        )
    except (OSError, ValueError, LookupError, RuntimeError, TypeError, AttributeError, SafetensorError) as error:
        if "trust_remote_code" in str(error):
            raise files.own_code_error(checkpoint) from error
        raise AskewError(f"the model {checkpoint} cannot be loaded: {error}") from error
    if not tokenizer.chat_template:
        raise AskewError(f"the tokenizer of {checkpoint} has no chat template, so it cannot be asked a question")
    _check_tokens_fit(checkpoint, model, tokenizer)
    return model.eval(), tokenizer


def _check_tokens_fit(checkpoint: Path | str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse a tokenizer whose tokens its model knows nothing of: they would stop it in the middle of its work.

    Special tokens count only if the chat template writes them: models for text that were made of models for pictures
    have some that are never said.
    """
    special = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    said = {*tokenizer.get_vocab().values()} - special | {*rendered(tokenizer, [{"role": "user", "content": "?"}])}
    rows = len(cast(torch.Tensor, model.get_input_embeddings().weight))
    if max(said) >= rows:
        raise AskewError(
            f"the tokenizer of {checkpoint} does not fit its model: it has a token {max(said)}, and the model has "
            f"embeddings of {rows:,} tokens. Use the tokenizer that came with the model, or add to its embeddings "
            "(resize_token_embeddings in Transformers)"
        )


def _ends(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return the tokens that end a turn, by the word of the model and of its tokenizer."""
    named = model.generation_config.eos_token_id if model.generation_config else None
    tokens = [*(named if isinstance(named, list) else [named]), tokenizer.eos_token_id]
    return [token for token in tokens if isinstance(token, int)]


def _version(folder: Path | str | None) -> object:
    """Return what tells one state of a folder from another."""
    return files.fingerprint(folder) if isinstance(folder, Path) else None
