"""Finds out within seconds whether anything answers at the address of a served model.

A server that has never answered is not waited for as long as one that fails: its address is wrong, or it was not
started. A connection is tried before the first request, because the providers' libraries wait minutes for one.
"""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import anyio
import anyio.to_thread
from inspect_ai.model import Model, get_model

from askew.base.deadline import within
from askew.base.errors import AskewError
from askew.models.remote.credentials import without_credentials
from askew.models.remote.provider_errors import EXPENSIVE

_AGAIN = 1.0  # seconds between two attempts to connect
_PORTS = {"http": 80, "https": 443}


@dataclass
class Reach:
    """The addresses at which a connection was tried in one event loop.

    Attributes:
        locks: A lock per address, so that it is tried once, however many requests wait for it.
        failed: The error of each address that was tried; None if it was reached.
    """

    locks: dict[str, anyio.Lock] = field(default_factory=dict)
    failed: dict[str, AskewError | None] = field(default_factory=dict)


async def check_reachable(model: Model, reach: Reach, seconds: float, is_known: Callable[[], bool]) -> None:
    """Check that a connection to the server of a model can be made, before the first request to its address.

    Nothing is checked if the address is not known, or lies behind a proxy.

    Args:
        model: The model.
        reach: The addresses that were tried.
        seconds: The time allowed.
        is_known: Returns whether the server has answered before; then it is waited for, not checked.

    Raises:
        AskewError: No connection can be made.
    """
    address = address_of(model)
    if not address:
        return
    async with reach.locks.setdefault(address, anyio.Lock()):
        if address not in reach.failed:
            reason = "" if is_known() else await anyio.to_thread.run_sync(_fault, address, seconds)
            reach.failed[address] = unreached(str(model), address, reason, seconds) if reason else None
    if (error := reach.failed[address]) is not None:
        raise AskewError(str(error))  # a new one, because several requests raise it


def check_server(name: str, seconds: float) -> None:
    """Check that a connection to the server of a model can be made, before a process that will ask it is started.

    Args:
        name: The name of the model in Inspect; its key is set.
        seconds: The time allowed.

    Raises:
        AskewError: No connection can be made.
    """
    provider = name.partition("/")[0]
    if provider in EXPENSIVE:  # these start a server of their own, unless there is one
        address = os.environ.get(f"{provider.upper()}_BASE_URL", "")
    else:
        address = address_of(get_model(name, memoize=False))
    if address and (reason := _fault(address, seconds)):
        raise unreached(name, address, reason, seconds)


def unreached(name: str, address: str, reason: str, seconds: float) -> AskewError:
    """Return the error for a server that has never answered.

    Args:
        name: The name of the model in Inspect.
        address: The server's address; "" if it is not known.
        reason: Why no connection was made, in one line.
        seconds: How long it was tried.
    """
    named = [name for name, value in os.environ.items() if name.endswith("_BASE_URL") and _same(value, address)]
    at = f" at {without_credentials(address)}" if address else ""
    where = f" in {' or '.join(sorted(named))}" if address and named else ""
    return AskewError(
        f"{name}: no server answers{at}, tried for {seconds:.0f} s: {reason}. Start it, or check its address{where} "
        "and the network; then repeat the command"
    )


def server_of(name: str) -> str:
    """Return the part of a model's name that stands for its server: PROVIDER, or openai-api/SERVICE.

    Args:
        name: The name of the model in Inspect.
    """
    provider, _, rest = name.partition("/")
    return f"{provider}/{rest.partition('/')[0]}" if provider.startswith("openai-api") else provider


def address_of(model: Model) -> str:
    """Return the address of the server of a model; "" if it is not known before the first request."""
    api = model.api
    client = getattr(api, "client", None)
    # vLLM's and SGLang's address is not set before they are asked, but names their connection.
    known = (getattr(api, "base_url", None), getattr(client, "base_url", None), api.connection_key())
    return next((text for text in map(str, known) if text.startswith(("http://", "https://"))), "")


def _same(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")


def _is_behind_proxy(address: str) -> bool:
    place = urlsplit(address)
    proxies = getproxies()
    return bool(proxies.get(place.scheme) or proxies.get("all")) and not proxy_bypass(place.hostname or "")


def _fault(address: str, seconds: float) -> str:
    """Return why no connection to an address can be made, after trying for some seconds; "" if one is made.

    It is "" for an address behind a proxy, too.
    """
    deadline = time.monotonic() + seconds
    while not _is_behind_proxy(address):
        left = max(0.1, deadline - time.monotonic())
        try:
            within(left, partial(_connect, address, left))
            return ""
        except (OSError, ValueError) as error:  # a port that is no number is a ValueError
            reason = str(getattr(error, "strerror", "") or error) or type(error).__name__
            if isinstance(error, ValueError) or time.monotonic() + _AGAIN > deadline:
                return without_credentials(" ".join(reason.split()))
        time.sleep(_AGAIN)
    return ""


def _connect(address: str, seconds: float) -> None:
    place = urlsplit(address)
    port = place.port or _PORTS[place.scheme]
    socket.create_connection((place.hostname or "", port), timeout=seconds).close()
