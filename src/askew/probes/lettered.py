"""Options behind letters: how likely a model finds each letter, and the letter that an answer names."""

import math
import re
from collections.abc import Sequence

from inspect_ai.model import ChatMessage, ChatMessageUser, GenerateConfig, Model, ModelOutput, TopLogprob

from askew.models.first_token import BY_LOGPROBS, likeliest
from askew.models.provider import PARAPHRASES, AskewAPI

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Of a model on this machine, enough of the likeliest tokens that the letters are among them.
_MANY = GenerateConfig(top_logprobs=200)
_LETTER = re.compile(r"^\W*(?:(?:answer|line|option|choice|i choose)\W*)?([A-Z])\b(?!['’])", re.IGNORECASE)

Weights = tuple[float, ...]
"""The probability of each letter, in their order."""


async def likeliest_after(
    model: Model, api: AskewAPI, texts: Sequence[str], before: Sequence[ChatMessage] = (), seed: int = 0
) -> list[list[TopLogprob]]:
    """Return the likeliest first tokens of an answer to each text; what the texts have in common is read once.

    Args:
        model: A model on this machine.
        api: Its provider.
        texts: Different user turns, at least one.
        before: The turns before them, such as a system turn.
        seed: The seed of the request.
    """
    last = ChatMessageUser(content=texts[0], metadata={PARAPHRASES: [*texts]})
    wanted = BY_LOGPROBS.merge(_MANY).merge(GenerateConfig(num_choices=len(texts), seed=seed))
    output = await api.generate([*before, last], [], "none", model.config.merge(wanted))
    assert isinstance(output, ModelOutput)
    return [likeliest(choice) for choice in output.choices]


def letter_weights(tokens: Sequence[TopLogprob], lines: int) -> Weights:
    """Return the probability of each letter as the first token of an answer; 0 for those that are not shown."""
    found = dict.fromkeys(LETTERS[:lines], 0.0)
    for token in tokens:
        letter = token.token.strip(" .):*(▁Ġ")
        if letter in found:
            found[letter] += math.exp(token.logprob)
    return tuple(found.values())


def letter_in(answer: str, lines: int) -> int | None:
    """Return the number of the line whose letter an answer begins with; None without one."""
    found = _LETTER.match(answer.strip())
    number = LETTERS.index(found[1].upper()) if found else lines
    return number if number < lines else None
