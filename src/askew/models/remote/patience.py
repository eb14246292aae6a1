"""Limits the time for which a failing server is waited for, and words what is said meanwhile and at the end."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from inspect_ai.model import Model

from askew.base.errors import AskewError
from askew.models.remote.provider_errors import RequestFailure

# Waits for a failing server are said if they are at least this long, and at these intervals, in seconds.
_SHORT_WAIT, _SAY_EVERY = 3.0, 30.0


@dataclass(frozen=True)
class Patience:
    """Limits on repeating a failed request.

    Attributes:
        total: Seconds from the first failure of a request to giving up.
        attempt: Timeout of one attempt, in seconds.
        first_wait: Seconds before the second attempt; each further wait is about twice as long as the one before.
        reach: Seconds in which a server that has never answered must take a connection; `total` if that is less.
    """

    total: float = 300.0
    attempt: float = 300.0
    first_wait: float = 1.0
    reach: float = 5.0


USUAL_PATIENCE = Patience()


@dataclass
class Waits:
    """Reports now and then that requests to a model wait for its server."""

    say: Callable[[str], None]
    _said: dict[str, float] = field(default_factory=dict)

    def note(self, model: str, reason: str, pause: float, left: float) -> None:
        """Report the reason and the length of a wait, unless it is short or one was reported a short time ago."""
        now = time.monotonic()
        if pause >= _SHORT_WAIT and now - self._said.get(model, -math.inf) >= _SAY_EVERY:
            self._said[model] = now
            self.say(f"{model} fails: {reason}; again in {pause:.0f} s, for at most {left:.0f} s more")


def gives_up(failure: RequestFailure, model: Model, patience: Patience) -> AskewError:
    """Return the error for a server that did not recover in time, or that asks to wait for longer."""
    reason = failure.reason(model)
    if failure.retry_after > patience.total:
        return AskewError(
            f"{model} asks to wait for {failure.retry_after:,.0f} seconds: {reason}. All replies so far are stored. "
            f"Repeat the command after that time, or wait longer with --set patience={math.ceil(failure.retry_after)}"
        )
    return AskewError(
        f"{model} gave no answer for {patience.total:g} seconds: {reason}. "
        "All replies so far are stored. Once the server is back, repeat the command to continue"
    )
