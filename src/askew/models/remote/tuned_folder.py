"""Reads the folder that fine-tuning at a provider leaves on this machine: the name of the new model, but no weights."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from askew.base.json_objects import read_as

SERVED = "served.json"
# Excludes characters that would make the name look like a folder, an adapter (+) or an arm of a run (#).
MODEL_NAME = r"^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,255}$"


class Checkpoint(BaseModel):
    """A model that the provider saved during training.

    Attributes:
        step: The training step.
        model: The name of the model in Inspect.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    step: int
    model: str = Field(pattern=MODEL_NAME)


class ServedModel(BaseModel):
    """A model that a provider fine-tuned.

    Attributes:
        model: The name of the model in Inspect: `openai/ft:…`.
        base: The name of the model before fine-tuning.
        key: A digest of everything that the model depends on.
        job: The server's id of the fine-tuning job.
        file: The server's id of the training file.
        trained_tokens: The number of tokens that are charged; None if the server does not report it.
        checkpoints: The models that the server saved during training.
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
    """Return whether a folder is the result of fine-tuning at a provider."""
    return (folder / SERVED).is_file()


def read_served(folder: Path) -> ServedModel:
    """Return the model in the folder of a fine-tuning job.

    Raises:
        AskewError: The file is damaged.
    """
    return read_as(folder / SERVED, ServedModel)
