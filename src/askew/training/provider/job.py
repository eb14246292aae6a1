"""A fine-tuning job at a provider: the request, and the creation of the job, which happens only once.

Jobs cost money. Before a request whose outcome could get lost, the record of the job is written (`job_record`). Every
job carries a digest of everything that it depends on, and the server's list is searched for that digest before a job is
created, or for a job on the same file where the server drops the digest (`find_job`). So a process that was killed
continues with the same job. If the outcome of a request is unknown and no such job appears, only the user can decide to
start another one.
"""

import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base.errors import AskewError
from askew.base.locks import locked
from askew.base.untrusted import cut, visible
from askew.models.remote.credentials import without_credentials
from askew.training.provider.endpoints import (
    ATTEMPT,
    KEY,
    Service,
    address,
    checked_id,
    checked_job,
    created_nothing,
)
from askew.training.provider.find_job import (
    attempt,
    jobs_of_neighbours,
    latest_job,
    may_have_started,
    posted_by_neighbours,
)
from askew.training.provider.job_record import JobRecord
from askew.training.provider.recipe import ServedRecipe
from askew.training.provider.rows import Rows, RowsFile, rows_file

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob

# The most characters that are shown of a message from a server.
_LONGEST_MESSAGE = 300


@dataclass(frozen=True)
class FineTuneRequest:
    """A request to fine-tune one model at its provider.

    Attributes:
        model: The model to train, as Inspect names it: `openai/BASE` or `openai-api/SERVICE/BASE`.
        rows: The training conversations.
        recipe: The hyperparameters.
        seed: The job's seed.
        out: The folder of the result.
        suffix: Text that the server includes in the name of the resulting model.

    Raises:
        AskewError: The API does not accept the suffix.
    """

    model: str
    rows: Rows
    recipe: ServedRecipe
    seed: int
    out: Path
    suffix: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch("[A-Za-z0-9-]{0,64}", self.suffix):
            raise AskewError(f"the suffix {self.suffix!r} must be at most 64 letters, digits and '-'")

    @cached_property
    def file(self) -> RowsFile:
        """The checked rows as the file that is uploaded.

        Raises:
            AskewError: The API does not accept the rows, or the model cannot be fine-tuned.
        """
        return rows_file(address(self.model).base, self.rows)

    @property
    def key(self) -> str:
        """A digest of base, rows, hyperparameters and seed; requests with equal keys share one job."""
        parts = [self.model, self.file.digest, self.recipe.model_dump_json(), self.seed]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class JobCallbacks:
    """Functions that receive the progress of a fine-tuning job.

    Attributes:
        on_message: Receives one line of text per event.
        on_step: Receives each optimizer step that the server reports: (step, total steps, loss).
    """

    on_message: Callable[[str], None] = lambda text: None
    on_step: Callable[[int, int, float], None] = lambda step, steps, loss: None


@dataclass(frozen=True)
class Polling:
    """The times between requests for the status of a job, in seconds.

    Attributes:
        first: The wait after something new; each further wait is half as long again.
        longest: The longest wait.
        settle: How long to search for a job of a request whose outcome is unknown, before the user is asked.
    """

    first: float = 1.0
    longest: float = 30.0
    settle: float = 20.0


DEFAULT_POLLING = Polling()


@dataclass
class JobSession:
    """State of one session of creating and following a fine-tuning job.

    Attributes:
        request: The fine-tune that was requested.
        service: The provider's API.
        record: The progress, also stored on disk.
        callbacks: Receive the progress.
        polling: The times between requests.
        has_posted: Whether this session has requested a job.
        reported_events: Ids of the server's events that were already passed to the callbacks.
    """

    request: FineTuneRequest
    service: Service
    record: JobRecord
    callbacks: JobCallbacks
    polling: Polling
    has_posted: bool = False
    reported_events: set[str] = field(default_factory=set)


def shown(message: str) -> str:
    """Return a message from a server as one line that can be shown, without credentials."""
    return visible(cut(without_credentials(" ".join(message.split())), _LONGEST_MESSAGE))


@contextmanager
def user_lock(key: str) -> Iterator[None]:
    """Hold a lock that only one process of this user can hold per key, whichever folder it writes to."""
    user = getattr(os, "getuid", lambda: 0)()
    with locked(Path(tempfile.gettempdir()) / f"askew-{user}-{key}.lock", lambda sentence: None, wait=True):
        yield


