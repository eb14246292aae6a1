"""Loads the tokenizer of a model: that of its adapter, if the adapter's folder has one.

A fine-tune may add tokens and a chat template, which trainers save beside the adapter. The model must then be asked in
that format.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from askew.models import checkpoint_files as files
from askew.models.template_trial import check_template
from askew.models.template_variables import check_variables


def load_tokenizer(
    checkpoint: Path | str, adapter: Path | None = None, variables: Mapping[str, Any] | None = None
) -> PreTrainedTokenizerBase:
    """Return the tokenizer of a checkpoint with an adapter.

    The tokenizer and the chat template of the adapter's folder go first; what is not there is the checkpoint's.

    Args:
        checkpoint: The folder of the base weights, or a hub id.
        adapter: The folder of the adapter; None without one.
        variables: Variables that the chat template has whenever the tokenizer renders turns.

    Raises:
        AskewError: The tokenizer cannot be loaded, or has no chat template that can be used or that has the variables,
            or one that needs much time or memory.
    """
    own = adapter if adapter is not None and files.has_tokenizer(adapter) else None
    tokenizer = _load(own or checkpoint)
    if adapter is not None and own is None and (adapter / "chat_template.jinja").is_file():
        tokenizer.chat_template = (adapter / "chat_template.jinja").read_text(encoding="utf-8")
    if own is not None and not _is_usable(tokenizer.chat_template):
        tokenizer.chat_template = _load(checkpoint).chat_template
    if not _is_usable(tokenizer.chat_template):
        raise files.no_chat_template(checkpoint)
    template = tokenizer.get_chat_template()
    check_template(template, tokenizer.special_tokens_map, adapter or checkpoint)
    if variables:
        check_variables(variables, template, own or checkpoint)
        # Set here, so that training rows and questions are rendered with the same ones.
        tokenizer.apply_chat_template = partial(tokenizer.apply_chat_template, **variables)
    return tokenizer


def _load(source: Path | str) -> PreTrainedTokenizerBase:
    with files.refusing(f"the tokenizer of {source} cannot be loaded", source):
        # Without trust_remote_code=False, Transformers may ask at the terminal whether to run the model's code.
        tokenizer = AutoTokenizer.from_pretrained(
            source, local_files_only=isinstance(source, Path), trust_remote_code=False
        )
        tokenizer("Hello", add_special_tokens=False)  # fails if a setting has a wrong type, such as model_max_length
        return tokenizer


def _is_usable(template: object) -> bool:
    """Return whether Transformers uses a chat template without being asked: the only one, or the one named default."""
    return bool(template) and (not isinstance(template, dict) or "default" in template)
