"""Validates settings and words pydantic's errors for users."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from askew.base.errors import AskewError, unknown_name
from askew.base.knobs import knobs

M = TypeVar("M", bound=BaseModel)

_WANTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping of settings",
    "too_short": "a list of at least {min_length}",
    "greater_than_equal": "{ge} or more",
    "greater_than": "more than {gt}",
    "less_than_equal": "{le} or less",
    "less_than": "less than {lt}",
    "finite_number": "a finite number",
    "literal_error": "{expected}",
}


def validated(model: type[M], values: Mapping[str, Any]) -> M:
    """Return an instance of a model.

    Args:
        model: A model of settings, such as `Recipe`.
        values: Values by field name.

    Raises:
        AskewError: A setting is unknown, of the wrong type or out of range.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise AskewError(worded(error.errors(include_url=False)[0], model)) from error


def worded(error: ErrorDetails, model: type[BaseModel]) -> str:
    """Return a sentence for an error that pydantic found in the values for a model."""
    location = error["loc"]
    if error["type"] == "extra_forbidden":
        parent = ".".join(str(part) for part in location[:-1])
        known = [knob.name for knob in knobs(model) if knob.name.rpartition(".")[0] == parent]
        return str(unknown_name("setting", str(location[-1]), [name.rpartition(".")[2] for name in known]))
    name = ".".join(str(part) for part in location if isinstance(part, str))
    wanted = _WANTED.get(error["type"], error["msg"]).format(**error.get("ctx", {}))
    return f"{name} must be {wanted}, not {error['input']!r}"
