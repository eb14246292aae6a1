"""Reports the engine's work while it goes on, to whoever shows progress."""

from collections.abc import Callable
from contextvars import ContextVar

OnWork = Callable[[float, int], None]
"""A progress callback. It takes the answers that were written or read since the last call, in parts of an answer, and
their tokens."""

on_work: ContextVar[OnWork | None] = ContextVar("on_work", default=None)
"""Called after each step of sampling, and after given answers are read, in the context in which it is set."""


def report(answers: float, tokens: int) -> None:
    """Call the progress callback, if there is one.

    Args:
        answers: The answers since the last call. Each answer adds up to 1, also if it ends before its limit.
        tokens: Their tokens.
    """
    if (callback := on_work.get()) is not None:
        callback(answers, tokens)
