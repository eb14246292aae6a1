"""How likely a model's first tokens are: the request that asks for them, and what its reply says of them."""

from inspect_ai.model import ChatCompletionChoice, GenerateConfig, TopLogprob

# As many as providers give.
_TOP_LOGPROBS = 20

BY_LOGPROBS = GenerateConfig(max_tokens=1, temperature=0.0, logprobs=True, top_logprobs=_TOP_LOGPROBS)
"""One token, and the log-probabilities of the likeliest in its place."""


def likeliest(choice: ChatCompletionChoice) -> list[TopLogprob]:
    """Return the likeliest first tokens of an answer; none where the provider gave no log-probabilities."""
    first = choice.logprobs.content[:1] if choice.logprobs else []
    return [token for step in first for token in step.top_logprobs or []]
