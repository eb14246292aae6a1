"""A user's own training rows for an arm: counted and hashed when a design is made, and checked from then on."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from askew.base.errors import AskewError


class OwnRows(BaseModel):
    """A user's own rows, as they were when the design was made."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    source: str = Field(description="The rows: a file, hf/ORG/NAME, or a data set of `askew list data`.")
    rows: int = Field(description="The number of rows.", ge=1)
    sha256: str = Field(description="A hash of the content, independent of the file's format.")

    def __str__(self) -> str:
        return self.source


def look_at(said: Any) -> dict[str, Any]:
    """Return the source of a user's own rows, with their number and hash.

    Args:
        said: The source; or a mapping with the source, number and hash, as a saved design has it.

    Raises:
        AskewError: The rows cannot be read, a row is invalid, or the rows differ from the number and hash.
    """
    from askew.data.formats import absolute

    if isinstance(said, Mapping) and set(said) != set(OwnRows.model_fields):
        raise AskewError("name the rows: a file, hf/ORG/NAME, or a data set, NAME or SET/FILE")
    source = str(said["source"] if isinstance(said, Mapping) else said)
    found = dict(zip(("rows", "sha256"), measured(source), strict=True))
    if isinstance(said, Mapping) and any(said[name] != value for name, value in found.items()):
        raise AskewError(f"the rows in {source} have changed since the design was made")
    return {"source": absolute(source), **found}


@lru_cache(maxsize=64)
def measured(source: str) -> tuple[int, str]:
    """Return the number of rows in a source and their hash, reading one row at a time."""
    from askew.data.formats import as_bytes, open_rows

    rows, digest = 0, hashlib.sha256()
    for row in open_rows(source):
        rows += 1
        digest.update(as_bytes(row))
    return rows, digest.hexdigest()
