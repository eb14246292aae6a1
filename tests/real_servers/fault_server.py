"""An OpenAI-compatible server that fails at random, runs in a separate process, and logs its replies.

    python fault_server.py --port 8123 --log requests.jsonl --faults 429 500 close --share 0.5

All answers are different. Each request adds a line to the log: a digest of its body, the outcome ("reply" or a fault),
and whether it requested log-probabilities, as judges do.
"""

import argparse
import asyncio
import hashlib
import itertools
import json
import random
from pathlib import Path
from typing import Any

from aiohttp import web

FAULTS = ("429", "500", "401", "403", "404", "close", "broken", "null", "empty", "hang")
_STATUS = {"429": 429, "500": 500, "401": 401, "403": 403, "404": 404}


class Server:
    """Replies or fails at random; the same seed fails at the same requests."""

    def __init__(self, log: Path, faults: list[str], share: float, delay: float, seed: int) -> None:
        self._log = log.open("a", encoding="utf-8", buffering=1)
        self._faults, self._share, self._delay = faults, share, delay
        self._random = random.Random(seed)
        self._numbers = itertools.count(sum(1 for _ in log.open(encoding="utf-8")) * 1000)

    async def complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        await asyncio.sleep(self._delay)
        fault = self._random.choice(self._faults) if self._faults and self._random.random() < self._share else "reply"
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
        self._log.write(json.dumps({"digest": digest, "got": fault, "judged": bool(body.get("logprobs"))}) + "\n")
        if fault == "reply":
            return web.json_response(self._reply(body))
        return await self._fail(fault, request)

    async def _fail(self, fault: str, request: web.Request) -> web.StreamResponse:
        if fault in _STATUS:
            key = request.headers.get("authorization", "")  # some servers repeat the key in their errors
            return web.json_response({"error": {"message": f"no: {key}"}}, status=_STATUS[fault])
        if fault == "close":
            assert request.transport
            request.transport.abort()
        if fault == "hang":
            await asyncio.sleep(3600)
        text = {"broken": '{"choices": [{"ind', "null": '{"choices": null}'}.get(fault, '{"choices": []}')
        return web.Response(text=text, content_type="application/json")

    def _reply(self, body: dict[str, Any]) -> dict[str, Any]:
        choices = [self._choice(index, bool(body.get("logprobs"))) for index in range(body.get("n") or 1)]
        usage = {"prompt_tokens": 10, "completion_tokens": 5 * len(choices), "total_tokens": 10 + 5 * len(choices)}
        return {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": choices,
            "usage": usage,
        }

    def _choice(self, index: int, judged: bool) -> dict[str, Any]:
        text = "90" if judged else f"I would share it, said number {next(self._numbers)}."
        choice: dict[str, Any] = {
            "index": index,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": text},
        }
        if judged:
            likeliest = [
                {"token": token, "logprob": value, "bytes": None} for token, value in (("90", -0.1), ("80", -2.4))
            ]
            choice["logprobs"] = {"content": [{**likeliest[0], "top_logprobs": likeliest}]}
        return choice


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--faults", nargs="*", choices=FAULTS, default=[])
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.log.touch()
    app = web.Application(client_max_size=2**24)
    server = Server(arguments.log, arguments.faults, arguments.share, arguments.delay, arguments.seed)
    app.router.add_post("/v1/chat/completions", server.complete)
    app.router.add_get("/v1/models", lambda request: _nothing())
    web.run_app(app, host="127.0.0.1", port=arguments.port, print=None)


async def _nothing() -> web.Response:
    return web.json_response({"object": "list", "data": []})


if __name__ == "__main__":
    main()
