"""An OpenAI-compatible server in a thread of the test, which replies according to a script and records requests."""

import itertools
import json
import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import pytest


class Refusal(NamedTuple):
    """A reply that refuses a request.

    Attributes:
        error: The body of the reply.
        status: The HTTP status.
        headers: Further headers.
    """

    error: dict[str, Any]
    status: int = 400
    headers: Mapping[str, str] = MappingProxyType({})


class Reply(NamedTuple):
    """A reply in other forms than usual.

    Attributes:
        texts: The contents of the choices, each a text or a list of parts; or messages with calls, as mappings.
        likeliest: The probabilities of the first token of the first choice; empty for none.
        usage: The report of tokens; None for a usual one.
    """

    texts: Sequence[Any]
    likeliest: Mapping[str, float] = MappingProxyType({})
    usage: Any = None


# Maps a request's body to its replies, to the probabilities of the first token of one reply, or to a refusal.
Script = Callable[[dict[str, Any]], Sequence[str] | dict[str, float] | Reply | Refusal]


# Inspect keeps one provider per model name and process, and each server has another address.
_names = (f"model-{number}" for number in itertools.count())


class ScriptedModel:
    """A model behind a scripted server whose script can be changed.

    Attributes:
        model: The model's name.
        script: The script.
        requests: The bodies of all requests.
    """

    usual: Script

    def __init__(self, model: str, requests: list[dict[str, Any]]) -> None:
        self.model, self.requests = model, requests
        self.script: Script = type(self).usual


_Model = TypeVar("_Model", bound=ScriptedModel)


@contextmanager
def scripted_model(kind: type[_Model], monkeypatch: pytest.MonkeyPatch) -> Iterator[_Model]:
    """Run a server for a scripted model, which begins with the usual script of its kind."""
    found: list[_Model] = []
    with scripted_server(lambda body: found[0].script(body)) as (address, requests):
        monkeypatch.setenv("SCRIPTED_API_KEY", "none-needed")
        monkeypatch.setenv("SCRIPTED_BASE_URL", address)
        found.append(kind(f"openai-api/scripted/{next(_names)}", requests))
        yield found[0]


@contextmanager
def scripted_server(script: Script) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Run a server with a script; yield its address and a list that receives the body of every request."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append(body)
            said = script(body)
            status, headers, reply = _answer(body, said)
            content = json.dumps(reply).encode()
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        server.server_close()


def _answer(body: dict[str, Any], said: Any) -> tuple[int, Mapping[str, str], dict[str, Any]]:
    """Return the status, the headers and the body of a reply."""
    if isinstance(said, Refusal):
        return said.status, said.headers, said.error
    if isinstance(said, dict):
        said = Reply([max(said, key=said.__getitem__)], said)
    if not isinstance(said, Reply):
        said = Reply(said)
    choices = [_choice(index, text, None if index else said.likeliest) for index, text in enumerate(said.texts)]
    read = sum(len(str(message.get("content"))) for message in body["messages"]) // 4
    written = sum(len(str(text)) for text in said.texts) // 4
    usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    reply = {"id": "x", "object": "chat.completion", "created": 1, "model": body["model"]}
    return 200, {}, {**reply, "usage": usage if said.usage is None else said.usage, "choices": choices}


def _choice(index: int, text: Any, likeliest: Mapping[str, float] | None = None) -> dict[str, Any]:
    message = text if isinstance(text, dict) else {"content": text}
    choice: dict[str, Any] = {
        "index": index,
        "finish_reason": "tool_calls" if "tool_calls" in message else "stop",
        "message": {"role": "assistant", **message},
    }
    if likeliest:
        top = [{"token": token, "logprob": math.log(p), "bytes": None} for token, p in likeliest.items()]
        choice["logprobs"] = {"content": [{**top[0], "top_logprobs": top}]}
    return choice
