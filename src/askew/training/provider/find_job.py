"""Finds the job of a fine-tune at the server, so that no job is started and paid for twice.

A job carries the digest of its fine-tune in its metadata. Some services drop the metadata of jobs; there, a job is
known by what it trains on: the uploaded file, the model, the seed, the passes over the rows and the suffix.
"""

import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base import json_text
from askew.base.errors import AskewError
from askew.models.remote.credentials import without_credentials
from askew.training.provider.endpoints import ATTEMPT, ENDED_BADLY, KEY, address, checked_job
from askew.training.provider.job_record import JobRecord

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob

_OPENAIS_JOBS = "https://platform.openai.com/finetune"
# Seconds by which a server's clock may be behind.
_CLOCK_SKEW = 300.0


def latest_job(
    client: "OpenAI", record: JobRecord, restart: bool = False, others: Sequence[str] = ()
) -> "FineTuningJob | None":
    """Return the server's latest job of a fine-tune; None if no such job exists, or a new one is to be created.

    With `restart`, a latest job that failed or was cancelled counts as none, and the record moves to the next attempt.

    Args:
        client: The provider's client.
        record: The record of the fine-tune.
        restart: Whether the user agreed to another job.
        others: Ids of jobs that belong to other fine-tunes.

    Raises:
        AskewError: A job may be the one, but the server does not tell. Not with `restart`.
    """
    listed = _listed(client, record)
    ours = [job for job in listed if _metadata(job).get(KEY) == record.key]
    if not ours:
        return _unmarked_job(listed, record, restart, others)
    latest = max(ours, key=attempt)
    if attempt(latest) < record.attempt:
        return None
    if latest.status in ENDED_BADLY and restart and record.posted_at is None:
        record.attempt = attempt(latest) + 1
        return None
    return latest


def attempt(job: "FineTuningJob") -> int:
    """Return which attempt of its fine-tune a job is, from 1."""
    number = _metadata(job).get(ATTEMPT, "1")
    return int(number) if number.isdecimal() else 1


def jobs_of_neighbours(out: Path) -> list[str]:
    """Return the ids of jobs that are recorded beside a result folder, for other results."""
    return [found["job"] for found in _neighbours(out) if isinstance(found.get("job"), str) and found["job"]]


def posted_by_neighbours(out: Path, key: str) -> float | None:
    """Return when the same fine-tune was requested for a result beside this one, with an unknown outcome; else None."""
    same = (found.get("posted_at") for found in _neighbours(out) if found.get("key") == key and not found.get("job"))
    return max((float(posted) for posted in same if isinstance(posted, int | float)), default=None)


def may_have_started(record: JobRecord, name: str = "") -> AskewError:
    """Return the error for a fine-tune that may have been started, and whose job does not appear.

    Args:
        record: The record of the fine-tune, which has the time of the request.
        name: The name of the file with the rows, if it is known.
    """
    assert record.posted_at is not None
    at = address(record.model)
    moment = time.strftime("%H:%M on %Y-%m-%d", time.localtime(record.posted_at))
    file = f"{record.file} ({name})" if record.file and name else record.file or name or "of its rows"
    shown_at = f"{without_credentials(at.url() or '')}/fine_tuning/jobs" if at.url() else _OPENAIS_JOBS
    return AskewError(
        f"{record.model}: a job may have been started at {moment} with the file {file}: the request was sent, no reply "
        f"came, and the server lists no such job. Look for it at {shown_at}. If it appears, repeat the command, which "
        "follows it; if there is none, add --again, which starts another one and is paid for"
    )


def _neighbours(out: Path) -> Iterator[dict[str, Any]]:
    """Yield what the records beside a result folder hold, which belong to other results."""
    for path in out.parent.glob("*.job.json"):
        if path.name != f"{out.name}.job.json":
            try:
                found = json_text.parse(path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            if isinstance(found, dict):
                yield found


def _listed(client: "OpenAI", record: JobRecord) -> "list[FineTuningJob]":
    """Return all jobs that the server lists; none if it doesn't list them."""
    import openai

    try:
        marked = [checked_job(job) for job in client.fine_tuning.jobs.list(metadata={KEY: record.key}, limit=100)]
        if any(_metadata(job).get(KEY) == record.key for job in marked):
            return marked
        # A service that drops metadata finds nothing by it.
        return [checked_job(job) for job in client.fine_tuning.jobs.list(limit=100)]
    except openai.APIStatusError as error:
        if error.status_code not in (404, 405, 501):
            raise
        return []


def _unmarked_job(
    listed: "Sequence[FineTuningJob]", record: JobRecord, restart: bool, others: Sequence[str]
) -> "FineTuningJob | None":
    """Return the job of a fine-tune among those without a digest; None if there is none."""
    known = {*record.earlier, *others}
    unmarked = [job for job in listed if KEY not in _metadata(job) and job.id not in known]
    alike = [job for job in unmarked if not _contradicts(job, record)]
    on_file = [job for job in alike if record.file and _file(job) == record.file]
    # Before a job is requested there is none that is alike and unknown, so a later one on the same file is that job.
    certain = [job for job in on_file if record.posted_at is not None or "seed" in _shown(job)]
    if certain:
        latest = max(certain, key=_created)
        if latest.status not in ENDED_BADLY or not restart or record.posted_at is not None:
            return latest
        record.attempt = max(record.attempt, 1) + 1
    if certain or restart:
        record.earlier = [*record.earlier, *(job.id for job in alike)]
        record.posted_at = None
        return None
    since = math.inf if record.posted_at is None else record.posted_at - _CLOCK_SKEW
    doubtful = on_file or [job for job in alike if not _file(job) and _created(job) >= since]
    if not doubtful:
        return None
    raise AskewError(
        f"{record.model}: the server has the job {doubtful[0].id} ({doubtful[0].status}), which may be this fine-tune; "
        "its settings are not shown. Nothing was started. Look at the job in the account; add --again to start another"
    )


def _contradicts(job: "FineTuningJob", record: JobRecord) -> bool:
    """Return whether a job has other settings than a fine-tune, as far as the server shows them."""
    base = address(record.model).base
    shown = _shown(job)
    wanted = {"seed": record.seed, "epochs": record.epochs, "suffix": record.suffix, "file": record.file or None}
    model = getattr(job, "model", None)
    if isinstance(model, str) and not (model.startswith(base) or base.startswith(model)):
        return True
    return any(name in shown and value is not None and shown[name] != value for name, value in wanted.items())


def _shown(job: "FineTuningJob") -> dict[str, Any]:
    """Return the settings of a job that the server shows."""
    shown: dict[str, Any] = {}
    if _file(job):
        shown["file"] = _file(job)
    if isinstance(seed := getattr(job, "seed", None), int):
        shown["seed"] = seed
    if isinstance(suffix := getattr(job, "user_provided_suffix", None), str):
        shown["suffix"] = suffix
    method = getattr(getattr(job, "method", None), "supervised", None)
    for holder in (job, method):
        epochs = getattr(getattr(holder, "hyperparameters", None), "n_epochs", None)
        if isinstance(epochs, int):
            shown["epochs"] = epochs
    return shown


def _metadata(job: "FineTuningJob") -> dict[str, str]:
    found = getattr(job, "metadata", None)
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _file(job: "FineTuningJob") -> str:
    found = getattr(job, "training_file", None)
    return found if isinstance(found, str) else ""


def _created(job: "FineTuningJob") -> float:
    found = getattr(job, "created_at", None)
    return float(found) if isinstance(found, int | float) else 0.0
