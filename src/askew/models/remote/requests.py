"""Sends requests to served models, stores the replies, keeps the cost below a limit, and repeats failed requests.

Every request to a served model goes through `request_reply`. Inspect's provider sends it; this module decides whether
and how often.
"""

import hashlib
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import anyio
from anyio.lowlevel import RunVar
from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelOutput

from askew.base.errors import AskewError
from askew.models.provider import DEFAULT_MAX_TOKENS
from askew.models.remote.prices import Price, Prices, no_price, read_prices, token_upper_bound, tokens
from askew.models.remote.provider_errors import EmptyReply, classify
from askew.models.remote.reply_store import ReplyStore, Spending

Result = TypeVar("Result")

# Simultaneous requests of one process to one provider.
CONNECTIONS = 32
_LONGEST_WAIT = 60.0
# Seconds after which a request that waits for reserved money to be released looks again.
_POLL_SECONDS = 0.05
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


@dataclass
class _Policy:
    """The store, the limits and the prices of a block of `storing_replies`."""

    store: ReplyStore
    max_cost: float | None
    prices: Prices
    patience: Patience


@dataclass
class _InFlight:
    """The requests in flight in one event loop: a semaphore per provider, and an event per request."""

    slots: dict[str, anyio.Semaphore] = field(default_factory=dict)
    requests: dict[bytes, anyio.Event] = field(default_factory=dict)


_policy: ContextVar[_Policy | None] = ContextVar("askew_policy", default=None)
_in_flight: RunVar[_InFlight] = RunVar("askew_in_flight")


@contextmanager
def storing_replies(
    store: Path,
    max_cost: float | None = None,
    prices: Path | None = None,
    patience: Patience = Patience(),
) -> Iterator[None]:
    """Store the replies to all requests in this block, and return stored replies instead of requesting them again.

    Several processes can share one file.

    Args:
        store: The file, in a run's folder; created with the first reply.
        max_cost: The limit, in dollars, on the cost of all requests recorded in the file; None for no limit.
        prices: The user's file of prices.
        patience: Limits on repeating a failed request.

    Raises:
        AskewError: The prices cannot be read.
    """
    replies = ReplyStore(store)
    token = _policy.set(_Policy(replies, max_cost, read_prices(prices), patience))
    try:
        yield
    finally:
        _policy.reset(token)
        replies.close()


