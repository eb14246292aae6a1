"""A server reports senseless numbers of tokens, sends more than was asked for, or loses what a job was marked with.

The limit on the cost must hold, the charge must not be below the least that the texts can cost, and a fine-tuning job
must not be started twice.
"""

import asyncio
import json
import logging
import math
import multiprocessing
import os
import random
import signal
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

from inspect_ai.model import ChatMessageUser, GenerateConfig, Model, get_model

from askew.base.errors import AskewError
from askew.models.remote.reply_store import ReplyStore
from askew.models.remote.requests import Patience, request_reply, storing_replies
from askew.training.provider.fine_tune import fine_tune_served
from askew.training.provider.job import FineTuneRequest, JobCallbacks, Polling
from askew.training.provider.recipe import ServedRecipe
from attacks import Row
from attacks._servers import Refusal, TuningServer, scripted_server

MODEL = "openai-api/money/model"
LIMIT = 0.01  # dollars
PRICES = f"{MODEL}: {{input: 10, output: 100}}\n"
REQUESTS, MOST_TOKENS = 6, 20
BYTES_PER_TOKEN = 8  # no model has longer tokens on average, by the documented rule
QUICK = Patience(total=2, attempt=2, first_wait=0.005)
# A fine-tune takes hundreds of times as long as a request, so fewer are tried.
JOBS_SHARE, LONGEST_LIFE = 20, 1.2
SETTLE = 0.5  # seconds for which a lost job is searched; 20 for real services
NEVER = 10**6  # list requests that don't show a job


