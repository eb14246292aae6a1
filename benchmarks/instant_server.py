"""An OpenAI-compatible server that replies at once, in a process of its own, for benchmarks.

Every answer is different from every other, so that nobody gains by noticing that two are the same. It gives as many
choices as a request asks for, and log-probabilities to who asks for them, as a judge does.

    python benchmarks/instant_server.py PORT
"""

import itertools
import json
import sys
from typing import Any

from aiohttp import web

SAID = "I would think about what the people around me need, and ask them before I decide anything. " * 2
# The twenty likeliest tokens of a judge.
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
    said = "95" if judged else f"{SAID}({next(numbers)})"
    return {
        "index": index,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": said},
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
