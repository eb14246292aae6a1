"""Limits the time of calls that may hang in the operating system, such as looking up an address."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


def within(seconds: float, call: Callable[[], Result]) -> Result:
    """Return the result of a call that may take some seconds.

    A call that takes longer is left behind in a thread of its own, which does not keep the process from ending.

    Args:
        seconds: The most seconds by the clock.
        call: The function.

    Raises:
        TimeoutError: It takes longer.
        Exception: Whatever the function raises.
    """
    found: list[Any] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            found.append(call())
        except BaseException as error:  # raised again in the thread that waits
            raised.append(error)

    thread = threading.Thread(target=work, name="askew deadline", daemon=True)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not found:
        raise TimeoutError(f"no answer within {seconds:g} s")
    return found[0]
