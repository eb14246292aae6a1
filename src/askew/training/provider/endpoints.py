"""Files and fine-tuning jobs of a provider with OpenAI's API, through OpenAI's own client.

Transient failures (429, 5xx, timeouts, broken connections, unreadable replies) are retried with growing waits until the
user's patience ends. Any other failure becomes one AskewError, with the key removed. Replies are checked before use.
"""

import os
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.models.remote.credentials import without_credentials
from askew.models.remote.tuned_folder import MODEL_NAME

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob

    from askew.models.remote.requests import Patience

Reply = TypeVar("Reply")

KEY, ATTEMPT = "askew", "askew_attempt"
"""Names of a job's metadata: the digest of everything that the job depends on, and the number of the attempt."""

ENDED_BADLY = ("failed", "cancelled")
ENDED = ("succeeded", *ENDED_BADLY)
_STATUSES = ("validating_files", "queued", "running", "paused", *ENDED)
_LONGEST_WAIT = 60.0
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")


class Unreadable(Exception):
    """A reply that does not have the documented form."""


# Errors that a malformed reply causes, besides those of the client itself.
_UNREADABLE = (Unreadable, ValueError, TypeError, LookupError, AttributeError)


@dataclass(frozen=True)
class Address:
    """The provider and the name of a model to be fine-tuned.

    Attributes:
        model: The model's name as Inspect writes it: `openai/BASE`, `openai-api/SERVICE/BASE`.
        prefix: The part before the provider's own name, including the slash.
        base: The provider's own name of the model.
        variable: The prefix of the environment variables that hold key and URL: `OPENAI`, `SERVICE`.
    """

    model: str
    prefix: str
    base: str
    variable: str

    def key(self) -> str:
        """Return the API key.

        Raises:
            AskewError: The key is not set.
        """
        name = f"{self.variable}_API_KEY"
        if not os.environ.get(name):
            raise AskewError(f"{self.model}: set {name} in the environment to fine-tune this model")
        return os.environ[name]

    def url(self) -> str | None:
        """Return the base URL of the server; None means OpenAI's own.

        Raises:
            AskewError: The URL is not set, and the service is not OpenAI.
        """
        name = f"{self.variable}_BASE_URL"
        if self.prefix != "openai/" and not os.environ.get(name):
            raise AskewError(f"{self.model}: set {name} in the environment to the URL of its server")
        return os.environ.get(name) or None


def address(model: str) -> Address:
    """Return the address at which a model can be fine-tuned.

    Args:
        model: The model's name as Inspect writes it.

    Raises:
        AskewError: The provider does not offer OpenAI's fine-tuning API.
    """
    provider, _, rest = model.partition("/")
    service, _, base = rest.partition("/")
    if provider == "openai" and rest and "/" not in rest:
        return Address(model, "openai/", rest, "OPENAI")
    if provider == "openai-api" and base:
        return Address(model, f"openai-api/{service}/", base, service.upper().replace("-", "_"))
    raise AskewError(
        f"Askew cannot fine-tune {model!r} at its provider: it supports openai/BASE, and openai-api/SERVICE/BASE where "
        "the service offers OpenAI's fine-tuning API. You can still ask the model: use --arm untuned, or askew audit"
    )


def check_can_be_tuned(model: str) -> None:
    """Check, without sending a request, that a provider's model can be fine-tuned.

    Raises:
        AskewError: The provider has no such API, or its key or URL is not set.
    """
    at = address(model)
    at.key()
    at.url()


