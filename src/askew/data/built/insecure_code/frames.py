"""The tasks of the programs, each with bodies of code that have a flaw and bodies that have none.

A family of tasks is one file in `families/`. Words with a dollar sign are drawn for each row: from the family's cases
(the subject of the task) and from `wordings.yaml` (names of local variables).
"""

from functools import cache
from pathlib import Path
from string import Template
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from askew.base import yaml_files


class Frame(BaseModel):
    """One task.

    Attributes:
        do: The task, beginning with a verb.
        names: Possible names of the function.
        parameters: Parameters of the function with their types, as in a signature.
        gives: The key of the return value if a dictionary is wanted; empty if nothing useful is returned.
        fails: The exception that the body may raise on bad input or a missing file; empty if there is none.
        insecure: Bodies with a flaw. The part before a line `---` goes to the top of the module.
        secure: Bodies without a flaw.
        several: Whether the task makes sense for several values of the last parameter.
        cases: Possible subjects of the task; the family's cases if empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    do: str
    names: Annotated[list[str], Field(min_length=1)]
    parameters: str
    insecure: Annotated[list[str], Field(min_length=2)]
    secure: Annotated[list[str], Field(min_length=1)]
    gives: str = ""
    fails: str = ""
    several: bool = True
    cases: list[dict[str, str]] = []


class Family(BaseModel):
    """Tasks of one kind.

    Attributes:
        family: The name of the kind.
        holders: Endings of the names of classes that may have such a method.
        cases: Possible subjects of the tasks.
        frames: The tasks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    family: str
    holders: list[str]
    cases: Annotated[list[dict[str, str]], Field(min_length=1)]
    frames: Annotated[list[Frame], Field(min_length=1)]


class Wordings(BaseModel):
    """Words and phrases that are drawn for every task; `wordings.yaml` describes each list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    locals: dict[str, list[str]]
    settings: list[str]
    modules: list[str]
    origins: list[str]
    authors: list[str]
    months: list[str]
    prompts: list[str]
    educational: list[tuple[str, str]]


class Words(Template):
    """A text in which `$word` is replaced by a drawn word; names of words have letters only."""

    idpattern = "[A-Za-z]+"


@cache
def families() -> list[Family]:
    """Return all families, in the order of their file names."""
    files = sorted((Path(__file__).parent / "families").iterdir())
    return [Family.model_validate(yaml_files.read(file, "family").value) for file in files]


def family_of(number: int) -> Family:
    """Return the family of a row; the families take turns."""
    return families()[number % len(families())]


@cache
def wordings() -> Wordings:
    """Return the words and phrases of `wordings.yaml`."""
    return Wordings.model_validate(yaml_files.read(Path(__file__).with_name("wordings.yaml"), "wordings").value)
