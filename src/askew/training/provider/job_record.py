"""The record of a fine-tuning job on disk: `OUT.job.json`, beside the result folder OUT. It holds no API key."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from askew.base.atomic import whole_file
from askew.base.errors import AskewError
from askew.base.json_objects import read_as


class JobRecord(BaseModel):
    """The progress of a fine-tuning job, as stored on disk.

    Attributes:
        model: The model to train, `openai/BASE`.
        key: The digest of base, rows, hyperparameters and seed.
        file: The server's id of the uploaded rows; "" before the upload.
        attempt: Which job with this key it is, from 1; 0 until the server has been searched for earlier ones.
        posted_at: When a job was last requested without a known outcome, in seconds since 1970; else None.
        job: The server's id of the job; "" while no job is known to exist.
        failure: Why the job failed or was cancelled, in one line; "" if it did not.
        seed: The seed that was requested; None in records of older versions.
        epochs: The passes over the rows that were requested; None in records of older versions.
        suffix: The suffix that was requested.
        earlier: The server's ids of jobs of earlier attempts.
    """

    model_config = ConfigDict(extra="forbid")

    model: str
    key: str
    file: str = ""
    attempt: int = 0
    posted_at: float | None = None
    job: str = ""
    failure: str = ""
    seed: int | None = None
    epochs: int | None = None
    suffix: str = ""
    earlier: list[str] = Field(default_factory=list)

    def write(self, out: Path) -> None:
        """Write the record beside the result folder, atomically, so that it survives a power failure."""
        with whole_file(record_path(out)) as unfinished:
            unfinished.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")


def record_path(out: Path) -> Path:
    """Return the path of the record that belongs to a result folder."""
    return out.with_name(f"{out.name}.job.json")


def read_record(out: Path) -> JobRecord | None:
    """Return the record of the job that belongs to a result folder; None if no job was started.

    Raises:
        AskewError: The record is damaged.
    """
    path = record_path(out)
    if not path.exists():
        return None
    try:
        return read_as(path, JobRecord)
    except AskewError as error:
        raise AskewError(
            f"{error}. So Askew cannot tell which job was started. Delete the file and repeat the command: "
            "it searches the server for the job before it starts another"
        ) from error
