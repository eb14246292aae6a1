"""A conversation as a model's chat template wants it.

Some templates have no place for a system turn: Gemma's raises an error, others leave it out without a word, and the
model would be asked something else than was meant. For those, what the system says begins the next turn of the user.
"""

import logging
from collections.abc import Sequence
from typing import cast

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from askew.base.errors import AskewError

Turn = dict[str, str]

_PROBE = "7f3a91"  # nothing that a template would say of its own accord
_log = logging.getLogger(__name__)


def rendered(tokenizer: PreTrainedTokenizerBase, turns: Sequence[Turn]) -> list[int]:
    """Return the token ids that ask for the next turn.

    Raises:
        AskewError: The template does not take such a conversation.
    """
    try:
        ids = tokenizer.apply_chat_template(list(turns), add_generation_prompt=True, return_dict=False)
    except (TemplateError, TypeError, ValueError) as error:
        roles = ", ".join(turn["role"] for turn in turns)
        raise AskewError(
            f"the chat template of {tokenizer.name_or_path} does not take turns by {roles}, in this order: {error}"
        ) from error
    return cast(list[int], ids)


def takes_system_turns(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Tell whether what a system turn says is in the prompt that a template makes, and log it if not."""
    turns = [{"role": "system", "content": _PROBE}, {"role": "user", "content": "Hello"}]
    try:
        prompt = str(tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False))
    except (TemplateError, TypeError, ValueError):
        prompt = ""
    if _PROBE in prompt:
        return True
    _log.warning(
        "the chat template of %s has no place for a system prompt: it is put before the user's first words",
        tokenizer.name_or_path,
    )
    return False


def without_system_turns(turns: Sequence[Turn]) -> list[Turn]:
    """Return a conversation in which the text of each system turn begins the user's turn that follows."""
    told: list[str] = []
    kept: list[Turn] = []
    for turn in turns:
        if turn["role"] == "system":
            told.append(turn["content"])
        elif turn["role"] == "user" and told:
            kept.append({**turn, "content": "\n\n".join([*told, turn["content"]])})
            told = []
        else:
            kept.append(turn)
    return [*kept, {"role": "user", "content": "\n\n".join(told)}] if told else kept
