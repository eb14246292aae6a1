"""Measures how fast a piece of work goes, in the worker that does it."""

import time
from collections import deque
from collections.abc import Callable

from askew.base.messages import Tell

_WINDOW = 20.0  # seconds over which the speed is taken
_EVERY = 1.0  # seconds between two messages


class Meter:
    """Tells the runner how far a piece of work is, and how fast it goes.

    Args:
        tell: Sends an event to the runner.
        unit: What is counted, such as "rows".
        clock: Returns the time in seconds.
    """

    def __init__(self, tell: Tell, unit: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._unit = unit
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque()  # times, and how much was done
        self._told = -_EVERY

    def advance(self, share: float, done: float, **more: float) -> None:
        """Note that work was done, and tell it unless the last message was a moment ago.

        Args:
            share: The part of the whole that is done, 0-1.
            done: The units that are done.
            **more: Further numbers for the message.
        """
        now = self._clock()
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _WINDOW:
            self._seen.popleft()
        if now - self._told >= _EVERY or share >= 1:
            self._told = now
            self._tell(event="step", step=min(share, 1.0), steps=1, rate=self._rate(), unit=self._unit, **more)

    def _rate(self) -> float:
        """Return the units per second over the last seconds; 0 if that is not known yet."""
        (began, before), (now, done) = self._seen[0], self._seen[-1]
        return (done - before) / (now - began) if now > began else 0.0
