"""Sends requests to served models, stores the replies, keeps the cost below a limit, and repeats failed requests.

Every request to a served model goes through `request_reply`. Inspect's provider sends it; this module decides whether
and how often.
"""

import hashlib
import json
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar
from weakref import WeakKeyDictionary

import anyio
from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelAPI, ModelOutput

from askew.base.errors import AskewError
from askew.models.provider import DEFAULT_MAX_TOKENS
from askew.models.remote.prices import read_prices
from askew.models.remote.provider_errors import RequestFailed, RequestFailure, classify, failing_as_request
from askew.models.remote.replies import accepting_other_forms
from askew.models.remote.reply_store import ReplyStore
from askew.models.remote.request_table import RequestTable
from askew.models.remote.sending import CONNECTIONS, Budget, Request, in_flight, send_once

Result = TypeVar("Result")

_LONGEST_WAIT = 60.0
# Waits for a failing server are said if they are at least this long, and at these intervals, in seconds.
_SHORT_WAIT, _SAY_EVERY = 3.0, 30.0
# Settings that change how a request is sent, but not its reply.
_OPERATIONAL = {
    *("max_retries", "timeout", "attempt_timeout", "stream_idle_timeout", "max_connections", "adaptive_connections"),
    *("batch", "cache", "extra_headers"),
}


@dataclass(frozen=True)
class Patience:
    """Limits on repeating a failed request.

    Attributes:
        total: Seconds from the first failure of a request to giving up.
        attempt: Timeout of one attempt, in seconds.
        first_wait: Seconds before the second attempt; each further wait is about twice as long as the one before.
    """

    total: float = 300.0
    attempt: float = 300.0
    first_wait: float = 1.0


@dataclass(frozen=True)
class _Policy:
    """The money and the limits of a block of `storing_replies`, and what its models are known to take."""

    budget: Budget
    patience: Patience
    table: RequestTable
    waits: "_Waits"


_policy: ContextVar[_Policy | None] = ContextVar("askew_policy", default=None)
# What models take, outside of blocks of `storing_replies`.
_tables: "WeakKeyDictionary[ModelAPI, RequestTable]" = WeakKeyDictionary()


@contextmanager
def storing_replies(
    store: Path,
    max_cost: float | None = None,
    prices: Path | None = None,
    patience: Patience = Patience(),
    say: Callable[[str], None] = lambda text: None,
) -> Iterator[None]:
    """Store the replies to all requests in this block, and return stored replies instead of requesting them again.

    Several processes can share one file.

    Args:
        store: The file, in a run's folder; created with the first reply.
        max_cost: The limit, in dollars, on the cost of all requests recorded in the file; None for no limit.
        prices: The user's file of prices.
        patience: Limits on repeating a failed request.
        say: Receives a line for each part of a request that a model does not take, and while a server fails.

    Raises:
        AskewError: The prices or the store cannot be read.
    """
    replies = ReplyStore(store)
    budget = Budget(replies, max_cost, read_prices(prices))
    token = _policy.set(_Policy(budget, patience, RequestTable(replies, say), _Waits(say)))
    try:
        yield
    finally:
        _policy.reset(token)
        replies.close()


@contextmanager
def reply_session(
    store: Path,
    say: Callable[[str], None],
    max_cost: float | None = None,
    prices: Path | None = None,
    patience: Patience = Patience(),
) -> Iterator[None]:
    """Store replies as `storing_replies` does, in a file of one process, and report the total cost at the end."""
    ReplyStore(store).count_all_as_lost()  # the reservations of an earlier process that was killed
    try:
        with storing_replies(store, max_cost, prices, patience, lambda text: say(f"  {text}")):
            yield
    finally:
        for cost in ReplyStore(store).spent():
            say(f"  {cost.model}: {cost.requests:,} requests in total, ${cost.dollars:.4g}")


async def request_reply(model: Model, messages: Sequence[ChatMessage], config: GenerateConfig) -> ModelOutput:
    """Return the reply of a served model to a conversation.

    Identical requests are sent only once, so give each answer its own seed. Outside a block of `storing_replies`, the
    request is left to Inspect, with its own retries and limits; its reply is not stored and its cost is not counted.

    Args:
        model: The model.
        messages: The conversation.
        config: The sampling settings.

    Returns:
        A reply with at least one choice.

    Raises:
        RefusedRequest: The server refuses this request, or gives no log-probabilities if it is asked for them.
        AskewError: The server refuses the key, has no such model, or does not recover in time; the account has no money
            left, the cost limit is reached, or the store is damaged.
    """
    policy = _policy.get()
    config = model.config.merge(config)
    if policy is None:
        return await _ask_inspect(model, messages, config)
    if config.max_tokens is None:
        config.max_tokens = model.api.max_tokens() or DEFAULT_MAX_TOKENS
    key = _key(model, messages, config)
    under_way = in_flight().requests
    while True:
        found = policy.budget.store.get(key)
        if found is not None:
            return found
        if key not in under_way:
            break
        await under_way[key].wait()
    done = under_way[key] = anyio.Event()
    try:
        request = Request(model, messages, config, key, policy.budget, policy.patience.attempt)
        return await _ask_patiently(request, policy)
    finally:
        del under_way[key]
        done.set()


