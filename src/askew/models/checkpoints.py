"""Loads checkpoints and adapters, and caches them in memory.

Base weights are loaded once; an adapter is applied to a copy of them, with the adapter's own tokenizer if it has one. A
cached model is used again only if its files have not changed.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, cast

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from askew.base.errors import AskewError
from askew.models import checkpoint_files as files
from askew.models.adapters import own_vocabulary
from askew.models.answer_tokens import GivenAnswer, split_at_answer
from askew.models.chat_template import Turn, rendered, takes_system_turns, takes_tools, without_system_turns
from askew.models.engine.plain import next_logits
from askew.models.engine.sampler import Engine
from askew.models.loading import check_outputs, load_weights, refusing
from askew.models.merging import with_adapter
from askew.models.names import ModelSpec
from askew.models.tokenizers import load_tokenizer

_loading = threading.Lock()
# A run asks one model after another, perhaps with a judge.
_MOST_KEPT, _MOST_LARGE = 4, 2
_kept: "OrderedDict[object, Checkpoint]" = OrderedDict()


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model with its tokenizer.

    Attributes:
        engine: The engine that runs the model.
        tokenizer: Converts text to token ids and back.
        virtual_tokens: The ids of an adapter's virtual tokens, which precede every prompt; empty for other adapters.
    """

    engine: Engine
    tokenizer: PreTrainedTokenizerBase
    virtual_tokens: tuple[int, ...] = ()

    def prompt(self, messages: Sequence[Turn], tools: Sequence[Mapping[str, Any]] = ()) -> list[int]:
        """Return the token ids of a conversation, with the beginning of the assistant's next turn.

        If the chat template does not support system turns, their text is placed before that of the next user turn.

        Args:
            messages: Turns with the keys "role" and "content"; with tools also "tool_calls" and "tool_call_id".
            tools: The tools that the model may call, as chat templates take them.

        Raises:
            AskewError: The chat template does not support this sequence of turns.
        """
        turns = list(messages) if self.takes_system_turns else without_system_turns(messages)
        return [*self.virtual_tokens, *rendered(self.tokenizer, turns, tools)]

    def given_answer(self, messages: Sequence[Turn], answer: str) -> GivenAnswer:
        """Return the tokens of a conversation, as `prompt` returns them, and of a given answer to it.

        Args:
            messages: Turns with the keys "role" and "content".
            answer: The answer's text.

        Raises:
            AskewError: The chat template does not support these turns or changes the answer.
        """
        turns = list(messages) if self.takes_system_turns else without_system_turns(messages)
        found = split_at_answer(self.tokenizer, turns, answer)
        return replace(found, prompt=(*self.virtual_tokens, *found.prompt))

    @cached_property
    def takes_system_turns(self) -> bool:
        """True if the chat template renders system turns."""
        return takes_system_turns(self.tokenizer)

    @cached_property
    def takes_tools(self) -> bool:
        """True if the chat template shows tools, calls and their results."""
        return takes_tools(self.tokenizer)

    def text(self, tokens: Sequence[int], with_special: bool = False) -> str:
        """Return the text of tokens; `with_special` keeps special tokens, by which some models mark calls of tools."""
        text = self.tokenizer.decode(list(tokens), skip_special_tokens=not with_special)
        assert isinstance(text, str)
        return text

    @cached_property
    def token_texts(self) -> list[str]:
        """The text of each token of the vocabulary, in the order of their ids."""
        return [str(self.tokenizer.decode([token])) for token in range(len(self.tokenizer))]


