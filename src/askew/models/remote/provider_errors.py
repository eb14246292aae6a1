"""Classifies failed requests to served models (transient or not, charged or not), and words their messages."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json import JSONDecodeError

from inspect_ai.model import Model, get_model
from pydantic import ValidationError

from askew.base.errors import AskewError

_LONGEST_REASON = 200
_SHORTEST_SECRET = 6
# Transient HTTP statuses besides 5xx: timeout, conflict, too early, too many requests.
_TRANSIENT = {408, 409, 425, 429}
# Exceptions of providers for malformed replies: broken JSON, or no choices.
_UNREADABLE = (JSONDecodeError, UnicodeDecodeError, ValidationError, TypeError, LookupError, AttributeError)
# Providers that start a server or load weights when Inspect creates them.
_EXPENSIVE = ("hf", "vllm", "sglang", "transformer_lens", "nnterp")
_MARKUP = re.compile(r"\[/?[a-z ]+\]")
_VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")


class EmptyReply(Exception):
    """A reply without choices."""


@dataclass(frozen=True)
class RequestFailure:
    """A failed attempt to get a reply.

    Attributes:
        error: The exception.
        status: The HTTP status; None if there was no response.
        is_transient: Whether another attempt may succeed.
        may_be_charged: Whether the server may have done the work nevertheless.
        retry_after: Seconds to wait before the next attempt, as requested by the server; 0 if it did not say.
    """

    error: BaseException
    status: int | None
    is_transient: bool
    may_be_charged: bool
    retry_after: float

    def reason(self, model: Model) -> str:
        """Return the message of the server or the network, as one line without API keys."""
        text = str(self.error)
        if isinstance(self.error, EmptyReply):
            text = "its reply contains no answer"
        elif isinstance(self.error, _UNREADABLE):
            text = "its reply cannot be read, because it does not follow the API"
        elif (detail := _detail(self.error)) and detail not in text:
            text = f"{text}: {detail}"
        return one_line(without_keys(text, model)) or type(self.error).__name__

    def message(self, model: Model) -> str:
        """Return the error message for a failure that is not transient."""
        reason = self.reason(model)
        if self.status == 401:
            keys = " or ".join(getattr(model.api, "api_key_vars", None) or ["the key"])
            return f"{model} refuses the key (401): {reason}. Check {keys}"
        if self.status == 403:
            return f"{model} denies access with this key (403): {reason}. Check the permissions of the key"
        if self.status == 404:
            return f"{model}: no such model or address (404): {reason}. Check the name, and the server's address"
        if self.status is not None:
            return f"{model} refused the request ({self.status}): {reason}"
        return f"the request to {model} failed: {reason}"


def classify(error: Exception, model: Model) -> RequestFailure:
    """Return the kind of failure that an exception of a model's provider stands for."""
    status = next((found for cause in _causes(error) if (found := _status(cause)) is not None), None)
    if status is not None:
        return RequestFailure(
            error, status, is_transient_status(status), may_be_charged=False, retry_after=retry_after(error)
        )
    decision = model.api.should_retry(error)
    passing = decision if isinstance(decision, bool) else decision.retry
    passing = passing or isinstance(error, (EmptyReply, OSError, *_UNREADABLE))
    never_sent = any("Connect" in type(cause).__name__ for cause in list(_causes(error))[1:])
    return RequestFailure(error, None, passing, may_be_charged=passing and not never_sent, retry_after=0.0)


def is_transient_status(status: int) -> bool:
    """Return whether a request with this HTTP status may succeed if it is repeated."""
    return status >= 500 or status in _TRANSIENT


def retry_after(error: BaseException) -> float:
    """Return the seconds in the Retry-After header of the response behind an exception; 0 if there is none."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        return max(0.0, float(headers.get("retry-after", 0)))
    except (TypeError, ValueError):
        return 0.0  # the header may hold a date, but providers send seconds


def one_line(text: str) -> str:
    """Return a text from a server as one line, shortened if it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}…"


def without_keys(text: str, model: Model) -> str:
    """Return a text with all API keys replaced: that of the model, and those in the environment."""
    return without_key(text, getattr(model.api, "api_key", None) or "")


def without_key(text: str, key: str) -> str:
    """Return a text with a key, and all keys in the environment, replaced by "[key]"."""
    named = [value for name, value in os.environ.items() if re.search("KEY|TOKEN|SECRET|PASSWORD", name)]
    for secret in {key, *named}:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "[key]")
    return text


def check_can_be_asked(name: str) -> None:
    """Check that the key and the package for a served model are present, without sending a request.

    Args:
        name: The name of the model in Inspect.

    Raises:
        AskewError: A key or address is not set, or a package is missing.
    """
    from inspect_ai._util.error import PrerequisiteError

    if name.partition("/")[0] in _EXPENSIVE:
        return
    try:
        get_model(name)
    except PrerequisiteError as error:
        text = " ".join(_MARKUP.sub("", str(error)).removeprefix("ERROR:").split())
        missing = _VARIABLE.findall(text)
        if missing and "environment" in text:
            raise AskewError(
                f"{name}: a key or an address is missing. Set {' or '.join(missing)} in the environment"
            ) from None
        raise AskewError(f"{name}: {text}") from None
    except (ImportError, ValueError) as error:
        raise AskewError(f"{name}: {error}") from None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and the chain of its causes."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__


def _status(error: BaseException) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _detail(error: BaseException) -> str:
    """Return the `detail` field of a server's error, which the providers' libraries ignore; "" if there is none."""
    bodies = (getattr(cause, "body", None) for cause in _causes(error))
    return next((str(body["detail"]) for body in bodies if isinstance(body, dict) and "detail" in body), "")
