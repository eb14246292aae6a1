"""A server with OpenAI's API that computes a checkpoint, and returns the log-probabilities of prompts.

It speaks one of two forms: `prompt_logprobs` of chat completions, as vLLM does, or completions with `echo`. The second
needs an endpoint that renders a conversation: `/tokenize`, as vLLM's, or `/apply-template`, as llama.cpp's.
"""

import json
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPT_LOGPROBS, ECHO, TOKENIZE, TEMPLATE, STRICT = "prompt_logprobs", "echo", "tokenize", "template", "strict"
"""What a server may offer; a strict one refuses fields that it does not know."""


@dataclass
class Given:
    """A running server.

    Attributes:
        address: Its base URL.
        requests: Receives the path and the body of every request.
        is_down: Whether it fails all requests.
    """

    address: str = ""
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    is_down: bool = False

    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]


class _Model:
    def __init__(self, checkpoint: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(checkpoint)
        self.model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32).eval()

    def text(self, body: dict[str, Any]) -> str:
        is_open = bool(body.get("continue_final_message"))
        return self.tokenizer.apply_chat_template(
            body["messages"],
            add_generation_prompt=bool(body.get("add_generation_prompt", not is_open)),
            continue_final_message=is_open,
            tokenize=False,
            **(body.get("chat_template_kwargs") or {}),
        )

    def ids(self, prompt: str | Sequence[int]) -> list[int]:
        return self.tokenizer(prompt, add_special_tokens=False)["input_ids"] if isinstance(prompt, str) else [*prompt]

    @torch.no_grad()
    def logprobs(self, ids: Sequence[int]) -> list[float]:
        """Return the log-probability of each token but the first."""
        logits = self.model(torch.tensor([ids])).logits[0, :-1]
        chosen = logits.log_softmax(-1).gather(1, torch.tensor(ids[1:])[:, None])
        return [float(value) for value in chosen[:, 0]]

    def word(self, token: int) -> str:
        return self.tokenizer.decode([token])


def _usage(ids: Sequence[int]) -> dict[str, int]:
    return {"prompt_tokens": len(ids), "completion_tokens": 1, "total_tokens": len(ids) + 1}


def _chat(model: _Model, body: dict[str, Any], offers: Collection[str]) -> dict[str, Any]:
    ids = model.ids(model.text(body))
    message = {"role": "assistant", "content": "Yes"}
    reply: dict[str, Any] = {
        **{"id": "x", "object": "chat.completion", "created": 1, "model": body["model"], "usage": _usage(ids)},
        "choices": [{"index": 0, "finish_reason": "length", "message": message}],
    }
    if PROMPT_LOGPROBS in offers and body.get("prompt_logprobs") is not None:
        entries: list[dict[str, Any] | None] = [None]
        reply["prompt_logprobs"] = entries
        for token, value in zip(ids[1:], model.logprobs(ids), strict=True):
            entry = {"logprob": value, "rank": 7, "decoded_token": model.word(token)}
            entries.append({str(token): entry})
    return reply


def _completions(model: _Model, body: dict[str, Any]) -> dict[str, Any]:
    ids = model.ids(body["prompt"])
    assert body["echo"]
    assert body["logprobs"]
    words, values = [*map(model.word, ids), "Yes"], [None, *model.logprobs(ids), -1.5]
    logprobs = {"tokens": words, "token_logprobs": values, "top_logprobs": None, "text_offset": []}
    return {
        **{"id": "x", "object": "text_completion", "created": 1, "model": body["model"], "usage": _usage(ids)},
        "choices": [{"index": 0, "finish_reason": "length", "text": "".join(words), "logprobs": logprobs}],
    }


def _reply(model: _Model, path: str, body: dict[str, Any], offers: Collection[str]) -> tuple[int, dict[str, Any]]:
    unknown = {"prompt_logprobs", "continue_final_message", "add_generation_prompt"} & set(body)
    if path == "/v1/chat/completions":
        if unknown and STRICT in offers:
            return 400, {"error": {"message": f"Unrecognized request argument supplied: {', '.join(sorted(unknown))}"}}
        return 200, _chat(model, body, offers)
    if path == "/v1/completions" and ECHO in offers:
        return 200, _completions(model, body)
    if path == "/tokenize" and TOKENIZE in offers:
        ids = model.ids(body["prompt"] if "prompt" in body else model.text(body))
        return 200, {"count": len(ids), "max_model_len": 512, "tokens": ids}
    if path == "/apply-template" and TEMPLATE in offers:
        return 200, {"prompt": model.text(body)}
    return 404, {"detail": "Not Found"}


@contextmanager
def given_server(checkpoint: Path, *offers: str) -> Iterator[Given]:
    """Run a server of a checkpoint in a thread, with what it offers."""
    model, found = _Model(checkpoint), Given()
    one_at_a_time = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            found.requests.append((self.path, body))
            with one_at_a_time:
                status, reply = (503, {}) if found.is_down else _reply(model, self.path, body, offers)
            content = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.address = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
