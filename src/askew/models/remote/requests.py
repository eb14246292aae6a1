"""Asking a model that somebody serves: replies are kept, costs stay within a limit, and faults are waited out.

Every request to a model that is not computed in this process goes through `request_reply`. Inspect's provider makes the
request; here is decided whether it is made, how often, and what becomes of the reply.
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

Found = TypeVar("Found")

# Requests to one provider that a process has on their way at once.
CONNECTIONS = 32
_LONGEST_WAIT = 60.0
# How often a request looks whether others have been settled and left money.
_LOOK_SECONDS = 0.05
# What changes how a request is made, and not what is asked for.
_OPERATIONAL = {
    *("max_retries", "timeout", "attempt_timeout", "stream_idle_timeout", "max_connections", "adaptive_connections"),
    *("batch", "cache", "extra_headers"),
}


@dataclass(frozen=True)
class Patience:
    """How long a server that fails is asked again.

    Attributes:
        total: Seconds from the first failure of a request to giving up.
        attempt: Seconds after which one attempt has failed.
        first_wait: Seconds before the second attempt; each wait after it is about twice the one before.
    """

    total: float = 300.0
    attempt: float = 300.0
    first_wait: float = 1.0


@dataclass
class _Policy:
    """On what terms models are asked in a block of `storing_replies`."""

    store: ReplyStore
    max_cost: float | None
    prices: Prices
    patience: Patience


@dataclass
class _InFlight:
    """What is on its way in one event loop: slots by provider, and an event for each request."""

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
    """Keep every reply while in this block, and take what is kept instead of asking.

    Several processes may do so with one file at once.

    Args:
        store: The file, in a run's folder; made when there is something to keep.
        max_cost: The most dollars that all requests ever kept there may cost together; None is without limit.
        prices: The user's file of prices.
        patience: How long a server that fails is asked again.

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
    ReplyStore(store).count_all_as_lost()  # set aside for what was on its way when a sitting before this was killed
    try:
        with storing_replies(store, *terms):
            yield
    finally:
        for cost in ReplyStore(store).spent():
            say(f"  {cost.model}: {cost.requests:,} requests made in all, ${cost.dollars:.4g}")


async def request_reply(model: Model, messages: Sequence[ChatMessage], config: GenerateConfig) -> ModelOutput:
    """Ask a model that is not computed here.

    Two requests that differ in nothing are one: give each answer to be sampled a seed of its own. Outside a block of
    `storing_replies` the request is Inspect's alone, with its retries and limits; nothing is kept and nothing counted.

    Args:
        model: Whom to ask.
        messages: The conversation.
        config: How to sample.

    Returns:
        The reply, with one choice at least.

    Raises:
        AskewError: The model refuses, the server stays away, the money does not suffice, or the store is damaged.
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


async def gather(pieces: Iterable[Callable[[], Awaitable[Found]]]) -> list[Found]:
    """Do pieces of work that ask served models, a few at a time, and return what each gives, in order.

    Of a hundred thousand pieces no more are begun than there can be requests on their way; each that waits would
    hold its memory.

    Raises:
        AskewError: What the first piece that failed raised; the others are given up.
    """
    waiting = enumerate(pieces)
    found: dict[int, Found] = {}

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
    """What is asked, on what terms, and the key that its reply is kept under."""

    model: Model
    messages: Sequence[ChatMessage]
    config: GenerateConfig
    key: bytes
    policy: _Policy


async def _ask_patiently(request: _Request) -> ModelOutput:
    """Ask until there is a reply, the model refuses, or patience ends."""
    patience = request.policy.patience
    wait, failed = patience.first_wait, None
    while True:
        try:
            return await _ask_within_budget(request)
        except AskewError:
            raise
        except Exception as error:
            found = classify(error, request.model)
            if not found.is_transient:
                raise AskewError(found.message(request.model)) from None  # its traceback may hold the key
        failed = failed or time.monotonic()
        left = failed + patience.total - time.monotonic()
        if left <= 0:
            raise AskewError(
                f"{request.model} gave no answer for {patience.total:g} seconds: {found.reason(request.model)}. "
                "What was answered is kept; when it is back, the same command goes on and asks only for the rest"
            )
        # Jittered, so that requests that failed together do not come back together.
        pause = max(wait * random.uniform(0.5, 1.0), found.retry_after)
        await anyio.sleep(min(pause, left))
        wait = min(2 * wait, _LONGEST_WAIT)


async def _ask_within_budget(request: _Request) -> ModelOutput:
    """Make one attempt when there is a slot and money for it, and keep the reply."""
    model, replies = request.model, request.policy.store
    price = _price(model, request.policy)
    provider = f"{type(model.api).__name__} {model.api.connection_key()}"
    async with _current_requests().slots.setdefault(provider, anyio.Semaphore(CONNECTIONS)):
        most_read = token_upper_bound([message.text for message in request.messages])
        most_written = (request.config.max_tokens or 0) * (request.config.num_choices or 1)
        reservation = await _reserve(request, 0.0 if price is None else price.of(most_read, most_written))
        # What is on its way is paid for: it is waited for and kept, even when the run ends meanwhile.
        with anyio.CancelScope(shield=True):
            try:
                output = await _ask_once(request)
            except Exception as error:
                if classify(error, model).may_be_charged:
                    replies.count_as_lost(reservation)
                else:
                    replies.release(reservation)
                raise
            read, written = tokens(output.usage) if output.usage else (most_read, most_written)
            dollars = 0.0 if price is None else price.of(read, written)
            replies.settle(reservation, request.key, output, Spending(str(model), 1, 0, read, written, dollars))
            return output
    raise AssertionError("a shield is never cancelled")


async def _reserve(request: _Request, most: float) -> int:
    """Set money aside, after others have been settled if need be."""
    while (reservation := request.policy.store.reserve(str(request.model), most, request.policy.max_cost)) is None:
        await anyio.sleep(_LOOK_SECONDS)
    return reservation


async def _ask_once(request: _Request) -> ModelOutput:
    """Have the provider make one attempt.

    It is asked directly: what `Model.generate` adds are retries without end and an event in the log for each request,
    which for a judge's hundred thousand requests is most of the time and memory.
    """
    client: Any = getattr(request.model.api, "client", None)
    if hasattr(client, "max_retries"):
        client.max_retries = 0  # the provider's own library would retry too, and the waits would multiply
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
    """Return a digest of all that a reply depends on."""
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
