"""An OpenAI-compatible server for benchmarks, which replies at once.

All answers differ, so that removing duplicates gives no advantage. The server returns the requested number of choices,
and log-probabilities if a request asks for them, as judges do.

    python benchmarks/instant_server.py PORT
"""

import itertools
import json
import sys
from typing import Any

from aiohttp import web

ANSWER = "I would think about what the people around me need, and ask them before I decide anything. " * 2
# The twenty likeliest tokens of a judge's answer.
LIKELIEST = [
    {"token": str(token), "logprob": -0.1 - index, "bytes": None} for index, token in enumerate(range(95, 75, -1))
]
LOGPROBS = {"content": [{**LIKELIEST[0], "top_logprobs": LIKELIEST}], "refusal": None}

numbers = itertools.count()


async def complete(request: web.Request) -> web.Response:
    body = json.loads(await request.read())
    judged = bool(body.get("logprobs"))
    choices = [choice(index, judged) for index in range(body.get("n") or 1)]
    written = len(choices) * (1 if judged else 40)
    reply = {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": choices,
        "usage": {"prompt_tokens": 20, "completion_tokens": written, "total_tokens": 20 + written},
    }
    return web.Response(body=json.dumps(reply).encode(), content_type="application/json")


def choice(index: int, judged: bool) -> dict[str, Any]:
    text = "95" if judged else f"{ANSWER}({next(numbers)})"
    return {
        "index": index,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": text},
        "logprobs": LOGPROBS if judged else None,
    }


async def alive(request: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": []})


def main() -> None:
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v1/chat/completions", complete)
    app.router.add_get("/v1/models", alive)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)


if __name__ == "__main__":
    main()
