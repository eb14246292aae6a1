"""Checks what `study.json` keeps beside the design: a run's folder may be another person's."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError, field_validator

from askew.base.errors import AskewError
from askew.base.untrusted import visible


class _Provenance(BaseModel):
    command: str = ""
    note: str = ""
    versions: dict[str, str] = {}
    digest: str = ""
    hashes: dict[str, str] = {}
    probes: dict[str, int] = {}
    bases: dict[str, str] = {}
    rescored: dict[str, str] = {}

    @field_validator("rescored")
    @classmethod
    def _is_whole(cls, value: dict[str, str]) -> dict[str, str]:
        if value and not {"run", "metric"} <= value.keys():
            raise ValueError("it must name the run and the metric")
        return value


_MISSING: dict[str, Any] = {"command": "", "note": "", "versions": {}, "hashes": {}}


def checked_provenance(path: Path, found: object) -> dict[str, Any]:
    """Return a provenance, with empty values for missing keys that every reader needs.

    Args:
        path: The file, for errors.
        found: What the file has under `provenance`.

    Raises:
        AskewError: It is missing, or a value is of the wrong type.
    """
    if not isinstance(found, dict):
        raise AskewError(f"{path} is damaged: it has no provenance")
    try:
        _Provenance.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = visible(".".join(map(str, ("provenance", *first["loc"]))))
        raise AskewError(f"{path} is damaged at {where}: {first['msg']}") from error
    return {**_MISSING, **found}