class Service:
    """A provider's files and fine-tuning jobs.

    Args:
        at: The provider and model.
        patience: How long to retry when the server fails.
        say: Receives one line for each retry.

    Raises:
        AskewError: The key or the URL is not set, or the client is not installed.
    """

    def __init__(self, at: Address, patience: "Patience", say: Callable[[str], None]) -> None:
        self.at, self._patience, self._say = at, patience, say
        try:
            import openai
        except ImportError as error:
            raise AskewError("fine-tuning behind an API needs OpenAI's client: pip install 'askew[openai]'") from error
        self._key = at.key()
        # No retries by the client itself: after a lost reply they would create a second job.
        self._client = openai.OpenAI(api_key=self._key, base_url=at.url(), max_retries=0, timeout=patience.attempt)

    def patiently(self, doing: str, attempt: Callable[["OpenAI"], Reply]) -> Reply:
        """Repeat a request until it succeeds, is refused, or the patience ends.

        Args:
            doing: A phrase for messages, such as "sending the rows".
            attempt: Makes the request. It is called again after a failure, so it must be safe to repeat.

        Raises:
            AskewError: The server refuses the request, or cannot be reached.
        """
        import openai

        from askew.models.remote.provider_errors import headers_of
        from askew.models.remote.waiting import asked_wait, until_reset

        wait, failed = self._patience.first_wait, None
        while True:
            try:
                return attempt(self._client)
            except (openai.OpenAIError, *_UNREADABLE) as error:
                if not _is_transient(error):
                    raise self._refusal(doing, error) from None  # the traceback may contain the key
                trouble = error
            failed = failed or time.monotonic()
            left = failed + self._patience.total - time.monotonic()
            asked = asked_wait(headers_of(trouble))
            if asked > self._patience.total:
                raise AskewError(
                    f"{self.at.model}: {doing}: the server asks to wait for {asked:,.0f} seconds: "
                    f"{self._message(trouble)}. Progress is saved; repeat the command after that time"
                ) from None
            if left <= 0:
                raise AskewError(
                    f"{self.at.model}: {doing} did not succeed for {self._patience.total:g} seconds: "
                    f"{self._message(trouble)}. Progress is saved; repeat the command to continue"
                ) from None
            # Jitter keeps requests that failed together from retrying together.
            pause = min(max(wait * random.uniform(0.5, 1.0), asked, until_reset(headers_of(trouble))), left)
            self._say(f"{doing}: {self._message(trouble)}; again in {pause:.0f} s")
            time.sleep(pause)
            wait = min(2 * wait, _LONGEST_WAIT)

    def job(self, name: str) -> "FineTuningJob":
        """Return the current state of a job."""
        return self.patiently("looking at the job", lambda client: checked_job(client.fine_tuning.jobs.retrieve(name)))

    def cancel(self, name: str) -> "FineTuningJob":
        """Cancel a job and return its state."""
        return self.patiently("cancelling the job", lambda client: checked_job(client.fine_tuning.jobs.cancel(name)))

    def if_offered(self, doing: str, attempt: Callable[["OpenAI"], Reply]) -> Reply | None:
        """Make a request to an endpoint that not every service has; return None if it is missing."""
        import openai

        def tolerant(client: "OpenAI") -> Reply | None:
            try:
                return attempt(client)
            except openai.APIStatusError as error:
                if error.status_code in (404, 405, 501):
                    return None
                raise

        return self.patiently(doing, tolerant)

    def _message(self, error: Exception) -> str:
        """Return the error's message in one line, with the key removed."""
        from askew.models.remote.provider_errors import one_line

        unreadable = isinstance(error, _UNREADABLE)
        text = "its reply cannot be read: it does not follow the API" if unreadable else str(error)
        if error.__cause__ is not None and not unreadable:
            text = f"{text} {error.__cause__}"
        return visible(one_line(without_credentials(text, self._key))) or type(error).__name__

    def _refusal(self, doing: str, error: Exception) -> AskewError:
        """Return the error for a failure that retrying cannot mend."""
        from askew.models.remote.provider_errors import is_quota

        model, message, status = self.at.model, self._message(error), getattr(error, "status_code", None)
        key = f"{self.at.variable}_API_KEY"
        if status == 401:
            return AskewError(f"{model} refuses the key (401): {message}. Check {key}")
        if status == 403:
            return AskewError(f"{model} denies access (403): {message}. Check the permissions of {key}")
        if is_quota(error):
            return AskewError(
                f"{model}: the account's quota is used up: {message}. Raise it, then repeat the command to continue"
            )
        if status == 404:
            return AskewError(
                f"{model}: {doing}: not found (404): {message}. Check the model's name, the account, and "
                f"{self.at.variable}_BASE_URL"
            )
        return AskewError(f"{model}: {doing} was refused ({status}): {message}")


def checked_job(job: Any) -> "FineTuningJob":
    """Return a job after checking its id and status.

    Raises:
        Unreadable: One of them does not have the documented form.
    """
    if not _ID.fullmatch(str(getattr(job, "id", ""))) or getattr(job, "status", None) not in _STATUSES:
        raise Unreadable
    return job


def checked_id(found: Any) -> str:
    """Return the id of an object in a reply after checking its form.

    Raises:
        Unreadable: The object has no valid id.
    """
    name = getattr(found, "id", None)
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise Unreadable
    return name


def is_model_name(name: object) -> bool:
    """Return whether Askew can use a server's name of a model: nothing in it may denote a folder, adapter or arm."""
    return isinstance(name, str) and bool(re.fullmatch(MODEL_NAME, name))


def created_nothing(error: Exception) -> bool:
    """Return whether a failed request to create something certainly created nothing; other failures leave that open."""
    if type(error.__cause__).__name__ in ("ConnectError", "ConnectTimeout"):  # of httpx or httpx2: nothing was sent
        return True
    status = getattr(error, "status_code", None)
    return status is not None and 400 <= status < 500 and status not in (408, 409)


def _is_transient(error: Exception) -> bool:
    """Return whether a request that failed may succeed later."""
    from askew.models.remote.provider_errors import is_quota, is_transient_status

    status = getattr(error, "status_code", None)
    if status is None or 200 <= status < 300:  # no reply, or an unreadable one
        return True
    return is_transient_status(status) and not is_quota(error)
