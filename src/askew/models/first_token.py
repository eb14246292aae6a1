"""Requests the log-probabilities of the first token of an answer, and reads them from the reply."""

from inspect_ai.model import ChatCompletionChoice, GenerateConfig, TopLogprob

# The most that providers return.
_TOP_LOGPROBS = 20

BY_LOGPROBS = GenerateConfig(max_tokens=1, temperature=0.0, logprobs=True, top_logprobs=_TOP_LOGPROBS)
"""Generate one token, greedily, with the log-probabilities of the likeliest tokens in its place."""


def likeliest(choice: ChatCompletionChoice) -> list[TopLogprob]:
    """Return the likeliest first tokens of an answer; an empty list if the provider gave no log-probabilities."""
    first = choice.logprobs.content[:1] if choice.logprobs else []
    return [token for step in first for token in step.top_logprobs or []]
