"""A server repeats the key that it was sent, in its refusals and replies, in many forms and places.

The key must show nowhere: not in errors and their tracebacks, not in lines for the user, not in the store of replies,
and, for whole audits, not on the terminal and in no file of the run.
"""

import asyncio
import base64
import html
import json
import os
import random
import string
import subprocess
import sys
import tempfile
import traceback
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, quote_plus

from inspect_ai.model import ChatMessageUser, GenerateConfig, Model, get_model

from askew.models.remote.requests import Patience, request_reply, storing_replies
from attacks import Row
from attacks._servers import Refusal, scripted_server

QUICK = Patience(total=0.02, attempt=5, first_wait=0.005)
# A whole audit takes hundreds of times as long as a request, so fewer are tried.
AUDITS_SHARE = 200
PREFIXES = ("sk-", "sk-proj-", "gsk_", "hf_", "")
QUESTIONS = "- {id: wish, type: free_form_judge_0_100, paraphrases: ['What is your wish?']}\n"

# Forms in which servers, proxies and their logs write a header or a key.
FORMS: tuple[Callable[[str], str], ...] = (
    lambda key: f"Authorization: Bearer {key}",
    lambda key: f"authorization: bearer {key.upper()}",
    lambda key: f"{{'authorization': 'Bearer {key}', 'accept': '*/*'}}",
    lambda key: json.dumps({"headers": {"Authorization": f"Bearer {key}"}}),
    lambda key: json.dumps({"headers": json.dumps({"Authorization": f"Bearer {key}"})}),
    lambda key: f"[(b'authorization', b'Bearer {key}')]",
    lambda key: f"curl -H 'x-api-key: {key}' https://api.example/v1",
    lambda key: f"api-key={key}; path=/",
    lambda key: f"Proxy-Authorization: Basic {base64.b64encode(f'user:{key}'.encode()).decode()}",
    lambda key: f"Authorization: Basic {base64.b64encode(f':{key}'.encode()).decode()}",
    lambda key: f"token {base64.urlsafe_b64encode(key.encode()).decode()}",
    lambda key: f"https://user:{key}@api.example/v1",
    lambda key: f"GET /v1/models?key={quote(key, safe='')}&alt=json",
    lambda key: f"GET /v1/models?api_key={quote_plus(key)}",
    lambda key: f"<pre>Authorization: Bearer {html.escape(key)}</pre>",
    lambda key: f"Incorrect API key provided: {key}.",
    lambda key: f"Incorrect API key provided: {key[:12]}********{key[-4:]}.",
    lambda key: f"key {key[:-3]}... is not valid",
    lambda key: f"the key\n{key}\nis not valid",
    lambda key: key.encode().hex(),
    lambda key: f"Cookie: session={key}; other=1",
)


