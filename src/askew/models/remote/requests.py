"""Sends requests to served models, stores the replies, keeps the cost below a limit, and repeats failed requests.

Every request to a served model goes through `request_reply`. Inspect's provider sends it; this module decides whether
and how often.
"""

import hashlib
import json
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar
from weakref import WeakKeyDictionary

import anyio
from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelAPI, ModelOutput

from askew.models.provider import DEFAULT_MAX_TOKENS
from askew.models.remote.echo import echoed
from askew.models.remote.patience import USUAL_PATIENCE, Patience, Waits, gives_up
from askew.models.remote.prices import read_prices
from askew.models.remote.provider_errors import RequestFailed, classify, failing_as_request
from askew.models.remote.reach import address_of, check_reachable, server_of, unreached
from askew.models.remote.replies import accepting_other_forms
from askew.models.remote.reply_store import ReplyStore
from askew.models.remote.request_table import RequestTable
from askew.models.remote.sending import CONNECTIONS, NO_TOOLS, Budget, Request, Tools, in_flight, price_of, send_once

Result = TypeVar("Result")

_LONGEST_WAIT = 60.0
# Settings that change how a request is sent, but not its reply.
_OPERATIONAL = {
    *("max_retries", "timeout", "attempt_timeout", "stream_idle_timeout", "max_connections", "adaptive_connections"),
    *("batch", "cache", "extra_headers"),
}


@dataclass(frozen=True)
class _Policy:
    """The money and the limits of a block of `storing_replies`, and what its models are known to take."""

    budget: Budget
    patience: Patience
    table: RequestTable
    waits: Waits
    answered: set[str] = field(default_factory=set)

    def has_answered(self, model: Model) -> bool:
        """Return whether the server of a model has answered in this run, as far as this process and the store know."""
        server = server_of(str(model))
        if server not in self.answered:
            self.answered.update(server_of(cost.model) for cost in self.store.spent() if cost.requests)
        return server in self.answered

    @property
    def store(self) -> ReplyStore:
        """The store of the replies."""
        return self.budget.store

    @property
    def reach(self) -> float:
        """Seconds in which a server that has never answered must take a connection."""
        return min(self.patience.reach, self.patience.total)


_policy: ContextVar[_Policy | None] = ContextVar("askew_policy", default=None)
# What models take, outside of blocks of `storing_replies`.
_tables: "WeakKeyDictionary[ModelAPI, RequestTable]" = WeakKeyDictionary()


@contextmanager
def storing_replies(
    store: Path,
    max_cost: float | None = None,
    prices: Path | None = None,
    patience: Patience = USUAL_PATIENCE,
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
    token = _policy.set(_Policy(budget, patience, RequestTable(replies, say), Waits(say)))
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
    patience: Patience = USUAL_PATIENCE,
) -> Iterator[None]:
    """Store replies as `storing_replies` does, in a file of one process, and report the total cost at the end."""
    ReplyStore(store).count_all_as_lost()  # the reservations of an earlier process that was killed
    try:
        with storing_replies(store, max_cost, prices, patience, lambda text: say(f"  {text}")):
            yield
    finally:
        for cost in ReplyStore(store).spent():
            say(f"  {cost.model}: {cost.requests:,} requests in total, ${cost.dollars:.4g}")


async def request_reply(
    model: Model,
    messages: Sequence[ChatMessage],
    config: GenerateConfig,
    echoes: bool = False,
    tools: Tools = NO_TOOLS,
) -> ModelOutput:
    """Return the reply of a served model to a conversation.

    Identical requests are sent only once, so give each answer its own seed. Outside a block of `storing_replies`, the
    request is left to Inspect, with its own retries and limits; its reply is not stored and its cost is not counted.

    Args:
        model: The model.
        messages: The conversation.
        config: The sampling settings.
        echoes: Whether the request is sent to completions with `echo`; see `askew.models.remote.echo`.
        tools: The tools that the model may call.

    Returns:
        A reply with at least one choice.

    Raises:
        RefusedRequest: The server refuses this request, or gives no log-probabilities if it is asked for them.
        AskewError: The server cannot be reached, refuses the key, has no such model, or does not recover in time; the
            account has no money left, the cost limit is reached, or the store is damaged.
    """
    policy = _policy.get()
    config = model.config.merge(config)
    if policy is None:
        return await _ask_inspect(model, messages, config, echoes, tools)
    if config.max_tokens is None:
        config.max_tokens = model.api.max_tokens() or DEFAULT_MAX_TOKENS
    key = _key(model, messages, config, tools)
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
        request = Request(model, messages, config, key, policy.budget, policy.patience.attempt, echoes, tools)
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

    async def work(number: int, piece: Callable[[], Awaitable[Result]]) -> None:
        found[number] = await piece()
        for number, piece in waiting:
            found[number] = await piece()

    try:
        async with anyio.create_task_group() as group:
            for number, piece in islice(waiting, CONNECTIONS):
                group.start_soon(work, number, piece)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [found[number] for number in sorted(found)]


