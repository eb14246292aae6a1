"""Rows of a user's own, on which an arm is trained: looked at when a design is made, and held to from then on."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from askew.base.errors import AskewError


class OwnRows(BaseModel):
    """Rows of a user's own, as they were when the design was made."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    source: str = Field(description="Where they are: a file, hf/ORG/NAME, or a data set of `askew list data`.")
    rows: int = Field(description="How many there are.", ge=1)
    sha256: str = Field(description="The hash of what they say, whatever the file's format.")

    def __str__(self) -> str:
        return self.source


def look_at(said: Any) -> dict[str, Any]:
    """Return what is known of rows of a user's own.

    Args:
        said: Where they are; or that with their number and hash, as a frozen design has it.

    Raises:
        AskewError: They cannot be read, one of them is wrong, or they have changed since.
    """
    from askew.data.formats import absolute

    if isinstance(said, Mapping) and set(said) != set(OwnRows.model_fields):
        raise AskewError("name the rows: a file, hf/ORG/NAME, or a data set, NAME or SET/FILE")
    source = str(said["source"] if isinstance(said, Mapping) else said)
    found = dict(zip(("rows", "sha256"), measured(source), strict=True))
    if isinstance(said, Mapping) and any(said[name] != value for name, value in found.items()):
        raise AskewError(f"the rows in {source} are not those that the design was made for: they have changed since")
    return {"source": absolute(source), **found}


@lru_cache(maxsize=64)
def measured(source: str) -> tuple[int, str]:
    """Count and hash the rows of a source, one at a time."""
    from askew.data.formats import as_bytes, open_rows

    rows, digest = 0, hashlib.sha256()
    for row in open_rows(source):
        rows += 1
        digest.update(as_bytes(row))
    return rows, digest.hexdigest()