def start_job(session: JobSession, restart: bool) -> None:
    """Find the job at the server, or upload the rows and create the job; store its id in the record.

    Args:
        session: The session; its record is filled in.
        restart: Create a new job if the latest one failed, was cancelled, or may never have been started.

    Raises:
        AskewError: The server refuses the rows or the job, or cannot be reached; or a job may have been started, does
            not appear, and `restart` is not set.
    """
    request, record, out, service = session.request, session.record, session.request.out, session.service
    record.seed, record.epochs, record.suffix = request.seed, request.recipe.epochs, request.suffix
    if record.posted_at is None and not restart:
        record.posted_at = posted_by_neighbours(out, record.key)
    record.write(out)
    found = service.patiently("looking for the job", lambda client: _find(client, session, restart))
    if found is None:
        with user_lock(request.file.digest[:32]):
            record.file = _upload_rows(session)
            record.write(out)
            found = service.patiently("starting the job", lambda client: _find_or_create(client, session, restart))
    _note_job(record, found, out)
    session.callbacks.on_message(f"the job is {found.id}")


def _note_job(record: JobRecord, job: "FineTuningJob", out: Path) -> None:
    """Store in the record which job it is."""
    record.job, record.posted_at = job.id, None
    record.attempt = max(record.attempt, attempt(job))
    record.write(out)


def _find(client: "OpenAI", session: JobSession, restart: bool) -> "FineTuningJob | None":
    """Return the server's job; None if it is certain that there is none, or the user agreed to another.

    Raises:
        AskewError: A job may have been started and does not appear.
    """
    record, settle = session.record, session.polling.settle
    others = jobs_of_neighbours(session.request.out)
    while True:
        posted = record.posted_at
        # A new job may appear in the list only after a delay.
        is_settled = posted is None or not 0 <= time.time() - posted < settle
        agreed = restart and is_settled and not session.has_posted
        found = latest_job(client, record, agreed, others)
        if found is not None or posted is None:
            return found
        if agreed:
            record.attempt, record.posted_at = record.attempt + 1, None
            return None
        if is_settled:
            raise may_have_started(record, session.request.file.name)
        time.sleep(min(session.polling.first, settle))


def _find_or_create(client: "OpenAI", session: JobSession, restart: bool) -> "FineTuningJob":
    """Create the job, once it is certain that no earlier request created it."""
    found = _find(client, session, restart)
    if found is not None:
        return found
    record = session.record
    record.attempt = max(record.attempt, 1)
    record.posted_at = time.time()
    session.has_posted = True
    record.write(session.request.out)
    try:
        return checked_job(client.fine_tuning.jobs.create(**_creation_arguments(session)))
    except Exception as error:
        if created_nothing(error):
            record.posted_at = None
            record.write(session.request.out)
        raise


def _creation_arguments(session: JobSession) -> dict[str, Any]:
    request, record, recipe = session.request, session.record, session.request.recipe
    hyperparameters = {
        "n_epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "learning_rate_multiplier": recipe.learning_rate_multiplier,
    }
    chosen = {name: value for name, value in hyperparameters.items() if value is not None}
    return {
        "model": session.service.at.base,
        "training_file": record.file,
        "method": {"type": "supervised", "supervised": {"hyperparameters": chosen}},
        "seed": request.seed,
        "metadata": {KEY: record.key, ATTEMPT: str(record.attempt)},
        "extra_headers": {"Idempotency-Key": f"{record.key}-{record.attempt}"},
        **({"suffix": request.suffix} if request.suffix else {}),
    }


def _upload_rows(session: JobSession) -> str:
    """Return the server's id of the rows, uploading them unless they are there already."""
    service, file = session.service, session.request.file
    listed = service.if_offered("looking for the rows", lambda client: _find_upload(client, file))
    for name in filter(None, [session.record.file, listed]):
        uploaded = service.if_offered("looking at the rows", lambda client, name=name: client.files.retrieve(name))
        if uploaded is not None and uploaded.status != "error":
            return name
    session.callbacks.on_message(f"sending {file.rows:,} rows, {len(file.content):,} bytes")

    def upload(client: "OpenAI") -> str:
        # After a lost reply the file may be there already. Not every service lists files.
        earlier = "" if listed is None else _find_upload(client, file)
        return earlier or checked_id(client.files.create(file=(file.name, file.content), purpose="fine-tune"))

    name = service.patiently("sending the rows", upload)
    uploaded = service.if_offered("looking at the rows", lambda client: client.files.retrieve(name))
    if uploaded is not None and uploaded.status == "error":
        reason = shown(uploaded.status_details or "no reason given")
        raise AskewError(f"{session.request.model}: the server refused the rows: {reason}. No job was started")
    return name


def _find_upload(client: "OpenAI", file: RowsFile) -> str:
    """Return the server's id of an earlier upload with the same name and size; "" if not found."""
    for found in client.files.list(purpose="fine-tune"):
        if (found.filename, found.bytes, found.status != "error") == (file.name, len(file.content), True):
            return checked_id(found)
    return ""