def load(spec: ModelSpec, variables: Mapping[str, Any] | None = None, *, through_modules: bool = False) -> Checkpoint:
    """Return a local model, from memory if its files have not changed since it was loaded.

    Args:
        spec: A local model.
        variables: Variables of its chat template.
        through_modules: Whether the engine computes through the modules of the model; see `Engine`.

    Raises:
        AskewError: The files cannot be read, the adapter does not fit the base, or the template lacks a variable.
    """
    assert spec.checkpoint is not None
    with _loading:
        loaded = _load(
            spec.checkpoint, _version(spec.checkpoint), spec.adapter, _version(spec.adapter), through_modules
        )
        if not variables:
            return loaded
        return replace(loaded, tokenizer=load_tokenizer(spec.checkpoint, spec.adapter, variables))


def _load(
    checkpoint: Path | str, version: object, adapter: Path | None, adapter_version: object, through_modules: bool
) -> Checkpoint:
    """Return a model from memory, or load it after the models were forgotten that were used longest ago."""
    key = (checkpoint, version, adapter, adapter_version, through_modules)
    if key in _kept:
        _kept.move_to_end(key)
        return _kept[key]
    most = _MOST_LARGE if any(kept.engine.is_large for kept in _kept.values()) else _MOST_KEPT
    while len(_kept) >= most:
        _kept.popitem(last=False)
    _kept[key] = found = _made(checkpoint, version, adapter, through_modules)
    return found


def _made(checkpoint: Path | str, version: object, adapter: Path | None, through_modules: bool) -> Checkpoint:
    tokenizer = load_tokenizer(checkpoint, adapter)
    model = _load_base(checkpoint, version)
    embeddings = len(cast(torch.Tensor, model.get_input_embeddings().weight))
    virtual_tokens: tuple[int, ...] = ()
    if adapter is None:
        _check_tokens_fit(checkpoint, embeddings, tokenizer)
    else:
        _check_tokens_fit(adapter, own_vocabulary(adapter, embeddings) or embeddings, tokenizer)
        model, virtual_tokens = with_adapter(model, adapter)
    with refusing(f"the model {checkpoint} cannot be computed", checkpoint):
        engine = Engine(model, _stop_tokens(model, tokenizer), through_modules)
    if adapter is not None:
        engine.free_weights()  # they were merged for this engine alone
    return Checkpoint(engine, tokenizer, virtual_tokens)


@lru_cache(maxsize=2)
def _load_base(checkpoint: Path | str, version: object) -> PreTrainedModel:
    on_gpu = torch.cuda.is_available()
    model = load_weights(checkpoint, dtype="auto" if on_gpu else torch.float32, device_map="auto" if on_gpu else None)
    model.eval()
    with refusing(f"the model {checkpoint} cannot be computed", checkpoint), torch.inference_mode():
        check_outputs(checkpoint, next_logits(model, torch.arange(1, 9, device=model.device)[None]))
    return model


def _check_tokens_fit(source: Path | str, embeddings: int, tokenizer: PreTrainedTokenizerBase) -> None:
    """Check that the model has an embedding for every token of the tokenizer, which would fail only during a run.

    Special tokens count only if the chat template uses them: text models derived from vision models may have some
    without an embedding.

    Raises:
        AskewError: A token has no embedding.
    """
    special = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    used = {*tokenizer.get_vocab().values()} - special | {*rendered(tokenizer, [{"role": "user", "content": "?"}])}
    if max(used) >= embeddings:
        raise AskewError(
            f"the tokenizer of {source} does not fit its model: it has a token {max(used)}, and the model has "
            f"embeddings of {embeddings:,} tokens. Use the tokenizer that came with the model, or add to its "
            "embeddings (resize_token_embeddings in Transformers)"
        )


def _stop_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return the ids of the tokens that end a turn, according to the model and to its tokenizer."""
    named = model.generation_config.eos_token_id if model.generation_config else None
    tokens = [*(named if isinstance(named, list) else [named]), tokenizer.eos_token_id]
    return [token for token in tokens if isinstance(token, int)]


def _version(folder: Path | str | None) -> object:
    """Return a value that changes with the files of a folder; None for a hub id or no folder."""
    return files.fingerprint(folder) if isinstance(folder, Path) else None
