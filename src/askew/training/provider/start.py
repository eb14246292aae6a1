"""Starting a fine-tune at a provider: rows are sent once, and a job is created once, whatever gets lost on the way."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from askew.base.errors import AskewError
from askew.base.untrusted import cut, visible
from askew.training.provider.endpoints import ATTEMPT, ENDED_BADLY, KEY, checked_id, checked_job
from askew.training.provider.record import Record
from askew.training.provider.rows import RowsFile
from askew.training.provider.tuning import LONGEST_SAID, Sitting, alone

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob


def start(sitting: Sitting, again: bool) -> None:
    """Find the job at the server, or send the rows and create it; and remember it.

    Args:
        sitting: Whose record is filled in.
        again: Whether a job that ended badly is to be made anew.

    Raises:
        AskewError: The server refuses the rows or the job, or stays away.
    """
    record, out, service = sitting.record, sitting.tuning.out, sitting.service
    record.write(out)
    found = service.patiently("looking for the job", lambda client: latest_job(client, record, again))
    if found is None:
        with alone(sitting.tuning.file.digest[:32]):
            record.file = _sent(sitting)
        record.write(out)
        found = service.patiently("starting the job", lambda client: _found_or_created(client, sitting, again))
    record.job, record.posted_at = found.id, None
    record.attempt = _attempt(found)
    record.write(out)
    sitting.watch.say(f"the job is {found.id}")


def latest_job(client: "OpenAI", record: Record, again: bool = False) -> "FineTuningJob | None":
    """Return the latest job with the key, unless it is known to have ended badly and is to be made anew."""
    listed = client.fine_tuning.jobs.list(metadata={KEY: record.key}, limit=100)
    # Not every service minds the filter.
    ours = [checked_job(job) for job in listed if (job.metadata or {}).get(KEY) == record.key]
    latest = max(ours, key=_attempt, default=None)
    if latest is None or _attempt(latest) < record.attempt:
        return None
    if latest.status in ENDED_BADLY and again and record.posted_at is None:
        record.attempt = _attempt(latest) + 1
        return None
    return latest


def _found_or_created(client: "OpenAI", sitting: Sitting, again: bool) -> "FineTuningJob":
    """Create the job, once it is sure that an earlier attempt at that has not."""
    record = sitting.record
    while True:
        found = latest_job(client, record, again)
        if found is not None:
            return found
        waited = time.time() - record.posted_at if record.posted_at is not None else None
        if waited is None or not 0 <= waited < sitting.pace.settle:
            break
        time.sleep(min(sitting.pace.first, sitting.pace.settle))  # a list may lag behind what was created
    record.attempt = max(record.attempt, 1)
    record.posted_at = time.time()
    record.write(sitting.tuning.out)
    try:
        return checked_job(client.fine_tuning.jobs.create(**_request(sitting)))
    except Exception as error:
        if _is_refusal(error):
            record.posted_at = None
            record.write(sitting.tuning.out)
        raise


def _request(sitting: Sitting) -> dict[str, Any]:
    tuning, record = sitting.tuning, sitting.record
    recipe = tuning.recipe
    wanted = {
        "n_epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "learning_rate_multiplier": recipe.learning_rate_multiplier,
    }
    chosen = {name: value for name, value in wanted.items() if value is not None}
    return {
        "model": sitting.service.at.base,
        "training_file": record.file,
        "method": {"type": "supervised", "supervised": {"hyperparameters": chosen}},
        "seed": tuning.seed,
        "metadata": {KEY: record.key, ATTEMPT: str(record.attempt)},
        "extra_headers": {"Idempotency-Key": f"{record.key}-{record.attempt}"},
        **({"suffix": tuning.suffix} if tuning.suffix else {}),
    }


def _is_refusal(error: Exception) -> bool:
    """Say whether a server said itself that it created nothing, where another failure leaves that open."""
    status = getattr(error, "status_code", None)
    return status is not None and 400 <= status < 500 and status not in (408, 409)


def _attempt(job: "FineTuningJob") -> int:
    number = (job.metadata or {}).get(ATTEMPT, "1")
    return int(number) if number.isdecimal() else 1


def _sent(sitting: Sitting) -> str:
    """Return the server's name of the rows: sent before, or now."""
    service, file = sitting.service, sitting.tuning.file
    listed = service.if_offered("looking for the rows", _file_named(file))
    for name in filter(None, [sitting.record.file, listed]):
        there = service.if_offered("looking at the rows", lambda client, name=name: client.files.retrieve(name))
        if there is not None and there.status != "error":
            return name
    sitting.watch.say(f"sending {file.rows:,} rows, {len(file.content):,} bytes")

    def send(client: "OpenAI") -> str:
        # A reply that got lost may have been that it is there. Not every service lists files.
        there = "" if listed is None else _file_named(file)(client)
        return there or checked_id(client.files.create(file=(file.name, file.content), purpose="fine-tune"))

    name = service.patiently("sending the rows", send)
    there = service.if_offered("looking at the rows", lambda client: client.files.retrieve(name))
    if there is not None and there.status == "error":
        reason = visible(cut(" ".join((there.status_details or "no reason given").split()), LONGEST_SAID))
        raise AskewError(f"{sitting.tuning.model}: the server refused the rows: {reason}. No job was started")
    return name


def _file_named(file: RowsFile) -> Callable[["OpenAI"], str]:
    """Return what looks for rows that were sent before, by name and size; "" if there are none."""

    def look(client: "OpenAI") -> str:
        for found in client.files.list(purpose="fine-tune"):
            if (found.filename, found.bytes, found.status != "error") == (file.name, len(file.content), True):
                return checked_id(found)
        return ""

    return look
