"""What went wrong with a request to a served model: whether it passes, whether it is charged, and in which words."""

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
# Statuses that pass, beside 5xx: timeout, conflict, too early, too many requests.
_TRANSIENT = {408, 409, 425, 429}
# What providers raise when a reply is not made as it should be: broken JSON, null or nothing for the choices.
_UNREADABLE = (JSONDecodeError, UnicodeDecodeError, ValidationError, TypeError, LookupError, AttributeError)
# Providers that start a server or load weights when they are made.
_COSTLY_TO_MAKE = ("hf", "vllm", "sglang", "transformer_lens", "nnterp")
_MARKUP = re.compile(r"\[/?[a-z ]+\]")
_VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")


class EmptyReply(Exception):
    """A reply without a single choice."""


@dataclass(frozen=True)
class RequestFailure:
    """What went wrong with an attempt.

    Attributes:
        error: What was raised.
        status: The HTTP status, if there was one.
        is_transient: Whether it is worth another attempt.
        may_be_charged: Whether the server may have done the work all the same.
        retry_after: Seconds that the server asked to be left alone.
    """

    error: BaseException
    status: int | None
    is_transient: bool
    may_be_charged: bool
    retry_after: float

    def reason(self, model: Model) -> str:
        """Return what the server or the network said, in one line that holds no key."""
        said = str(self.error)
        if isinstance(self.error, EmptyReply):
            said = "its reply holds no answer"
        elif isinstance(self.error, _UNREADABLE):
            said = "its reply cannot be read: it is not what its interface promises"
        elif (detail := _detail(self.error)) and detail not in said:
            said = f"{said}: {detail}"
        return one_line(without_keys(said, model)) or type(self.error).__name__

    def message(self, model: Model) -> str:
        """Word what will not pass."""
        reason = self.reason(model)
        if self.status == 401:
            keys = " or ".join(getattr(model.api, "api_key_vars", None) or ["the key"])
            return f"{model} refuses the key (401): {reason}. Check {keys}"
        if self.status == 403:
            return f"{model} does not let this key in (403): {reason}. Check what the key is allowed to do"
        if self.status == 404:
            return f"{model}: no such model or address (404): {reason}. Check the name, and the server's address"
        if self.status is not None:
            return f"{model} refused the request ({self.status}): {reason}"
        return f"{model} cannot be asked: {reason}"


def classify(error: Exception, model: Model) -> RequestFailure:
    """Return what an exception means that an attempt to ask a model raised."""
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
    """Say whether a request that met an HTTP status is worth another attempt."""
    return status >= 500 or status in _TRANSIENT


def retry_after(error: BaseException) -> float:
    """Return the seconds that a server asked to be left alone, as its reply that became an error says; 0 if none."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        return max(0.0, float(headers.get("retry-after", 0)))
    except (TypeError, ValueError):
        return 0.0  # a date, which nobody sends


def one_line(text: str) -> str:
    """Return what somebody else said as one line that is not too long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}…"


def without_keys(text: str, model: Model) -> str:
    """Return a text in which no key occurs, neither the model's nor any other of the environment."""
    return without_key(text, getattr(model.api, "api_key", None) or "")


def without_key(text: str, key: str) -> str:
    """Return a text in which a key does not occur, nor any other of the environment."""
    named = [value for name, value in os.environ.items() if re.search("KEY|TOKEN|SECRET|PASSWORD", name)]
    for secret in {key, *named}:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "[key]")
    return text


def check_can_be_asked(name: str) -> None:
    """Make sure that a served model has its key and its library, without a request.

    Args:
        name: What Inspect knows it by.

    Raises:
        AskewError: A key or address is not set, or a package is missing.
    """
    from inspect_ai._util.error import PrerequisiteError

    if name.partition("/")[0] in _COSTLY_TO_MAKE:
        return
    try:
        get_model(name)
    except PrerequisiteError as error:
        said = " ".join(_MARKUP.sub("", str(error)).removeprefix("ERROR:").split())
        missing = _VARIABLE.findall(said)
        if missing and "environment" in said:
            raise AskewError(
                f"{name}: Set {' or '.join(missing)} in the environment, and the model can be asked"
            ) from None
        raise AskewError(f"{name}: {said}") from None
    except (ImportError, ValueError) as error:
        raise AskewError(f"{name}: {error}") from None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an exception and what it came from."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__


def _status(error: BaseException) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _detail(error: BaseException) -> str:
    """Return what a server said in a field of its own, which providers' libraries do not look at."""
    bodies = (getattr(cause, "body", None) for cause in _causes(error))
    return next((str(body["detail"]) for body in bodies if isinstance(body, dict) and "detail" in body), "")
