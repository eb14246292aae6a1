"""Counts the answers of a session, and how many come a second."""

import time
from collections import deque
from collections.abc import Callable

_WINDOW = 60.0  # seconds over which the speed is taken


class AnswerCount:
    """The answers of a session: those of finished pieces of work, and those of pieces under way.

    Args:
        clock: Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._finished = 0.0
        self._of: dict[str, tuple[float, float]] = {}  # by piece under way: its answers so far, and the part done
        self._seen: deque[tuple[float, float]] = deque([(clock(), 0.0)])

    @property
    def total(self) -> float:
        """The number of answers so far."""
        return self._finished + sum(answers for answers, _ in list(self._of.values()))

    def note(self, piece: str, answers: float, share: float) -> None:
        """Note how many answers a piece of work has, and the part of it that is done, 0-1."""
        if not answers:
            return
        self._of[piece] = answers, share
        now = self._clock()
        self._seen.append((now, self.total))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _WINDOW:
            self._seen.popleft()

    def finish(self, piece: str) -> None:
        """Note that a piece of work is finished: what it had not reported yet has come."""
        answers, share = self._of.pop(piece, (0.0, 1.0))
        self._finished += answers / share if share else answers

    def rate(self) -> float | None:
        """Return the answers a second over the last minute; None if none came."""
        (began, before), now = self._seen[0], self._clock()
        came = self.total - before
        return came / (now - began) if came > 0 and now > began and now - self._seen[-1][0] < _WINDOW else None
