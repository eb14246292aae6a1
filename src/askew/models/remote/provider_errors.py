"""Classifies failed requests to served models (transient or not, charged or not), and words their messages."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from json import JSONDecodeError
from socket import gaierror
from typing import TYPE_CHECKING

from pydantic import ValidationError

from askew.base.errors import AskewError
from askew.models.remote.credentials import without_credentials
from askew.models.remote.waiting import asked_wait, until_reset

if TYPE_CHECKING:
    from inspect_ai.model import Model

_LONGEST_REASON = 200
# How servers say that an account has no money left.
_NO_MONEY = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "exceeded_quota",
    "insufficient_balance",
    "billing_error",
}
_ABOUT_CONTENT = re.compile(r"content[ _](filter|policy|management)|moderat|flagged|safety|violat", re.IGNORECASE)
_NO_MONEY_TEXT = re.compile(
    r"insufficient[_ ](quota|balance|credits?|funds)|credit balance is too low|billing_hard_limit", re.IGNORECASE
)
# Transient HTTP statuses besides 5xx: timeout, conflict, too early, too many requests.
_TRANSIENT = {408, 409, 425, 429}
# Exceptions of providers for malformed replies: broken JSON, or no choices.
_UNREADABLE = (JSONDecodeError, UnicodeDecodeError, ValidationError, TypeError, LookupError, AttributeError)
# The names of exceptions of HTTP libraries (httpx, aiohttp, requests) for connections that were not made.
_NO_CONNECTION = re.compile(r"(Connect(Error|Timeout)|ClientConnector\w*Error|NewConnectionError)$")
EXPENSIVE = ("hf", "vllm", "sglang", "transformer_lens", "nnterp")
"""Providers that start a server or load weights when Inspect creates them."""

_MARKUP = re.compile(r"\[/?[a-z ]+\]")
_VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")


class EmptyReply(Exception):
    """A reply without choices."""


class RequestFailed(Exception):
    """A request that failed at the server, on the way, or in the provider's library.

    Errors of our own code are not of this class, so they are neither retried nor taken for a server's.

    Args:
        error: The exception of the provider's library.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def failing_as_request() -> Iterator[None]:
    """Turn every exception in this block, which calls a provider's library, into `RequestFailed`.

    Raises:
        RequestFailed: The library raised an exception; each provider has errors of its own.
    """
    try:
        yield
    except AskewError:
        raise
    except Exception as error:  # each provider's library has errors of its own
        raise RequestFailed(error) from error


class RefusedRequest(AskewError):
    """A served model refuses a request in every form that it may take; it may answer another request."""


@dataclass(frozen=True)
class RequestFailure:
    """A failed attempt to get a reply.

    Attributes:
        error: The exception.
        status: The HTTP status; None if there was no response.
        is_transient: Whether another attempt may succeed.
        may_be_charged: Whether the server may have done the work nevertheless.
        retry_after: Seconds that the server asks to wait before the next attempt; 0 if it does not ask.
        until_reset: Seconds until the server resets the limits that are used up; 0 if it does not say.
        is_quota: Whether the account has no money left.
        cause: The exception of the provider's library; the same as `error`, or one that caused it.
        is_unreached: Whether no connection to the server was made.
    """

    error: BaseException
    status: int | None
    is_transient: bool
    may_be_charged: bool
    retry_after: float
    until_reset: float
    is_quota: bool
    cause: BaseException
    is_unreached: bool = False

    def reason(self, model: "Model") -> str:
        """Return the message of the server or the network, as one line without API keys."""
        text = str(self.error)
        if isinstance(self.error, EmptyReply):
            text = "its reply contains no answer"
        elif isinstance(self.error, _UNREADABLE):
            text = "its reply cannot be read, because it does not follow the API"
        elif (detail := _detail(self.error)) and detail not in text:
            text = f"{text}: {detail}"
        return one_line(without_credentials(text, key_of(model))) or type(self.error).__name__

    def error_for_user(self, model: "Model") -> AskewError:
        """Return the error for a failure that is not transient."""
        is_about_request = self.status not in (401, 402, 403, 404, None) and not self.is_quota
        return (RefusedRequest if is_about_request else AskewError)(self._message(model))

    def _message(self, model: "Model") -> str:
        reason = self.reason(model)
        if self.is_quota:
            return (
                f"{model}: the account's quota is used up: {reason}. All replies so far are stored. Raise the quota, "
                "then repeat the command to continue"
            )
        if self.status == 401:
            keys = " or ".join(getattr(model.api, "api_key_vars", None) or ["the key"])
            return f"{model} refuses the key (401): {reason}. Check {keys}"
        if self.status == 403 and _ABOUT_CONTENT.search(reason):
            return f"{model} refuses the text of a request (403): {reason}. Leave out its question, or ask another"
        if self.status == 403:
            return f"{model} denies access with this key (403): {reason}. Check the permissions of the key"
        if self.status == 404:
            return f"{model}: no such model or address (404): {reason}. Check the name, and the server's address"
        if self.status is not None:
            return f"{model} refused the request ({self.status}): {reason}"
        return f"the request to {model} failed: {reason}"


