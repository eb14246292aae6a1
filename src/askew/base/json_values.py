"""Turns results into plain values for JSON, which has no NaN, no infinity, no NumPy numbers and no dataclasses."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:
    """Return a value made of dictionaries, lists, texts, finite numbers, booleans and None only.

    Args:
        value: A number, text, path, dataclass, model of pydantic, mapping, list, tuple or data frame, nested as deep
            as needed. Numbers of NumPy and pandas become Python's; NaN and infinity become None; a dataclass or model
            becomes a dictionary of its fields; a data frame becomes a list of its rows, or a dictionary of them if the
            rows have names.
    """
    if hasattr(value, "to_json"):  # a data frame, told by its method because importing pandas takes long
        orient = "records" if value.index.dtype.kind in "iu" else "index"
        return json.loads(value.to_json(orient=orient))
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if callable(dump := getattr(value, "model_dump", None)):  # a model of pydantic
        return plain(dump())
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if callable(item := getattr(value, "item", None)):  # a NumPy scalar, which the standard library does not know
        value = item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
