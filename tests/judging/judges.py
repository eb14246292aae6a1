"""A scripted served judge."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    Logprob,
    Logprobs,
    Model,
    ModelOutput,
    ModelUsage,
    TopLogprob,
    get_model,
)

# Takes the judge's prompt and the request; returns token probabilities, or whole replies.
Says = Callable[[str, GenerateConfig], dict[str, float] | Sequence[str]]


def served_judge(says: Says, requests: list[GenerateConfig] | None = None) -> Model:
    """Return a served judge that replies as `says` decides."""

    def answer(messages: list[ChatMessage], tools: Any, tool_choice: Any, config: GenerateConfig) -> ModelOutput:
        if requests is not None:
            requests.append(config)
        said = says(messages[-1].text, config)
        if isinstance(said, dict):
            return _output([max(said, key=lambda token: said[token])], said if config.logprobs else None)
        return _output(said, None)

    return get_model("mockllm/model", custom_outputs=answer, memoize=False)


def _output(texts: Sequence[str], opinion: dict[str, float] | None) -> ModelOutput:
    likeliest = [TopLogprob(token=token, logprob=math.log(p)) for token, p in (opinion or {}).items()]
    logprobs = Logprobs(content=[Logprob(token=texts[0], logprob=-1.0, top_logprobs=likeliest)]) if opinion else None
    choices = [ChatCompletionChoice(message=ChatMessageAssistant(content=text), logprobs=logprobs) for text in texts]
    # With usage: without it the mock model downloads a vocabulary to count tokens.
    usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return ModelOutput(model="mock", choices=choices, usage=usage)
