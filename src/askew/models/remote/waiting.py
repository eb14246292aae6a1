"""Reads how long a server asks clients to wait, in every form that the standard and the large providers use.

`Retry-After` holds seconds or a date (RFC 9110, section 10.2.3; section 5.6.7 has three forms of dates). Some servers
write durations or timestamps there. `retry-after-ms` is Azure's. The headers `x-ratelimit-reset-…` and
`anthropic-ratelimit-…-reset` say when a limit is reset; they count if the limit is used up.
"""

import math
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_RESET = re.compile(r"(?:x-)?ratelimit-reset(?P<tail>.*)|anthropic-ratelimit-(?P<kind>.+)-reset")
# A number of seconds from here on is a time since 1970; from there on, it is in milliseconds.
_EPOCH_SECONDS, _EPOCH_MILLISECONDS = 1e9, 1e12


def asked_wait(headers: Mapping[str, str]) -> float:
    """Return the seconds for which a reply asks to wait, by `Retry-After` or `retry-after-ms`; 0 without either."""
    known = _lower(headers)
    milliseconds = _number(known.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    return _seconds(known.get("retry-after", ""), known)


def until_reset(headers: Mapping[str, str]) -> float:
    """Return the seconds until every limit that is used up is reset; 0 if the reply names none.

    A limit whose remaining number is not given counts as used up.
    """
    known = _lower(headers)
    return max((_seconds(known[name], known) for name in _used_up(known)), default=0.0)


def _used_up(headers: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of the headers that say when a limit is reset that is used up."""
    for name in headers:
        if _RESET.fullmatch(name):
            remaining = headers.get(name.replace("reset", "remaining"))
            if remaining is None or _number(remaining) == 0:
                yield name


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {str(name).lower(): str(value).strip() for name, value in headers.items()}


def _number(text: str) -> float | None:
    """Return a finite number that is not negative; None for any other text."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < math.inf else None


def _seconds(text: str, headers: Mapping[str, str]) -> float:
    """Return the seconds that a header's value stands for; 0 if it cannot be read or has passed.

    Args:
        text: Seconds, a duration such as `1m30s`, a date, or a time since 1970.
        headers: All headers. Dates are compared with the server's own clock, if it sends its time.
    """
    number = _number(text)
    if number is not None and number < _EPOCH_SECONDS:
        return number
    if number is not None:
        return max(0.0, number / (1000 if number >= _EPOCH_MILLISECONDS else 1) - time.time())
    parts = _DURATION.findall(text)
    if parts and "".join(amount + unit for amount, unit in parts) == text.replace(" ", ""):
        return sum(float(amount) * _UNITS[unit] for amount, unit in parts)
    then, now = _date(text), _date(headers.get("date", "")) or datetime.now(UTC)
    return 0.0 if then is None else max(0.0, (then - now).total_seconds())


def _date(text: str) -> datetime | None:
    """Return the time that a text stands for, in any form of RFC 9110 or in that of ISO 8601; None if it has none."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None
