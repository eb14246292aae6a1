"""Sends one request to a served model once, as soon as a connection is free and the cost limit allows it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio
from anyio.lowlevel import RunVar
from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelOutput
from inspect_ai.tool import ToolInfo

from askew.models.remote.echo import echoed
from askew.models.remote.prices import Price, Prices, no_price
from askew.models.remote.provider_errors import EmptyReply, RequestFailed, classify, failing_as_request, key_of
from askew.models.remote.reach import Reach
from askew.models.remote.replies import accepting_other_forms, without_keys_in
from askew.models.remote.reply_store import ReplyStore, Spending
from askew.models.remote.usage import charged, most

# Simultaneous requests of one process to one provider.
CONNECTIONS = 32
# Seconds after which a request that waits for reserved money to be released looks again.
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Budget:
    """The money for requests.

    Attributes:
        store: Keeps the replies and counts the cost.
        max_cost: The limit on the total cost in dollars; None for no limit.
        prices: The prices of models.
    """

    store: ReplyStore
    max_cost: float | None
    prices: Prices


@dataclass
class InFlight:
    """The requests in flight in one event loop: a semaphore per provider, an event per request, a lock per model.

    It also knows which addresses were reached.
    """

    slots: dict[str, anyio.Semaphore] = field(default_factory=dict)
    requests: dict[bytes, anyio.Event] = field(default_factory=dict)
    trials: dict[str, anyio.Lock] = field(default_factory=dict)
    reach: Reach = field(default_factory=Reach)


_in_flight: RunVar[InFlight] = RunVar("askew_in_flight")


def in_flight() -> InFlight:
    """Return the requests in flight in this event loop."""
    try:
        return _in_flight.get()
    except LookupError:
        _in_flight.set(InFlight())
        return _in_flight.get()


@dataclass(frozen=True)
class Tools:
    """The tools of a request.

    Attributes:
        shown: The tools, as the model is shown them.
        choice: "none" if the model sees them but may not call one.
    """

    shown: tuple[ToolInfo, ...] = ()
    choice: Literal["auto", "none"] = "auto"


NO_TOOLS = Tools()
"""A request without tools."""


@dataclass(frozen=True)
class Request:
    """A request to a served model.

    Attributes:
        model: The model.
        messages: The conversation.
        config: The settings.
        key: The key under which its reply is stored.
        budget: The money for it.
        seconds: The longest time to wait for the reply.
        echoes: Whether it is sent to completions with `echo`; see `askew.models.remote.echo`.
        tools: The tools that the model may call.
    """

    model: Model
    messages: Sequence[ChatMessage]
    config: GenerateConfig
    key: bytes
    budget: Budget
    seconds: float
    echoes: bool = False
    tools: Tools = NO_TOOLS


async def send_once(request: Request, messages: list[ChatMessage], config: GenerateConfig, used: bool) -> ModelOutput:
    """Send a request once, as soon as a connection and enough money are free, and store the reply.

    Args:
        request: The request.
        messages: The conversation in the form that is sent.
        config: The settings in the form that is sent.
        used: Whether the reply will be used; otherwise it is paid for only.

    Raises:
        AskewError: The cost limit is reached, or no price is known to hold it.
        RequestFailed: The request failed.
    """
    model, budget = request.model, request.budget
    price, replies = price_of(model, budget), budget.store
    limit = request.config.max_tokens or 0
    provider = f"{type(model.api).__name__} {model.api.connection_key()}"
    async with in_flight().slots.setdefault(provider, anyio.Semaphore(CONNECTIONS)):
        at_most = most(messages, config, limit, tools=request.tools.shown)
        reservation = await _reserve(request, 0.0 if price is None else price.of(*at_most))
        # A request that was sent will be charged, so its reply is awaited and stored even if the run is cancelled.
        with anyio.CancelScope(shield=True):
            try:
                output = await _ask_once(request, messages, config)
            except RequestFailed as failed:
                if classify(failed.error, model).may_be_charged:
                    replies.count_as_lost(reservation)
                else:
                    replies.release(reservation)
                raise
            read, written = charged(
                messages, output, most(messages, config, limit, len(output.choices), request.tools.shown)
            )
            dollars = 0.0 if price is None else price.of(read, written)
            spending = Spending(str(model), 1, 0, read, written, dollars)
            replies.settle(reservation, request.key if used else None, output, spending)
            return output
    raise AssertionError("a shielded scope is never cancelled")


async def _reserve(request: Request, dollars: float) -> int:
    """Reserve money for a request, waiting for other reservations to be settled if necessary."""
    store, limit = request.budget.store, request.budget.max_cost
    while (reservation := store.reserve(str(request.model), dollars, limit)) is None:
        await anyio.sleep(_POLL_SECONDS)
    return reservation


async def _ask_once(request: Request, messages: list[ChatMessage], config: GenerateConfig) -> ModelOutput:
    """Send a request once, through the provider's class, with a limit on the time.

    `Model.generate` would add endless retries, and one log event per request; for the hundred thousand requests of a
    judge, these events would take most of the time and memory.
    """
    model = request.model
    client: Any = getattr(model.api, "client", None)
    if hasattr(client, "max_retries"):
        client.max_retries = 0  # otherwise the provider's library retries as well, and the waits multiply
    accepting_other_forms(client)
    with failing_as_request():
        with anyio.fail_after(request.seconds):
            if request.echoes:
                result = await echoed(model, messages, config)
            else:
                result = await model.api.generate(messages, [*request.tools.shown], request.tools.choice, config)
        output = result[0] if isinstance(result, tuple) else result
        if isinstance(output, Exception):
            raise output
        if not output.choices:
            raise EmptyReply
    return without_keys_in(output, key_of(model))


def price_of(model: Model, budget: Budget) -> Price | None:
    """Return the price of a model; None if it is not known.

    Raises:
        AskewError: It is not known, and is needed to hold the cost limit.
    """
    price = budget.prices.of(str(model))
    if price is None and budget.max_cost is not None:
        raise no_price(str(model))
    return price
