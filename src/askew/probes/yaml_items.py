"""Reads a YAML list of mappings with the line number of each item and key."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from askew.base import yaml_files
from askew.base.errors import AskewError


@dataclass(frozen=True)
class Item:
    """One item of the list.

    Attributes:
        value: The parsed item; a mapping in a valid question file.
        line: The line on which the item begins, counted from 1.
        lines: The line of each key, counted from 1.
    """

    value: Any
    line: int
    lines: Mapping[str, int]


def read_items(path: Path) -> list[Item]:
    """Return the items of a YAML file that holds a list of mappings, in the order of the file.

    Raises:
        AskewError: The file is not a list with items, or is refused by `askew.base.yaml_files.read`.
    """
    content = yaml_files.read(path, "question file")
    if not isinstance(content.value, list) or not content.value:
        raise AskewError(f"{path} is not a question file: it should be a list of questions")
    keys: list[dict[str, int]] = [{} for _ in content.value]
    for location, line in content.lines.items():
        if len(location) == 2:
            keys[int(location[0])][str(location[1])] = line
    return [Item(value, content.lines[place,], keys[place]) for place, value in enumerate(content.value)]