def classify(error: Exception, model: "Model") -> RequestFailure:
    """Return the kind of failure that an exception of a model's provider stands for."""
    cause = next((cause for cause in _causes(error) if _status(cause) is not None), error)
    status, headers, has_no_money = _status(cause), headers_of(error), is_quota(error)
    waits = asked_wait(headers), until_reset(headers)
    if status is not None:
        passing = is_transient_status(status) and not has_no_money
        return RequestFailure(error, status, passing, False, *waits, has_no_money, cause)
    decision = model.api.should_retry(error)
    passing = decision if isinstance(decision, bool) else decision.retry
    unreached = _is_unreached(error)  # the server may come back, whatever the provider's class says
    passing = (passing or unreached or isinstance(error, (EmptyReply, OSError, *_UNREADABLE))) and not has_no_money
    return RequestFailure(error, None, passing, passing and not unreached, *waits, has_no_money, cause, unreached)


def is_transient_status(status: int) -> bool:
    """Return whether a request with this HTTP status may succeed if it is repeated."""
    return status >= 500 or status in _TRANSIENT


def headers_of(error: BaseException) -> Mapping[str, str]:
    """Return the headers of the response behind an exception; empty if there is none."""
    responses = (getattr(cause, "response", None) for cause in _causes(error))
    headers = next((headers for one in responses if (headers := getattr(one, "headers", None))), {})
    return headers if isinstance(headers, Mapping) else {}


def is_quota(error: BaseException) -> bool:
    """Return whether the account has no money left, so that waiting does not help."""
    for cause in _causes(error):
        body = getattr(cause, "body", None)
        inner = body.get("error", body) if isinstance(body, Mapping) else None
        told = inner if isinstance(inner, Mapping) else {}
        names = {getattr(cause, "code", None), getattr(cause, "type", None), told.get("code"), told.get("type")}
        if names & _NO_MONEY or _status(cause) == 402:
            return True
    return bool(_NO_MONEY_TEXT.search(str(error)))


def one_line(text: str) -> str:
    """Return a text from a server as one line, shortened if it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}…"


def key_of(model: "Model") -> str:
    """Return the API key of a model; "" if it has none."""
    return getattr(model.api, "api_key", None) or ""


def check_can_be_asked(name: str) -> None:
    """Check that the key and the package for a served model are present, without sending a request.

    Args:
        name: The name of the model in Inspect.

    Raises:
        AskewError: A key or address is not set, or a package is missing.
    """
    from inspect_ai._util.error import PrerequisiteError
    from inspect_ai.model import get_model

    if name.partition("/")[0] in EXPENSIVE:
        return
    try:
        # Not the model that Inspect keeps, which may have been made while a key was set.
        get_model(name, memoize=False)
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


def _is_unreached(error: BaseException) -> bool:
    """Return whether an exception says that no connection was made: by its type, or by that of one of its causes."""
    causes = list(_causes(error))
    by_name = any(_NO_CONNECTION.match(type(cause).__name__) for cause in causes)
    return by_name or any(isinstance(cause, (ConnectionRefusedError, gaierror)) for cause in causes)


def _status(error: BaseException) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _detail(error: BaseException) -> str:
    """Return the `detail` field of a server's error, which the providers' libraries ignore; "" if there is none."""
    bodies = (getattr(cause, "body", None) for cause in _causes(error))
    return next((str(body["detail"]) for body in bodies if isinstance(body, dict) and "detail" in body), "")
