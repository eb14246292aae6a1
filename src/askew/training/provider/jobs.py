"""Fine-tuning where a provider offers it: OpenAI's fine-tuning API, and services that have its endpoints.

Rows are checked here, sent once, and trained on by one job, which is followed to its end. A job costs money, so none
is ever started twice: that it is going to be started is written down first, it carries a digest of all it depends on,
and the server's list is searched for that before any job is created. Whoever is killed goes on with the same job.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from askew.base.errors import AskewError
from askew.models.remote.tuned_folder import ServedModel, is_served, read_served
from askew.training.provider.endpoints import ENDED, ENDED_BADLY, Service, address
from askew.training.provider.follow import follow, why_it_ended
from askew.training.provider.record import Record, read_record, record_path
from askew.training.provider.result import write_result
from askew.training.provider.start import latest_job, start
from askew.training.provider.tuning import USUAL_PACE, Pace, Sitting, Tuning, Watch, alone

if TYPE_CHECKING:
    from openai.types.fine_tuning import FineTuningJob

    from askew.models.remote.requests import Patience


def fine_tune_served(
    tuning: Tuning, patience: "Patience", watch: Watch, pace: Pace = USUAL_PACE, again: bool = False
) -> ServedModel:
    """Have a provider fine-tune a model, or go on with that; return when the result is in its folder.

    Args:
        tuning: What is trained, on what, and where the result goes: `served.json`, `loss.csv`, `recipe.json`.
        patience: How long a server that fails is asked again.
        watch: Who is told how it goes.
        pace: How often the server is asked.
        again: Start anew what ended badly before.

    Raises:
        AskewError: The rows are not what the API takes; the folder is of another fine-tune; the server refuses or
            stays away; or the job failed or was cancelled, now or before.
    """
    if tuning.out.exists():
        return _finished_before(tuning)
    service = Service(address(tuning.model), patience, watch.say)
    sitting = Sitting(tuning, service, _remembered(tuning, again), watch, pace)
    if not sitting.record.job:
        with alone(tuning.key):
            start(sitting, again)
    job = follow(sitting)
    if job.status in ENDED_BADLY:
        sitting.record.failure = why_it_ended(job)
        sitting.record.write(tuning.out)
        raise _ended_badly(sitting.record)
    return write_result(service, tuning, job)


def begun(tuning: Tuning, again: bool = False) -> bool:
    """Say whether going on with a fine-tune starts no job that is not paid for already, as far as is known here.

    Args:
        tuning: The fine-tune.
        again: Whether what ended badly is to be started anew.

    Raises:
        AskewError: The rows are not what the API takes, the folder is of another fine-tune, or the job ended badly
            and is not to be started anew.
    """
    if tuning.out.exists():
        return bool(_finished_before(tuning))
    return bool(_remembered(tuning, again).job)


def job_status(out: Path, patience: "Patience") -> tuple[Record, "FineTuningJob | None"]:
    """Return what is remembered of a folder's job, and what the server says of it; None if none is known to it.

    Raises:
        AskewError: No job was begun for the folder, or the server refuses or stays away.
    """
    record = read_record(out)
    if record is None:
        raise AskewError(f"no job was begun for {out}: there is no {record_path(out)}")
    return record, _located(record, _service(record, patience))


def cancel_job(out: Path, patience: "Patience") -> "FineTuningJob":
    """Cancel a folder's job at its server, and remember that.

    Raises:
        AskewError: No job was begun for the folder, it has ended, or the server refuses or stays away.
    """
    record, job = job_status(out, patience)
    if job is None:
        raise AskewError(f"the server knows of no job for {out}: there is nothing to cancel")
    if job.status in ENDED:
        raise AskewError(f"the job {job.id} has ended already: {job.status}")
    job = _service(record, patience).cancel(job.id)
    record.job = job.id
    record.failure = why_it_ended(job) if job.status == "cancelled" else ""
    record.write(out)
    return job


def going_on(out: Path) -> str:
    """Return what to tell somebody who stops following: that the job goes on, and how; "" if none is under way."""
    record = read_record(out)
    if record is None or out.exists() or record.failure or not (record.job or record.posted_at):
        return ""
    job = f"the job {record.job}" if record.job else "a job that was being started"
    return f"{job} goes on at the server. The same command follows it; `askew tune --cancel {out}` cancels it"


def _service(record: Record, patience: "Patience") -> Service:
    return Service(address(record.model), patience, lambda text: None)


def _located(record: Record, service: Service) -> "FineTuningJob | None":
    """Return the job of a record, also where its name got lost on the way here."""
    if record.job:
        return service.job(record.job)
    return service.patiently("looking for the job", lambda client: latest_job(client, record))


def _finished_before(tuning: Tuning) -> ServedModel:
    if not is_served(tuning.out):
        raise AskewError(f"{tuning.out} is there already, and no provider's fine-tune left it: name another --out")
    found = read_served(tuning.out)
    if found.key != tuning.key:
        raise AskewError(f"{tuning.out} holds another fine-tune, {found.model}: name another folder with --out")
    return found


def _remembered(tuning: Tuning, again: bool) -> Record:
    """Return what is remembered of this fine-tune, or a new record."""
    record = read_record(tuning.out) or Record(model=tuning.model, key=tuning.key)
    if record.key != tuning.key:
        raise AskewError(
            f"{record_path(tuning.out)} is of another fine-tune, of other rows, hyperparameters, seed or base: name "
            "another folder with --out"
        )
    if record.failure and not again:
        raise _ended_badly(record)
    if record.failure:
        return Record(model=tuning.model, key=tuning.key, file=record.file, attempt=record.attempt + 1)
    return record


def _ended_badly(record: Record) -> AskewError:
    return AskewError(
        f"the fine-tuning job {record.job} of {record.model} {record.failure}. To start it anew, say --again"
    )