async def _ask_inspect(
    model: Model, messages: Sequence[ChatMessage], config: GenerateConfig, echoes: bool, tools: Tools
) -> ModelOutput:
    """Return a reply by way of Inspect, with its own retries and limits, in a form that the model takes."""
    await check_reachable(model, in_flight().reach, USUAL_PATIENCE.reach, lambda: False)

    async def send(turns: list[ChatMessage], form: GenerateConfig, used: bool) -> ModelOutput:
        accepting_other_forms(getattr(model.api, "client", None))
        with failing_as_request():
            if not echoes:
                return await model.generate(turns, [*tools.shown], tools.choice, config=form)
            found = await echoed(model, turns, form)
            return found[0] if isinstance(found, tuple) else found

    try:
        if echoes:
            return await send(list(messages), config, True)
        table = _tables.setdefault(model.api, RequestTable(None, logging.getLogger(__name__).warning))
        return await table.send(model, messages, config, send, _trial(model))
    except RequestFailed as failed:
        found = classify(failed.error, model)
        if found.status is None or found.is_transient:
            raise failed.error from failed.error.__cause__
        raise found.error_for_user(model) from None  # the traceback may contain the key


async def _ask_patiently(request: Request, policy: _Policy) -> ModelOutput:
    """Repeat a request until it is answered or refused, or the time is up."""
    model, patience = request.model, policy.patience
    wait, failed = patience.first_wait, None
    price_of(model, policy.budget)  # if it is missing, that is said before a connection is tried
    await check_reachable(model, in_flight().reach, policy.reach, partial(policy.has_answered, model))
    while True:
        try:
            output = await _send(request, policy)
            policy.answered.add(server_of(str(model)))
            return output
        except RequestFailed as failure:
            found = classify(failure.error, model)
            if not found.is_transient:
                raise found.error_for_user(model) from None  # the traceback may contain the key
        if not found.is_unreached:
            policy.answered.add(server_of(str(model)))
        failed = failed or time.monotonic()
        never = not policy.has_answered(model)
        left = failed + (policy.reach if never else patience.total) - time.monotonic()
        if left <= 0 and never:
            raise unreached(str(model), address_of(model), found.reason(model), policy.reach)
        if left <= 0 or found.retry_after > patience.total:
            raise gives_up(found, model, patience)
        # Jitter keeps requests that failed at the same time from being repeated at the same time.
        pause = min(max(wait * random.uniform(0.5, 1.0), found.retry_after, found.until_reset), left)
        policy.waits.note(str(model), found.reason(model), pause, left)
        await anyio.sleep(pause)
        wait = min(2 * wait, _LONGEST_WAIT)


async def _send(request: Request, policy: _Policy) -> ModelOutput:
    """Send a request once in each form that it takes to find out which parts the model takes."""
    if request.echoes:  # its parts are of another API
        return await send_once(request, list(request.messages), request.config, True)
    send = partial(send_once, request)
    return await policy.table.send(request.model, request.messages, request.config, send, _trial(request.model))


def _key(model: Model, messages: Sequence[ChatMessage], config: GenerateConfig, tools: Tools) -> bytes:
    """Return a digest of everything that a reply depends on."""
    turns = [
        message.model_dump(mode="json", exclude={"id", "metadata", "source", "model"}, exclude_none=True)
        for message in messages
    ]
    wanted = config.model_dump(mode="json", exclude=_OPERATIONAL, exclude_none=True)
    shown = [tool.model_dump(mode="json", exclude_none=True) for tool in tools.shown]
    with_tools = [shown, tools.choice] if shown else []  # without any, the key is that of earlier versions
    text = json.dumps([str(model), turns, wanted, *with_tools], sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


def _trial(model: Model) -> anyio.Lock:
    """Return the lock under which it is tried out what a model takes."""
    return in_flight().trials.setdefault(str(model), anyio.Lock())
