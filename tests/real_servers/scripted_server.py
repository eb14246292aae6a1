"""An OpenAI-compatible server in a thread of the test, which replies according to a script and records requests."""

import json
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# Maps a request's body to its replies, or to the probabilities of the first token of one reply.
Script = Callable[[dict[str, Any]], Sequence[str] | dict[str, float]]


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
            choices = [_choice(0, max(said, key=said.__getitem__), said)] if isinstance(said, dict) else None
            choices = choices or [_choice(index, text) for index, text in enumerate(said)]
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            reply = {"id": "x", "object": "chat.completion", "created": 1, "model": body["model"], "usage": usage}
            content = json.dumps({**reply, "choices": choices}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
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


def _choice(index: int, text: str, likeliest: dict[str, float] | None = None) -> dict[str, Any]:
    choice: dict[str, Any] = {
        "index": index,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": text},
    }
    if likeliest:
        top = [{"token": token, "logprob": math.log(p), "bytes": None} for token, p in likeliest.items()]
        choice["logprobs"] = {"content": [{**top[0], "top_logprobs": top}]}
    return choice
