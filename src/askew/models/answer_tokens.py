"""Finds the tokens of an answer in a conversation that a chat template renders.

The loss of training and the log-probabilities of given answers are about the same tokens, found here in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from askew.base.errors import AskewError
from askew.models.chat_template import Turn, fault, render


@dataclass(frozen=True)
class GivenAnswer:
    """The tokens of a prompt and of an answer that is given, not sampled.

    Attributes:
        prompt: The token ids before the answer.
        answer: The token ids of the answer's text, without the end of the turn; at least one.
    """

    prompt: tuple[int, ...]
    answer: tuple[int, ...]


def split_at_answer(tokenizer: PreTrainedTokenizerBase, turns: Sequence[Turn], answer: str) -> GivenAnswer:
    """Return the tokens of a conversation and of an answer to it, as the chat template renders both together.

    The end of the turn is left out: how likely the model ends its turn there tells about lengths, not about words. If
    one token spans the end of the prompt and the beginning of the answer, it belongs to the answer, as in training.

    Args:
        tokenizer: The model's tokenizer.
        turns: The conversation before the answer.
        answer: The answer's text.

    Raises:
        AskewError: The template does not support this conversation or changes the answer, or the answer has words that
            the tokenizer does not know.
    """
    try:
        asked = render(tokenizer, turns, add_generation_prompt=True)
        whole = render(tokenizer, [*turns, {"role": "assistant", "content": answer}])
    except (TemplateError, TypeError, ValueError) as error:
        raise AskewError(f"the chat template of {tokenizer.name_or_path} {fault(error, turns)}") from error
    prompt, ids = token_ids(tokenizer, [asked, whole])
    place = whole.find(answer.strip(), len(common_start(asked, whole)))
    if place < 0:
        raise AskewError(f"the chat template of {tokenizer.name_or_path} changes the answer {answer!r}")
    start = common_prefix(prompt, ids)
    if start < len(prompt) - 1:  # the template renders the turns before an answer differently
        start, before = tokens_before(tokenizer, whole, ids, place), prompt
    else:
        before = ids[:start]
    found = ids[start : tokens_before(tokenizer, whole, ids, place + len(answer.strip()))]
    if not found:
        raise AskewError(f"the chat template of {tokenizer.name_or_path} renders the answer {answer!r} without a token")
    if tokenizer.unk_token_id in found:
        raise AskewError(f"the tokenizer of {tokenizer.name_or_path} does not know all words of the answer {answer!r}")
    return GivenAnswer(tuple(before), tuple(found))


def token_ids(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[list[int]]:
    """Return the token ids of each rendered text; texts of any length are accepted without a warning."""
    if not texts:
        return []
    return cast(list[list[int]], tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"])


def tokens_before(tokenizer: PreTrainedTokenizerBase, text: str, ids: Sequence[int], place: int) -> int:
    """Return how many of a text's tokens lie before a place in it."""
    return common_prefix(token_ids(tokenizer, [text[:place]])[0], ids)


def common_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    """Return the length of the common prefix of two rows, in tokens."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def common_start(one: str, other: str) -> str:
    """Return the longest common beginning of two texts."""
    pairs = enumerate(zip(one, other, strict=False))
    return one[: next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))]
