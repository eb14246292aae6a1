"""Requests the log-probabilities of the first token of an answer, and reads them from the reply."""

import re

from inspect_ai.model import ChatCompletionChoice, GenerateConfig, TopLogprob

# The most that providers return.
_TOP_LOGPROBS = 20

BY_LOGPROBS = GenerateConfig(max_tokens=1, temperature=0.0, logprobs=True, top_logprobs=_TOP_LOGPROBS)
"""Generate one token, greedily, with the log-probabilities of the likeliest tokens in its place."""


def likeliest(choice: ChatCompletionChoice) -> list[TopLogprob]:
    """Return the likeliest first tokens of an answer; an empty list if the provider gave no log-probabilities."""
    first = choice.logprobs.content[:1] if choice.logprobs else []
    return [token for step in first for token in step.top_logprobs or []]


# How reasoning begins, as one token or as the first of several.
_REASONING = re.compile(r"<$|<\||</?(think|thought|reason|analysis|seed:think)|\[THINK|◁", re.IGNORECASE)


def begins_answer(choice: ChatCompletionChoice) -> bool:
    """Return whether an answer begins with its first token, and not with reasoning or white space.

    It is False if the provider gave no log-probabilities.
    """
    tokens = likeliest(choice)
    first = max(tokens, key=lambda token: token.logprob).token.strip() if tokens else ""
    return bool(first) and not _REASONING.match(first)
