"""Stops Python code in any thread that takes too long: an exception is raised in it from another thread.

It stops loops of Python code, such as those of a compiled template, and not a single long operation in C. Signals would
do that for the main thread only.
"""

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_EVERY = 0.5  # seconds between two looks


class TimeIsUp(BaseException):
    """The time is up. It is no `Exception`, so that the code that is stopped does not catch it."""


@dataclass(eq=False)
class _Watched:
    thread: int
    deadline: float


_lock = threading.Lock()
_watched: set[_Watched] = set()
_watchers: list[threading.Thread] = []


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TimeIsUp` in this block if it takes longer than some seconds by the clock; it comes within a second."""
    mine = _Watched(threading.get_ident(), time.monotonic() + seconds)
    with _lock:
        _watched.add(mine)
        if not any(watcher.is_alive() for watcher in _watchers):  # none is left after a fork
            _watchers[:] = [threading.Thread(target=_watch, name="askew time limit", daemon=True)]
            _watchers[0].start()
    try:
        yield
    finally:
        with _lock:
            if mine in _watched:
                _watched.remove(mine)
            else:  # stopped; if the exception has not come yet, it must not come later
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(mine.thread), None)


def _watch() -> None:
    while True:
        time.sleep(_EVERY)
        now = time.monotonic()
        with _lock:
            for late in [one for one in _watched if one.deadline < now]:
                _watched.remove(late)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(late.thread), ctypes.py_object(TimeIsUp))
