"""Fine-tuning at a provider that offers OpenAI's fine-tuning API: run, check or cancel a job."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base.errors import AskewError
from askew.models.remote.tuned_folder import ServedModel, is_served, read_served
from askew.training.provider.endpoints import ENDED, ENDED_BADLY, Service, address
from askew.training.provider.find_job import jobs_of_neighbours, latest_job, may_have_started
from askew.training.provider.job import (
    DEFAULT_POLLING,
    FineTuneRequest,
    JobCallbacks,
    JobSession,
    Polling,
    shown,
    start_job,
    user_lock,
)
from askew.training.provider.job_record import JobRecord, read_record, record_path
from askew.training.provider.result import write_result

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob

    from askew.models.remote.requests import Patience


def fine_tune_served(
    request: FineTuneRequest,
    patience: "Patience",
    callbacks: JobCallbacks,
    polling: Polling = DEFAULT_POLLING,
    restart: bool = False,
) -> ServedModel:
    """Have a provider fine-tune a model, or continue an earlier call; return once the result is in its folder.

    Args:
        request: The model, the rows, the hyperparameters and the folder of the result.
        patience: How long to retry when the server fails.
        callbacks: Receive the progress.
        polling: How often to ask the server.
        restart: Start a new job if the earlier one failed, was cancelled, or may never have been started.

    Raises:
        AskewError: The API does not accept the rows; the folder belongs to another fine-tune; the server refuses or
            cannot be reached; the job failed or was cancelled, now or earlier; or it may have been started, does not
            appear, and `restart` is not set.
    """
    if request.out.exists():
        return _finished_before(request)
    service = Service(address(request.model), patience, callbacks.on_message)
    session = JobSession(request, service, _open_record(request, restart), callbacks, polling)
    if not session.record.job:
        with user_lock(request.key):
            start_job(session, restart)
    job = _follow(session)
    if job.status in ENDED_BADLY:
        session.record.failure = _failure(job)
        session.record.write(request.out)
        raise _job_failed(session.record)
    return write_result(service, request, job)


def is_started(request: FineTuneRequest, restart: bool = False) -> bool:
    """Return whether this machine knows of a job for the request, so that continuing starts no new paid job.

    Args:
        request: The fine-tune.
        restart: Whether a job that failed or was cancelled is to be replaced by a new one.

    Raises:
        AskewError: The API does not accept the rows; the folder belongs to another fine-tune; or the job failed or was
            cancelled and `restart` is not set.
    """
    if request.out.exists():
        return bool(_finished_before(request))
    record = _open_record(request, restart)
    # A job that may have been started is only looked for.
    return bool(record.job) or (record.posted_at is not None and not restart)


def job_status(out: Path, patience: "Patience") -> tuple[JobRecord, "FineTuningJob | None"]:
    """Return the record of a folder's job and the job as the server describes it; None if the server has no such job.

    Raises:
        AskewError: No job was started for the folder, or the server refuses or cannot be reached.
    """
    record = read_record(out)
    if record is None:
        raise AskewError(f"no job was started for {out}: there is no {record_path(out)}")
    return record, _find_job(out, record, _service(record, patience))


def cancel_job(out: Path, patience: "Patience") -> "FineTuningJob":
    """Cancel a folder's job at the server and store that in its record.

    Raises:
        AskewError: No job was started for the folder, it has ended, or the server refuses or cannot be reached.
    """
    record, job = job_status(out, patience)
    if job is None and record.posted_at is not None:
        raise may_have_started(record)
    if job is None:
        raise AskewError(f"the server has no job for {out}: there is nothing to cancel")
    if job.status in ENDED:
        raise AskewError(f"the job {job.id} has ended already: {job.status}")
    job = _service(record, patience).cancel(job.id)
    record.job = job.id
    record.failure = _failure(job) if job.status == "cancelled" else ""
    record.write(out)
    return job


def running_job_notice(out: Path) -> str:
    """Return a line for a user who stops following a job that keeps running; "" if no job is running."""
    record = read_record(out)
    if record is None or out.exists() or record.failure or not (record.job or record.posted_at):
        return ""
    job = f"the job {record.job} continues" if record.job else "a job that was being started may continue"
    return f"{job} at the server. Repeat the command to follow it, or cancel it with `askew tune --cancel {out}`"


def _service(record: JobRecord, patience: "Patience") -> Service:
    return Service(address(record.model), patience, lambda text: None)


def _find_job(out: Path, record: JobRecord, service: Service) -> "FineTuningJob | None":
    """Return the job of a record, even if the reply with its id was lost."""
    if record.job:
        return service.job(record.job)
    others = jobs_of_neighbours(out)
    return service.patiently("looking for the job", lambda client: latest_job(client, record, others=others))


def _finished_before(request: FineTuneRequest) -> ServedModel:
    if not is_served(request.out):
        raise AskewError(
            f"{request.out} exists already and is not the result of a provider's fine-tune: choose another --out"
        )
    found = read_served(request.out)
    if found.key != request.key:
        raise AskewError(f"{request.out} holds another fine-tune, {found.model}: choose another folder with --out")
    return found


def _open_record(request: FineTuneRequest, restart: bool) -> JobRecord:
    """Return the stored record of a request, or a new one."""
    record = read_record(request.out) or JobRecord(model=request.model, key=request.key)
    if record.key != request.key:
        raise AskewError(
            f"{record_path(request.out)} belongs to another fine-tune, with other rows, hyperparameters, seed or base: "
            "choose another folder with --out"
        )
    if record.failure and not restart:
        raise _job_failed(record)
    if record.failure:
        earlier = [*record.earlier, record.job] if record.job else record.earlier
        again = record.attempt + 1
        return JobRecord(model=request.model, key=request.key, file=record.file, attempt=again, earlier=earlier)
    return record


def _job_failed(record: JobRecord) -> AskewError:
    return AskewError(
        f"the fine-tuning job {record.job} of {record.model} {record.failure}. Add --again to start a new job"
    )


def _failure(job: "FineTuningJob") -> str:
    """Return how a job failed or was cancelled, as a phrase that follows the job's name."""
    message = getattr(getattr(job, "error", None), "message", None)
    if not message:
        return f"was {job.status}"
    return f"{job.status}: {shown(message)}"


def _follow(session: JobSession) -> "FineTuningJob":
    """Poll a job until it ends, pass its progress to the callbacks, and return it."""
    polling, wait, status = session.polling, session.polling.first, ""
    while True:
        job = session.service.job(session.record.job)
        changed = job.status != status
        if changed:
            session.callbacks.on_message(job.status.replace("_", " "))
        changed = _report_events(session) or changed
        status = job.status
        if status in ENDED:
            return job
        wait = polling.first if changed else min(1.5 * wait, polling.longest)
        time.sleep(wait)


def _report_events(session: JobSession) -> bool:
    """Pass new events to the callbacks; return whether there were any."""

    def new_events(client: "OpenAI") -> list[Any]:
        found = []
        for event in client.fine_tuning.jobs.list_events(session.record.job, limit=100):  # newest first
            if event.id in session.reported_events:
                break
            found.append(event)
        return found

    events = session.service.if_offered("reading the job's events", new_events) or []
    for event in reversed(events):
        session.reported_events.add(event.id)
        data = event.data if isinstance(event.data, dict) else {}
        step, steps, loss = (data.get(name) for name in ("step", "total_steps", "train_loss"))
        if isinstance(step, int) and isinstance(steps, int) and isinstance(loss, (int, float)) and 0 < step <= steps:
            session.callbacks.on_step(step, steps, float(loss))
        else:
            session.callbacks.on_message(shown(str(event.message)))
    return bool(events)
