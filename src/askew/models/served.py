"""Asking a model that somebody serves: replies are kept, costs stay within a limit, and faults are waited out.

Every request to a model that is not computed in this process goes through `reply`. Inspect makes the request; here
is decided whether it is made, how often, and what becomes of the reply.
"""

import hashlib
import json
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from anyio.lowlevel import RunVar
from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelOutput

from askew.errors import AskewError
from askew.models.kept import Kept, Spent
from askew.models.prices import Price, Prices, most_tokens, no_price, read_prices, tokens
from askew.models.provider import DEFAULT_MAX_TOKENS
from askew.models.trouble import EmptyReply, Trouble, trouble

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
class _Terms:
    """On what terms models are asked in a block of `keeping`."""

    kept: Kept
    max_cost: float | None
    prices: Prices
    patience: Patience


@dataclass
class _Traffic:
    """What is on its way in one event loop: slots by provider, and an event for each request."""

    slots: dict[str, anyio.Semaphore] = field(default_factory=dict)
    requests: dict[bytes, anyio.Event] = field(default_factory=dict)


_terms: ContextVar[_Terms | None] = ContextVar("askew_terms", default=None)
_traffic: RunVar[_Traffic] = RunVar("askew_traffic")


@contextmanager
def keeping(
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
    kept = Kept(store)
    token = _terms.set(_Terms(kept, max_cost, read_prices(prices), patience))
    try:
        yield
    finally:
        _terms.reset(token)
        kept.close()


async def reply(model: Model, messages: Sequence[ChatMessage], config: GenerateConfig) -> ModelOutput:
    """Ask a model that is not computed here.

    Two requests that differ in nothing are one: give each answer to be sampled a seed of its own. Outside a block of
    `keeping` nothing is kept and nothing counted.

    Args:
        model: Whom to ask.
        messages: The conversation.
        config: How to sample.

    Returns:
        The reply, with one choice at least.

    Raises:
        AskewError: The model refuses, the server stays away, the money does not suffice, or the store is damaged.
    """
    terms = _terms.get()
    if terms is None:
        return await _ask_patiently(model, messages, config, None)
    key = _key(model, messages, config)
    under_way = _current_traffic().requests
    while True:
        found = terms.kept.reply(key)
        if found is not None:
            return found
        if key not in under_way:
            break
        await under_way[key].wait()
    done = under_way[key] = anyio.Event()
    try:
        return await _ask_patiently(model, messages, config, _Errand(terms, key))
    finally:
        del under_way[key]
        done.set()


@dataclass(frozen=True)
class _Errand:
    """A request whose reply is to be kept."""

    terms: _Terms
    key: bytes

    async def ask(self, model: Model, messages: Sequence[ChatMessage], config: GenerateConfig) -> ModelOutput:
        """Make one attempt, within the budget, and keep the reply."""
        price = _price(model, self.terms)
        slots = _current_traffic().slots
        provider = f"{type(model.api).__name__} {model.api.connection_key()}"
        config = config.merge(GenerateConfig(max_connections=CONNECTIONS))
        async with slots.setdefault(provider, anyio.Semaphore(CONNECTIONS)):
            most_read, most_written = _most(model, messages, config)
            worst = 0.0 if price is None else price.of(most_read, most_written)
            hold = await self._hold(str(model), worst)
            # What is on its way is paid for: it is waited for and kept, even when the run ends meanwhile.
            with anyio.CancelScope(shield=True):
                try:
                    output = await _ask_once(model, messages, config, self.terms.patience)
                except Exception as error:
                    kept = self.terms.kept
                    kept.lose(hold) if trouble(error).may_be_charged else kept.release(hold)
                    raise
                read, written = tokens(output.usage) if output.usage else (most_read, most_written)
                dollars = 0.0 if price is None else price.of(read, written)
                self.terms.kept.settle(hold, self.key, output, Spent(str(model), 1, 0, read, written, dollars))
                return output
        raise AssertionError("a shield is never cancelled")

    async def _hold(self, model: str, worst: float) -> int:
        while (hold := self.terms.kept.hold(model, worst, self.terms.max_cost)) is None:
            await anyio.sleep(_LOOK_SECONDS)
        return hold


async def _ask_patiently(
    model: Model, messages: Sequence[ChatMessage], config: GenerateConfig, errand: _Errand | None
) -> ModelOutput:
    """Ask until there is a reply, the model refuses, or patience ends."""
    patience = errand.terms.patience if errand else Patience()
    wait, failed = patience.first_wait, None
    while True:
        try:
            if errand:
                return await errand.ask(model, messages, config)
            return await _ask_once(model, messages, config, patience)
        except AskewError:
            raise
        except Exception as error:
            found = trouble(error)
            if not found.is_passing:
                raise AskewError(found.wording(model)) from None  # its traceback may hold the key
        failed = failed or time.monotonic()
        left = failed + patience.total - time.monotonic()
        if left <= 0:
            raise AskewError(_gave_up(model, found, patience, errand is not None)) from None
        # Jittered, so that requests that failed together do not come back together.
        pause = max(wait * random.uniform(0.5, 1.0), found.retry_after)
        await anyio.sleep(min(pause, left))
        wait = min(2 * wait, _LONGEST_WAIT)


async def _ask_once(
    model: Model, messages: Sequence[ChatMessage], config: GenerateConfig, patience: Patience
) -> ModelOutput:
    """Make one attempt, and nobody below makes another."""
    client: Any = getattr(model.api, "client", None)
    if hasattr(client, "max_retries"):
        client.max_retries = 0  # the provider's own library would retry too, and the waits would multiply
    once = GenerateConfig(max_retries=0, attempt_timeout=max(1, round(patience.attempt)))
    output = await model.generate(list(messages), config=config.merge(once))
    if not output.choices:
        raise EmptyReply
    return output


def _gave_up(model: Model, found: Trouble, patience: Patience, kept: bool) -> str:
    rest = ". What was answered is kept; when it is back, the same command goes on and asks only for the rest"
    return f"{model} gave no answer for {patience.total:g} seconds: {found.reason(model)}{rest if kept else ''}"


def _price(model: Model, terms: _Terms) -> Price | None:
    price = terms.prices.of(str(model))
    if price is None and terms.max_cost is not None:
        raise no_price(str(model))
    return price


def _most(model: Model, messages: Sequence[ChatMessage], config: GenerateConfig) -> tuple[int, int]:
    """Return the most tokens that a request can read and write."""
    longest = config.max_tokens or model.api.max_tokens() or DEFAULT_MAX_TOKENS
    return most_tokens([message.text for message in messages]), longest * (config.num_choices or 1)


def _key(model: Model, messages: Sequence[ChatMessage], config: GenerateConfig) -> bytes:
    """Return a digest of all that a reply depends on."""
    turns = [
        message.model_dump(mode="json", exclude={"id", "metadata", "source", "model"}, exclude_none=True)
        for message in messages
    ]
    wanted = model.config.merge(config).model_dump(mode="json", exclude=_OPERATIONAL, exclude_none=True)
    text = json.dumps([str(model), turns, wanted], sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


def _current_traffic() -> _Traffic:
    try:
        return _traffic.get()
    except LookupError:
        _traffic.set(_Traffic())
        return _traffic.get()
