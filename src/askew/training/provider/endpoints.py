"""The fine-tuning endpoints of a provider whose API is OpenAI's, through OpenAI's own client.

What passes (429, 5xx, silence, broken connections and replies) is tried again with growing waits, as long as the
patience lasts; what does not is one AskewError without a key in it. What a server says is not trusted to be what its
interface promises.
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
from askew.models.remote.tuned_folder import MODEL_NAME

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob

    from askew.models.remote.requests import Patience

Found = TypeVar("Found")

KEY, ATTEMPT = "askew", "askew_attempt"
"""The metadata by which a job is found again: all that it depends on, and which attempt at it this is."""

ENDED_BADLY = ("failed", "cancelled")
ENDED = ("succeeded", *ENDED_BADLY)
_STATUSES = ("validating_files", "queued", "running", "paused", *ENDED)
_LONGEST_WAIT = 60.0
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")


class Unreadable(Exception):
    """A reply that is not what the interface promises."""


# What comes of a reply that is not made as it should be, beside what the client says itself.
_UNREADABLE = (Unreadable, ValueError, TypeError, LookupError, AttributeError)


@dataclass(frozen=True)
class Address:
    """Where a model is fine-tuned.

    Attributes:
        model: The name as Inspect has it: `openai/BASE`, `openai-api/SERVICE/BASE`.
        prefix: Its part before the provider's own name, with the slash.
        base: The provider's own name.
        variable: What the environment variables of key and address begin with: `OPENAI`, `SERVICE`.
    """

    model: str
    prefix: str
    base: str
    variable: str

    def key(self) -> str:
        """Return the key.

        Raises:
            AskewError: It is not set.
        """
        name = f"{self.variable}_API_KEY"
        if not os.environ.get(name):
            raise AskewError(f"{self.model}: Set {name} in the environment, and the model can be fine-tuned")
        return os.environ[name]

    def url(self) -> str | None:
        """Return the address of the server; None is OpenAI's.

        Raises:
            AskewError: It is not set, and the service is not OpenAI.
        """
        name = f"{self.variable}_BASE_URL"
        if self.prefix != "openai/" and not os.environ.get(name):
            raise AskewError(f"{self.model}: Set {name} in the environment to the address of its server")
        return os.environ.get(name) or None


def address(model: str) -> Address:
    """Return where a model is fine-tuned.

    Args:
        model: Its name as Inspect has it.

    Raises:
        AskewError: Its provider has no fine-tuning API that is OpenAI's.
    """
    provider, _, rest = model.partition("/")
    service, _, base = rest.partition("/")
    if provider == "openai" and rest and "/" not in rest:
        return Address(model, "openai/", rest, "OPENAI")
    if provider == "openai-api" and base:
        return Address(model, f"openai-api/{service}/", base, service.upper().replace("-", "_"))
    raise AskewError(
        f"{model!r} is served by a provider that Askew cannot have it fine-tuned by: it must be openai/BASE, or "
        "openai-api/SERVICE/BASE where the service has OpenAI's endpoints for that. As it is, it can be asked: "
        "--arm untuned, or askew audit"
    )


def check_can_be_tuned(model: str) -> None:
    """Make sure that a provider's model can be fine-tuned, as far as shows without a request.

    Raises:
        AskewError: Its provider has no such API, or its key or address is not set.
    """
    at = address(model)
    at.key()
    at.url()


class Service:
    """A provider's files and fine-tuning jobs.

    Args:
        at: Where.
        patience: How long a server that fails is asked again.
        say: Told in a line when the server fails and is asked again.

    Raises:
        AskewError: The key or the address is not set, or the client is not installed.
    """

    def __init__(self, at: Address, patience: "Patience", say: Callable[[str], None]) -> None:
        self.at, self._patience, self._say = at, patience, say
        try:
            import openai
        except ImportError as error:
            raise AskewError("fine-tuning behind an API needs OpenAI's client: pip install 'askew[openai]'") from error
        self._key = at.key()
        # Tried again by us alone: the client's own attempts would create a second job after a lost reply.
        self._client = openai.OpenAI(api_key=self._key, base_url=at.url(), max_retries=0, timeout=patience.attempt)

    def patiently(self, doing: str, attempt: Callable[["OpenAI"], Found]) -> Found:
        """Make a request until it succeeds, is refused, or patience ends.

        Args:
            doing: What is being done, for people: "sending the rows".
            attempt: Makes it; called again after a failure, so it must bear being repeated.

        Raises:
            AskewError: The server refuses, or stays away.
        """
        import openai

        from askew.models.remote.provider_errors import retry_after

        wait, failed = self._patience.first_wait, None
        while True:
            try:
                return attempt(self._client)
            except (openai.OpenAIError, *_UNREADABLE) as error:
                if not _passes(error):
                    raise self._refusal(doing, error) from None  # its traceback may hold the key
                trouble = error
            failed = failed or time.monotonic()
            left = failed + self._patience.total - time.monotonic()
            if left <= 0:
                raise AskewError(
                    f"{self.at.model}: {doing} did not succeed for {self._patience.total:g} seconds: "
                    f"{self._said(trouble)}. What was begun is remembered; the same command goes on"
                ) from None
            # Jittered, so that requests that failed together do not come back together.
            pause = min(max(wait * random.uniform(0.5, 1.0), retry_after(trouble)), left)
            self._say(f"{doing}: {self._said(trouble)}; again in {pause:.0f} s")
            time.sleep(pause)
            wait = min(2 * wait, _LONGEST_WAIT)

    def job(self, name: str) -> "FineTuningJob":
        """Return a job as it is now."""
        return self.patiently("looking at the job", lambda client: checked_job(client.fine_tuning.jobs.retrieve(name)))

    def cancel(self, name: str) -> "FineTuningJob":
        """Cancel a job."""
        return self.patiently("cancelling the job", lambda client: checked_job(client.fine_tuning.jobs.cancel(name)))

    def if_offered(self, doing: str, attempt: Callable[["OpenAI"], Found]) -> Found | None:
        """Make a request for something that a service may lack; None if it does."""
        import openai

        def tolerant(client: "OpenAI") -> Found | None:
            try:
                return attempt(client)
            except openai.APIStatusError as error:
                if error.status_code in (404, 405, 501):
                    return None
                raise

        return self.patiently(doing, tolerant)

    def _said(self, error: Exception) -> str:
        """Return what the server or the network said, in one line that holds no key."""
        from askew.models.remote.provider_errors import one_line, without_key

        unreadable = isinstance(error, _UNREADABLE)
        said = "its reply cannot be read: it is not what its interface promises" if unreadable else str(error)
        if error.__cause__ is not None and not unreadable:
            said = f"{said} {error.__cause__}"
        return visible(one_line(without_key(said, self._key))) or type(error).__name__

    def _refusal(self, doing: str, error: Exception) -> AskewError:
        """Word what will not pass."""
        model, said, status = self.at.model, self._said(error), getattr(error, "status_code", None)
        key = f"{self.at.variable}_API_KEY"
        if status == 401:
            return AskewError(f"{model} refuses the key (401): {said}. Check {key}")
        if status == 403:
            return AskewError(f"{model} does not let this key in (403): {said}. Check what {key} is allowed to do")
        if _is_quota(error):
            return AskewError(
                f"{model}: the account's quota is used up: {said}. Raise it, and the same command goes on"
            )
        if status == 404:
            return AskewError(
                f"{model}: {doing}: there is no such thing (404): {said}. Check the model's name, the account, and "
                f"{self.at.variable}_BASE_URL"
            )
        return AskewError(f"{model}: {doing} was refused ({status}): {said}")


def checked_job(job: Any) -> "FineTuningJob":
    """Return a job, if it has a name and a status."""
    if not _ID.fullmatch(str(getattr(job, "id", ""))) or getattr(job, "status", None) not in _STATUSES:
        raise Unreadable
    return job


def checked_id(found: Any) -> str:
    """Return the server's name of something, if it is one."""
    name = getattr(found, "id", None)
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise Unreadable
    return name


def is_model_name(name: object) -> bool:
    """Say whether a server's name of a model can be a name here: no sign in it means a folder, an adapter or an arm."""
    return isinstance(name, str) and bool(re.fullmatch(MODEL_NAME, name))


def _passes(error: Exception) -> bool:
    """Say whether a failure is worth another attempt: what the server does not mean, or may not mean later."""
    from askew.models.remote.provider_errors import passes

    status = getattr(error, "status_code", None)
    if status is None or 200 <= status < 300:  # nothing came, or nothing that can be read
        return True
    return passes(status) and not _is_quota(error)


def _is_quota(error: Exception) -> bool:
    return getattr(error, "code", None) in ("insufficient_quota", "billing_hard_limit_reached", "exceeded_quota")