async def gather(pieces: Iterable[Callable[[], Awaitable[Result]]]) -> list[Result]:
    """Return the results of coroutine functions that send requests, in order, running `CONNECTIONS` of them at a time.

    Unlike `asyncio.gather`, it starts a coroutine only when a connection may be free for it: a hundred thousand waiting
    coroutines would need too much memory.

    Raises:
        AskewError: A coroutine raised it; the others are cancelled.
    """
    waiting = enumerate(pieces)
    found: dict[int, Result] = {}

    async def work() -> None:
        for number, piece in waiting:
            found[number] = await piece()

    try:
        async with anyio.create_task_group() as group:
            for _ in range(CONNECTIONS):
                group.start_soon(work)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [found[number] for number in sorted(found)]


async def _ask_inspect(model: Model, messages: Sequence[ChatMessage], config: GenerateConfig) -> ModelOutput:
    """Return a reply by way of Inspect, with its own retries and limits, in a form that the model takes."""

    async def send(turns: list[ChatMessage], form: GenerateConfig, used: bool) -> ModelOutput:
        accepting_other_forms(getattr(model.api, "client", None))
        with failing_as_request():
            return await model.generate(turns, config=form)

    try:
        table = _tables.setdefault(model.api, RequestTable(None, logging.getLogger(__name__).warning))
        return await table.send(model, messages, config, send, _trial(model))
    except RequestFailed as failed:
        found = classify(failed.error, model)
        if found.status is None or found.is_transient:
            raise failed.error from failed.error.__cause__
        raise found.error_for_user(model) from None  # the traceback may contain the key


@dataclass
class _Waits:
    """Reports now and then that requests to a model wait for its server."""

    say: Callable[[str], None]
    _said: dict[str, float] = field(default_factory=dict)

    def note(self, model: str, reason: str, pause: float, left: float) -> None:
        """Report the reason and the length of a wait, unless it is short or one was reported a short time ago."""
        now = time.monotonic()
        if pause >= _SHORT_WAIT and now - self._said.get(model, -math.inf) >= _SAY_EVERY:
            self._said[model] = now
            self.say(f"{model} fails: {reason}; again in {pause:.0f} s, for at most {left:.0f} s more")


async def _ask_patiently(request: Request, policy: _Policy) -> ModelOutput:
    """Repeat a request until it is answered or refused, or the time is up."""
    model, patience = request.model, policy.patience
    wait, failed = patience.first_wait, None
    while True:
        try:
            return await policy.table.send(
                model, request.messages, request.config, partial(send_once, request), _trial(model)
            )
        except RequestFailed as failure:
            found = classify(failure.error, model)
            if not found.is_transient:
                raise found.error_for_user(model) from None  # the traceback may contain the key
        failed = failed or time.monotonic()
        left = failed + patience.total - time.monotonic()
        if left <= 0 or found.retry_after > patience.total:
            raise _gives_up(found, model, patience)
        # Jitter keeps requests that failed at the same time from being repeated at the same time.
        pause = min(max(wait * random.uniform(0.5, 1.0), found.retry_after, found.until_reset), left)
        policy.waits.note(str(model), found.reason(model), pause, left)
        await anyio.sleep(pause)
        wait = min(2 * wait, _LONGEST_WAIT)


def _gives_up(failure: RequestFailure, model: Model, patience: Patience) -> AskewError:
    """Return the error for a server that did not recover in time, or that asks to wait for longer."""
    reason = failure.reason(model)
    if failure.retry_after > patience.total:
        return AskewError(
            f"{model} asks to wait for {failure.retry_after:,.0f} seconds: {reason}. All replies so far are stored. "
            f"Repeat the command after that time, or wait longer with --set patience={math.ceil(failure.retry_after)}"
        )
    return AskewError(
        f"{model} gave no answer for {patience.total:g} seconds: {reason}. "
        "All replies so far are stored. Once the server is back, repeat the command to continue"
    )


def _key(model: Model, messages: Sequence[ChatMessage], config: GenerateConfig) -> bytes:
    """Return a digest of everything that a reply depends on."""
    turns = [
        message.model_dump(mode="json", exclude={"id", "metadata", "source", "model"}, exclude_none=True)
        for message in messages
    ]
    wanted = config.model_dump(mode="json", exclude=_OPERATIONAL, exclude_none=True)
    text = json.dumps([str(model), turns, wanted], sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


def _trial(model: Model) -> anyio.Lock:
    """Return the lock under which it is tried out what a model takes."""
    return in_flight().trials.setdefault(str(model), anyio.Lock())
