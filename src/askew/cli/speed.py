"""Words how fast counted work goes and how long the rest takes, for the progress of single commands."""

import time
from collections.abc import Callable

from askew.runs.progress import REPORT_EVERY, Pace, duration, speed


class Speed:
    """The speed of counted work.

    Args:
        unit: What is counted, such as "rows".
        clock: Returns the time in seconds.
    """

    def __init__(self, unit: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._unit = unit
        self._clock = clock
        self._pace: Pace | None = None
        self._first: tuple[float, float] = (0.0, 0.0)  # the time of the first count, and how much was done then
        self._reported: float | None = None

    def count(self, done: float, total: float) -> str:
        """Note how much is done, and return the speed and the time left in words; "" if they are not known yet."""
        now = self._clock()
        if self._pace is None:
            self._pace, self._first = Pace(total, done, clock=self._clock), (now, done)
        self._pace.advance(done)
        began, before = self._first
        if now <= began or done <= before:
            return ""
        rate, left = (done - before) / (now - began), self._pace.seconds_left()
        said = speed(rate, self._unit)
        return f"{said}, about {duration(left)} left" if left else said

    def is_due(self, done: float, total: float) -> bool:
        """Return whether a line is due where no bar is shown: at the beginning and the end, and every half minute."""
        now = self._clock()
        if self._reported is None or done >= total or now - self._reported >= REPORT_EVERY:
            self._reported = now
            return True
        return False
