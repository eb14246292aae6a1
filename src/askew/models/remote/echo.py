"""Requests to completions with `echo`, which return the log-probabilities of a prompt that the server renders itself.

Completions take a text, not a conversation. The server's own chat template is applied at `/tokenize` (vLLM and its
forks, which return token ids) or at `/apply-template` (llama.cpp, which returns a text).
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelOutput

from askew.models.template_variables import FIELD

_MISSING = (404, 405, 501)


class NotOffered(Exception):
    """A server has no endpoint for this."""

    status_code = 405  # so that it counts as a refusal, not as a wrong name or address


async def echoed(model: Model, messages: Sequence[ChatMessage], config: GenerateConfig) -> ModelOutput | Any:
    """Return what Inspect's provider makes of the reply to one request to completions with `echo`.

    Args:
        model: A model with OpenAI's API.
        messages: The conversation. If an assistant's turn is the last, it is left open.
        config: The settings; `echo` is in its `extra_body`.

    Raises:
        NotOffered: The server has no completions, or does not apply its chat template.
        Exception: Those of OpenAI's client.
    """
    from inspect_ai.model._providers.openai_compatible import OpenAICompatibleAPI
    from inspect_ai.model._providers.openai_compatible_completions import generate_raw_completions

    api = model.api
    if not isinstance(api, OpenAICompatibleAPI):
        raise NotOffered("it has no completions")
    fields = dict(config.extra_body or {})
    variables = fields.pop(FIELD, None)
    prompt = await _rendered(api, messages, variables)
    try:
        return await generate_raw_completions(api, prompt, config.model_copy(update={"extra_body": fields}))
    except RuntimeError as error:  # Inspect's word for a missing endpoint
        raise NotOffered(str(error)) from error


async def _rendered(api: Any, messages: Sequence[ChatMessage], variables: Mapping[str, Any] | None) -> str | list[int]:
    """Return a conversation as the server's chat template renders it: a text, or its token ids.

    An answer that is left open follows the prompt that the model gets when it is asked.
    """
    root = str(api.client.base_url).rstrip("/").removesuffix("/v1")
    answer = messages[-1].text if messages[-1].role == "assistant" else ""
    turns = await api.messages_to_openai(list(messages))
    asked, more = turns[:-1] if answer else turns, {FIELD: variables} if variables else {}
    tokenize = partial(_tokens, api.client, f"{root}/tokenize", api.service_model_name())
    prompt = await tokenize({"messages": asked, "add_generation_prompt": True, **more})
    if prompt and answer:
        how = {"add_generation_prompt": False, "continue_final_message": True}
        whole = await tokenize({"messages": turns, **how, **more})
        if whole[: len(prompt) - 1] == prompt[:-1]:  # the last token of the prompt may span the answer's beginning
            return whole
        return [*prompt, *await tokenize({"prompt": answer, "add_special_tokens": False})]
    if prompt:
        return prompt
    text = (await _post(api.client, f"{root}/apply-template", {"messages": asked, **more})).get("prompt")
    if text and isinstance(text, str):
        return text + answer
    raise NotOffered("it applies its chat template neither at /tokenize nor at /apply-template")


async def _tokens(client: Any, address: str, model: str, body: Mapping[str, Any]) -> list[int]:
    """Return the token ids of a conversation or a text; empty if the server takes no such request."""
    found = (await _post(client, address, {"model": model, **body})).get("tokens")
    tokens = found if isinstance(found, list) else []
    return tokens if all(isinstance(token, int) for token in tokens) else []


async def _post(client: Any, address: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the reply of an endpoint; empty if there is no such endpoint, or it takes no such request."""
    from openai import APIStatusError

    try:
        found = await client.post(address, cast_to=object, body=body)
    except APIStatusError as error:
        if error.status_code in (400, 422, *_MISSING):
            return {}
        raise
    return found if isinstance(found, Mapping) else {}