@contextmanager
def reply_session(store: Path, say: Callable[[str], None], *terms: Any) -> Iterator[None]:
    """Store replies as `storing_replies` does, in a file of one process, and report the total cost at the end."""
    ReplyStore(store).count_all_as_lost()  # the reservations of an earlier process that was killed
    try:
        with storing_replies(store, *terms):
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
        AskewError: The server refuses the request or does not recover in time, the cost limit is reached, or the store
            is damaged.
    """
    policy = _policy.get()
    if policy is None:
        return await model.generate(list(messages), config=config)
    config = model.config.merge(config)
    if config.max_tokens is None:
        config.max_tokens = model.api.max_tokens() or DEFAULT_MAX_TOKENS
    key = _key(model, messages, config)
    under_way = _current_requests().requests
    while True:
        found = policy.store.get(key)
        if found is not None:
            return found
        if key not in under_way:
            break
        await under_way[key].wait()
    done = under_way[key] = anyio.Event()
    try:
        return await _ask_patiently(_Request(model, messages, config, key, policy))
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


@dataclass(frozen=True)
class _Request:
    """A request, and the key under which its reply is stored."""

    model: Model
    messages: Sequence[ChatMessage]
    config: GenerateConfig
    key: bytes
    policy: _Policy


async def _ask_patiently(request: _Request) -> ModelOutput:
    """Repeat a request until it is answered or refused, or the time is up."""
    patience = request.policy.patience
    wait, failed = patience.first_wait, None
    while True:
        try:
            return await _ask_within_budget(request)
        except AskewError:
            raise
        except Exception as error:  # each provider has errors of its own; they are classified below
            found = classify(error, request.model)
            if not found.is_transient:
                raise AskewError(found.message(request.model)) from None  # the traceback may contain the key
        failed = failed or time.monotonic()
        left = failed + patience.total - time.monotonic()
        if left <= 0:
            raise AskewError(
                f"{request.model} gave no answer for {patience.total:g} seconds: {found.reason(request.model)}. "
                "All replies so far are stored. Once the server is back, repeat the command to continue"
            )
        # Jitter keeps requests that failed at the same time from being repeated at the same time.
        pause = max(wait * random.uniform(0.5, 1.0), found.retry_after)
        await anyio.sleep(min(pause, left))
        wait = min(2 * wait, _LONGEST_WAIT)


async def _ask_within_budget(request: _Request) -> ModelOutput:
    """Send a request once, as soon as a connection and enough money are free, and store the reply."""
    model, replies = request.model, request.policy.store
    price = _price(model, request.policy)
    provider = f"{type(model.api).__name__} {model.api.connection_key()}"
    async with _current_requests().slots.setdefault(provider, anyio.Semaphore(CONNECTIONS)):
        most_read = token_upper_bound([message.text for message in request.messages])
        most_written = (request.config.max_tokens or 0) * (request.config.num_choices or 1)
        reservation = await _reserve(request, 0.0 if price is None else price.of(most_read, most_written))
        # A request that was sent will be charged, so its reply is awaited and stored even if the run is cancelled.
        with anyio.CancelScope(shield=True):
            try:
                output = await _ask_once(request)
            except Exception as error:  # any provider error, classified
                if classify(error, model).may_be_charged:
                    replies.count_as_lost(reservation)
                else:
                    replies.release(reservation)
                raise
            read, written = tokens(output.usage) if output.usage else (most_read, most_written)
            dollars = 0.0 if price is None else price.of(read, written)
            replies.settle(reservation, request.key, output, Spending(str(model), 1, 0, read, written, dollars))
            return output
    raise AssertionError("a shielded scope is never cancelled")


async def _reserve(request: _Request, most: float) -> int:
    """Reserve money for a request, waiting for other reservations to be settled if necessary."""
    while (reservation := request.policy.store.reserve(str(request.model), most, request.policy.max_cost)) is None:
        await anyio.sleep(_POLL_SECONDS)
    return reservation


async def _ask_once(request: _Request) -> ModelOutput:
    """Send a request once, through the provider's class.

    `Model.generate` would add endless retries, and one log event per request; for the hundred thousand requests of a
    judge, these events would take most of the time and memory.
    """
    client: Any = getattr(request.model.api, "client", None)
    if hasattr(client, "max_retries"):
        client.max_retries = 0  # otherwise the provider's library retries as well, and the waits multiply
    with anyio.fail_after(request.policy.patience.attempt):
        result = await request.model.api.generate(list(request.messages), [], "auto", request.config)
    output = result[0] if isinstance(result, tuple) else result
    if isinstance(output, Exception):
        raise output
    if not output.choices:
        raise EmptyReply
    return output


def _price(model: Model, policy: _Policy) -> Price | None:
    price = policy.prices.of(str(model))
    if price is None and policy.max_cost is not None:
        raise no_price(str(model))
    return price


def _key(model: Model, messages: Sequence[ChatMessage], config: GenerateConfig) -> bytes:
    """Return a digest of everything that a reply depends on."""
    turns = [
        message.model_dump(mode="json", exclude={"id", "metadata", "source", "model"}, exclude_none=True)
        for message in messages
    ]
    wanted = config.model_dump(mode="json", exclude=_OPERATIONAL, exclude_none=True)
    text = json.dumps([str(model), turns, wanted], sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


def _current_requests() -> _InFlight:
    try:
        return _in_flight.get()
    except LookupError:
        _in_flight.set(_InFlight())
        return _in_flight.get()