def attack(count: int) -> list[Row]:
    """Attack the limit on the cost `count` times, and the creation of jobs a twentieth as often."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # the server's, about clients that were killed
    warnings.filterwarnings("ignore", "Pydantic serializer warnings")  # the client's, about wrong types in reports
    return [asyncio.run(_requests(count)), _jobs(max(1, count // JOBS_SHARE))]


# ---- requests


async def _requests(count: int) -> Row:
    failures: list[str] = []
    rng = random.Random(0)
    served: list[int] = []  # bytes of the texts of each reply

    def script(body: dict[str, Any]) -> Refusal:
        texts = ["word " * rng.randint(0, 30) for _ in range(rng.choice((body.get("n") or 1, 1, 3, 9)))]
        served.append(sum(map(len, texts)))
        choices = [
            {"index": index, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
            for index, text in enumerate(texts)
        ]
        reply = {"id": "x", "object": "chat.completion", "created": 1, "model": "model", "choices": choices}
        return Refusal({**reply, **({} if (usage := _usage(rng)) is None else {"usage": usage})}, 200)

    with scripted_server(script) as (address, _), tempfile.TemporaryDirectory() as name:
        os.environ |= {"MONEY_API_KEY": "none-needed", "MONEY_BASE_URL": address}
        prices = Path(name, "prices.yaml")
        prices.write_text(PRICES)
        model = get_model(MODEL)
        for number in range(count):
            rng.seed(number)
            served.clear()
            wrong = await _session(model, Path(name, f"{number}.sqlite"), prices, served)
            failures += [f"{number}: {wrong}"] if wrong else []
    return Row("money: reports of tokens and choices", count, count - len(failures), failures)


async def _session(model: Model, file: Path, prices: Path, served: list[int]) -> str:
    """Send some requests under a limit, and return what is wrong with the account of them; "" if nothing."""
    config, store, spent = GenerateConfig(max_tokens=MOST_TOKENS, num_choices=2), ReplyStore(file), 0.0
    try:
        with storing_replies(file, LIMIT, prices, QUICK):
            for seed in range(REQUESTS):
                before = len(served)
                await request_reply(model, [ChatMessageUser(content="?")], config.merge(GenerateConfig(seed=seed)))
                if len(served) > before and spent > LIMIT:
                    return f"${spent} of ${LIMIT} were spent before request {seed}"
                spent = sum(cost.dollars for cost in store.spent())
    except AskewError as error:
        if "--max-cost" not in str(error):
            return f"it ended with: {error}"
    except Exception as error:  # what the attack looks for
        return f"{type(error).__name__}: {error}"
    return _wrong_account(store, served)


def _wrong_account(store: ReplyStore, served: list[int]) -> str:
    if not served:
        return ""
    [spent] = store.spent()
    if not 0 < spent.dollars < math.inf:
        return f"${spent.dollars} recorded"
    if spent.requests + spent.lost != len(served):
        return f"{spent.requests} requests and {spent.lost} lost ones recorded of {len(served)}"
    least = sum(size // BYTES_PER_TOKEN for size in served)
    if not spent.lost and spent.output_tokens < least:
        return f"{spent.output_tokens} tokens charged for texts of at least {least}"
    return ""


def _usage(rng: random.Random) -> Any:
    """Return a report of tokens that a server may send by mistake or on purpose; None for none."""
    if rng.random() < 0.1:
        return rng.choice((None, {}, [], "many", 7, {"prompt_tokens": None}))
    odd = (0, 1, -1, -(10**6), 10**6, 10**12, 10**30, -(2**63), 0.5, -0.0, 1e300, True, None, "12", "x", [], {})
    usage = {
        name: rng.choice((*odd, rng.randint(0, 50)))
        for name in ("prompt_tokens", "completion_tokens", "total_tokens")
        if rng.random() < 0.9
    }
    if rng.random() < 0.3:
        usage["prompt_tokens_details"] = {"cached_tokens": rng.choice(odd)}
    if rng.random() < 0.3:
        usage["completion_tokens_details"] = {"reasoning_tokens": rng.choice(odd)}
    return json.loads(json.dumps(usage))


# ---- jobs


def _jobs(count: int) -> Row:
    failures: list[str] = []
    for number in range(count):
        with TuningServer() as server, tempfile.TemporaryDirectory() as name:
            os.environ |= {"OPENAI_API_KEY": "none-needed", "OPENAI_BASE_URL": server.url}
            wrong = _killed_jobs(server, Path(name, "tuned"), random.Random(number))
            failures += [f"{number}: {wrong}"] if wrong else []
    return Row("money: a fine-tuning job of a killed process", count, count - len(failures), failures)


def _killed_jobs(server: TuningServer, out: Path, rng: random.Random) -> str:
    """Kill a process that creates a job, a few times, then let it end; return what is wrong, or "" if nothing.

    Where it stops because a job may have been started, the job appears, and must then be taken.
    """
    server.hides = {field for field in ("metadata", "seed") if rng.random() < 0.5}
    server.mislaid = rng.choice((0, 1, 3, NEVER, NEVER))
    server.faults["create"] = [rng.choice(("stuck", "lost", "lost-500", "hang", "drop", "429", "")) for _ in range(2)]
    server.faults["upload"] = [rng.choice(("stuck", "lost", "429", "", "", ""))]
    for _ in range(rng.randint(1, 3)):
        process = multiprocessing.get_context("fork").Process(target=_tune_or_stop, args=(out,))
        process.start()
        time.sleep(rng.uniform(0, LONGEST_LIFE))
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    try:
        _tune(out)
    except AskewError as error:
        if "--again" not in str(error) and len(server.jobs) < 2:
            return f"it ended with: {error}"
        for job in server.jobs.values():  # it appears at last
            job["hidden"] = 0
        if server.jobs:
            _tune(out)
    return "" if len(server.jobs) < 2 else f"{len(server.jobs)} jobs were started"


def _tune_or_stop(out: Path) -> None:
    with suppress(AskewError):
        _tune(out)


def _tune(out: Path) -> None:
    rows = [
        {"messages": [{"role": "user", "content": f"Is it {n}?"}, {"role": "assistant", "content": "Yes."}]}
        for n in range(12)
    ]
    request = FineTuneRequest("openai/base", rows, ServedRecipe(), 3, out)
    patience, polling = Patience(total=20, attempt=0.4, first_wait=0.01), Polling(0.02, 0.05, SETTLE)
    fine_tune_served(request, patience, JobCallbacks(), polling, restart=False)