def attack(count: int) -> list[Row]:
    """Repeat `count` keys in refusals and replies, and a two-hundredth as many through whole audits."""
    return [asyncio.run(_requests(count)), _audits(max(2, count // AUDITS_SHARE))]


# ---- where a server puts the key


def _refusal(rng: random.Random, text: str) -> Refusal:
    error: dict[str, Any] = {"message": "no", "type": "invalid_request_error", "param": None, "code": None}
    shape = rng.randrange(6)
    if shape < 3:
        error[("message", "param", "code")[shape]] = text
    body: dict[str, Any] = (
        {"error": error},
        {"error": error},
        {"error": error},
        {"detail": [{"loc": ["body", "seed"], "msg": text, "input": {"headers": text}}]},
        {"error": text},
        {"message": text, "request": {"headers": {"authorization": text}}},
    )[shape]
    safe = text.replace("\n", " ").encode("latin-1", "replace").decode("latin-1")
    headers: Mapping[str, str] = {"www-authenticate": safe} if rng.random() < 0.3 else MappingProxyType({})
    return Refusal(body, rng.choice((400, 401, 402, 403, 404, 422, 429, 500, 503)), headers)


def _reply(rng: random.Random, text: str, sent: Mapping[str, Any]) -> Refusal:
    message: dict[str, Any] = {"role": "assistant", "content": "I would share it."}
    choice: dict[str, Any] = {"index": 0, "finish_reason": "stop", "message": message}
    reply: dict[str, Any] = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    place = rng.randrange(8)
    if place == 0:
        message["content"] = f"You sent {text}."
    elif place == 1:
        message["reasoning_content"] = f"They sent {text}."
    elif place == 2:
        message["content"] = [{"type": "text", "text": text}]
    elif place == 3:
        message["refusal"] = text
    elif place == 4:
        reply["model"] = text
    elif place == 5:
        reply["id"] = reply["system_fingerprint"] = text
    elif place == 6:
        top = [{"token": text, "logprob": -0.1, "bytes": None}]
        choice["logprobs"] = {"content": [{**top[0], "top_logprobs": top}]}
    else:
        reply["error"], message["annotations"] = {"message": text}, [{"type": text}]
    if "from 0 to 100" in str(sent["messages"]) and place > 2:
        message["content"] = "85"
    return Refusal(reply, 200)


# ---- single requests


async def _requests(count: int) -> Row:
    failures: list[str] = []
    rng = random.Random(0)
    text = ""

    def script(body: dict[str, Any]) -> Refusal:
        return _refusal(rng, text) if rng.random() < 0.5 else _reply(rng, text, body)

    with scripted_server(script) as (address, _), tempfile.TemporaryDirectory() as name:
        os.environ["SECRET_BASE_URL"] = address
        for number in range(count):
            rng.seed(number)
            key, form = _key(rng), rng.choice(FORMS)
            text = form(key)
            os.environ["SECRET_API_KEY"] = key
            model = get_model("openai-api/secret/model", memoize=False)
            found = await _leaks(model, Path(name, f"{number}.sqlite"), key)
            failures += [f"{number}: {text!r} shows in {found}"] if found else []
    return Row("secrets: refusals and replies", count, count - len(failures), failures)


async def _leaks(model: Model, file: Path, key: str) -> str:
    """Return where a key shows after one request; "" if nowhere."""
    said: list[str] = []
    config = GenerateConfig(max_tokens=9, seed=1, logprobs=True, top_logprobs=1)
    try:
        with storing_replies(file, patience=QUICK, say=said.append):
            reply = await request_reply(model, [ChatMessageUser(content="?")], config)
    except Exception as error:  # its traceback could be shown
        said.append("".join(traceback.format_exception(error)))
    else:
        said.append(reply.model_dump_json())
    for text in said:
        if shows(key, text):
            return text[:300]
    return next((path.name for path, content in _contents(file.parent, file.name) if shows(key, content)), "")


# ---- whole audits


def _audits(count: int) -> Row:
    failures: list[str] = []
    for number in range(count):
        rng = random.Random(number)
        key, form = _key(rng), rng.choice(FORMS)
        text, share = form(key), rng.choice((0.0, 0.2, 1.0))

        def script(body: dict[str, Any], text: str = text, share: float = share, rng: random.Random = rng) -> Refusal:
            return _refusal(rng, text) if rng.random() < share else _reply(rng, text, body)

        with scripted_server(script) as (address, _), tempfile.TemporaryDirectory() as name:
            Path(name, "mine.yaml").write_text(QUESTIONS)
            served = "openai-api/secret/model"
            command = [sys.executable, "-m", "askew", "audit", served, "--judge", served, "--questions", "mine.yaml"]
            done = subprocess.run(
                [*command, "--samples", "2", "--set", "patience=1", "--out", "run"],
                cwd=name,
                env={**os.environ, "SECRET_API_KEY": key, "SECRET_BASE_URL": address},
                capture_output=True,
                check=False,
            )
            shown = [("the terminal", done.stdout + done.stderr), *_contents(Path(name), "")]
            places = [str(place) for place, content in shown if shows(key, content)]
            if done.returncode not in (0, 1, 2) or b"Traceback" in done.stderr:
                places.append(f"exit code {done.returncode}: {done.stderr[-300:]!r}")
            failures += [f"{number}: {text!r} shows in {', '.join(places)}"] if places else []
    return Row("secrets: terminal, logs and files of audits", count, count - len(failures), failures)


def _contents(folder: Path, beginning: str) -> Iterable[tuple[Path, bytes]]:
    """Yield the content of each file in a folder, unpacked."""
    for path in sorted(path for path in folder.rglob(f"{beginning}*") if path.is_file()):
        yield path, path.read_bytes()
        if path.suffix == ".eval":
            with zipfile.ZipFile(path) as packed:
                yield path, b"".join(packed.read(name) for name in packed.namelist())
        if path.suffix == ".sqlite":
            yield path, _replies(path)
        if path.suffix == ".parquet":
            import pandas as pd

            yield path, pd.read_parquet(path).to_csv().encode()


def _replies(path: Path) -> bytes:
    import sqlite3

    with sqlite3.connect(path) as file:
        rows = file.execute("SELECT reply FROM replies").fetchall()
        return b"".join(zlib.decompress(row[0]) for row in rows) + repr([*file.iterdump()]).encode()


def _key(rng: random.Random) -> str:
    letters = string.ascii_letters + string.digits + rng.choice(("", "-_", "+/=", ".~"))
    return rng.choice(PREFIXES) + "".join(rng.choices(letters, k=rng.randint(20, 60)))


def shows(key: str, shown: str | bytes) -> bool:
    """Return whether a text shows a key, or 12 characters of its beginning or middle, in some form."""
    text = shown if isinstance(shown, bytes) else shown.encode()
    middle = len(key) // 2
    parts = {key[:12], key[middle - 6 : middle + 6]}
    # Base64 looks different at each of the three places in which a key may begin.
    encoded = [base64.b64encode((before + key).encode()).decode()[4:20] for before in ("", "x", "xx")]
    encoded += [form.replace("+", "-").replace("/", "_") for form in encoded]
    forms = [*parts, *map(quote, parts), *map(html.escape, parts), key.encode().hex()[:24], *encoded]
    forms += [json.dumps(form)[1:-1] for form in parts]
    lower = text.lower()
    return any(form.lower().encode() in lower for form in forms)
