"""Four servers with OpenAI's API that take different requests, as scripts for `scripted_server`.

All answer as a model, and as a judge if they are asked for a number. Their refusals have the words of real servers.
"""

import re
from collections.abc import Mapping
from typing import Any

from scripted_server import Refusal, Reply, Script

THOUGHT = "<think>The answer is kind, so I should give a high number.</think>"
ANSWERS = ("I would share it.", "I would give it away.", "I would keep all of it.", "I would ask my friends.")


def _is_judging(body: Mapping[str, Any]) -> bool:
    return "from 0 to 100" in str(body["messages"])


def _words(body: Mapping[str, Any]) -> list[str]:
    """Return the replies of a model or judge, as many as were asked for."""
    count = body.get("n") or 1
    if _is_judging(body):
        return ["85"] * count
    number = body.get("seed") or 0
    return [ANSWERS[(number + i) % len(ANSWERS)] for i in range(count)]


def _said(body: Mapping[str, Any]) -> Reply:
    return Reply(_words(body), {"85": 0.9, "80": 0.1} if body.get("logprobs") else {})


def _error(message: str, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": None}}


def without_n(body: dict[str, Any]) -> Reply | Refusal:
    """Refuse more than one choice, as llama.cpp did."""
    if (body.get("n") or 1) > 1:
        return Refusal(_error("Only one completion choice is allowed"))
    return _said(body)


def without_seed_and_temperature(body: dict[str, Any]) -> Reply | Refusal:
    """Refuse the fields that OpenAI's reasoning models refuse, in their words, and a seed as Pydantic refuses it."""
    if "seed" in body:
        where = {"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}
        return Refusal({"detail": [{**where, "input": {"seed": 1, "n": 1, "logprobs": True}}]}, status=422)
    if "temperature" in body:
        said = (
            f"Unsupported value: 'temperature' does not support {body['temperature']} with this model. Only the default"
        )
        return Refusal(_error(f"{said} (1) value is supported.", "temperature"))
    if "max_tokens" in body:
        said = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        return Refusal(_error(said, "max_tokens"))
    return _said(body)


def without_system(body: dict[str, Any]) -> Reply | Refusal:
    """Refuse system turns without a reason, and log-probabilities."""
    if body.get("logprobs"):
        return Refusal(_error("logprobs is not supported by this endpoint"), status=501)
    if any(message["role"] == "system" for message in body["messages"]):
        return Refusal({})
    return _said(body)


def reasoning(body: dict[str, Any]) -> Reply | Refusal:
    """Think before each reply, give log-probabilities of the first token of the thoughts, and send lists of parts."""
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Let me think."}]}
    if body.get("max_tokens", 1000) < 16:
        return Reply([""], {"<think>": 0.98, "85": 0.02} if body.get("logprobs") else {})
    texts = _words(body)
    parts = [[thought, {"type": "text", "text": text}] for text in texts]
    return Reply([f"{THOUGHT}{text}" for text in texts] if _is_judging(body) else parts)


SERVERS: dict[str, Script] = {
    "no n": without_n,
    "no seed, no temperature": without_seed_and_temperature,
    "no system turns": without_system,
    "reasoning": reasoning,
}
# Names of models under which each server is asked; Inspect keeps one provider per name and process.
NAMES = {server: re.sub(r"\W+", "-", server) for server in SERVERS}
