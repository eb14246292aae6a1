"""What is remembered of a fine-tune at a provider from before its first request: `OUT.job.json`, beside the folder OUT.

It is written before a request whose outcome could get lost, so that no job is ever started twice. No key is in it.
"""

import json
import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from askew.base.atomic import whole_file
from askew.base.errors import AskewError


class Record(BaseModel):
    """How far a fine-tune at a provider is.

    Attributes:
        model: What is trained, `openai/BASE`.
        key: A digest of all that makes the job what it is: base, rows, hyperparameters, seed.
        file: The server's name of the rows that were sent; "" if none were yet.
        attempt: Which job of this key it is, from 1; 0 while the server was not asked for earlier ones.
        posted_at: When a job was last asked for whose outcome is not known, in seconds since 1970; None if none was.
        job: The server's name of the job; "" while none is known to have begun.
        failure: Why it ended badly, in one line; "" if it did not.
    """

    model_config = ConfigDict(extra="forbid")

    model: str
    key: str
    file: str = ""
    attempt: int = 0
    posted_at: float | None = None
    job: str = ""
    failure: str = ""

    def write(self, out: Path) -> None:
        """Write it beside the folder of the result, whole or not at all, and so that it outlives a power cut."""
        with whole_file(record_path(out)) as unfinished, unfinished.open("w", encoding="utf-8") as file:
            file.write(self.model_dump_json(indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())


def record_path(out: Path) -> Path:
    """Return where the record of a folder lies."""
    return out.with_name(f"{out.name}.job.json")


def read_record(out: Path) -> Record | None:
    """Return what is remembered of the job whose result goes to a folder; None if none was begun.

    Raises:
        AskewError: The record is damaged.
    """
    path = record_path(out)
    if not path.exists():
        return None
    try:
        return Record.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, ValidationError) as error:
        raise AskewError(
            f"{path} is damaged, and it says which job was begun. Delete it, and the same command looks for the job "
            "at the server before it starts another"
        ) from error
