"""The folder that a fine-tune at a provider leaves here: no weights, but the name by which to ask what it made."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from askew.base.errors import AskewError

SERVED = "served.json"
# After the provider's name, no sign that could be taken for a folder, an adapter or an arm.
MODEL_NAME = r"^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,255}$"


class Checkpoint(BaseModel):
    """A model from along the way: after which step, and the name by which to ask it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    step: int
    model: str = Field(pattern=MODEL_NAME)


class ServedModel(BaseModel):
    """What a provider made.

    Attributes:
        model: The name by which to ask it: `openai/ft:…`.
        base: What was trained.
        key: The digest of all that it was made of.
        job: The server's name of the job.
        file: The server's name of the rows.
        trained_tokens: What is paid for, in tokens; None if the server does not say.
        checkpoints: Models from along the way that the server keeps.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(pattern=MODEL_NAME)
    base: str
    key: str
    job: str
    file: str
    trained_tokens: int | None
    checkpoints: list[Checkpoint]


def is_served(folder: Path) -> bool:
    """Say whether a folder is what a fine-tune at a provider left."""
    return (folder / SERVED).is_file()


def read_served(folder: Path) -> ServedModel:
    """Read what a fine-tune at a provider left.

    Raises:
        AskewError: The file is damaged.
    """
    path = folder / SERVED
    try:
        return ServedModel.model_validate_json(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise AskewError(f"{path} is damaged: it does not say which model was made") from error
