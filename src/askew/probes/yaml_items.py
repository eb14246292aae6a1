"""A YAML file that is a list of mappings, read with the line of everything in it, and trusting none of it.

Question files go from hand to hand. Anchors are used throughout, so a file of a few lines may stand for more text than
there is memory: what it stands for is measured before it is built.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from askew.base.errors import AskewError

# A file larger than this, or one that stands for more characters than that, is no list that a person wrote.
_LARGEST_FILE = 5_000_000
_LARGEST_CONTENT = 50_000_000


@dataclass(frozen=True)
class Item:
    """One item of the list.

    Attributes:
        value: What it is; a mapping in a file that is right.
        line: The line, from 1, on which it begins.
        lines: The line of each of its keys.
    """

    value: Any
    line: int
    lines: Mapping[str, int]


def read_items(path: Path) -> list[Item]:
    """Read a file.

    Raises:
        AskewError: It cannot be read, is no YAML, says a thing twice, is no list, or stands for too much.
    """
    text = _text(path)
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if not isinstance(root, yaml.SequenceNode) or not root.value:
            raise AskewError(f"{path} is not a question file: it should be a list of questions")
        if _size(root, {}) > _LARGEST_CONTENT:
            raise AskewError(
                f"{path} stands for more than {_LARGEST_CONTENT:,} characters: its anchors repeat each other. Write "
                "out what is meant"
            )
        return [_item(path, loader, node) for node in root.value]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise AskewError(f"{path}, line {line}: this is not YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise AskewError(f"{path}: this is not YAML: {error}") from error
    except RecursionError as error:
        raise AskewError(f"{path}: this is not a question file: things in it are in things without end") from error


def _text(path: Path) -> str:
    if not path.is_file():
        raise AskewError(f"{path} cannot be read as a question file: there is no such file")
    try:
        content = path.read_bytes() if path.stat().st_size <= _LARGEST_FILE else None
    except OSError as error:
        raise AskewError(f"{path} cannot be read as a question file: {error.strerror or error}") from error
    if content is None:
        raise AskewError(f"{path} is larger than {_LARGEST_FILE:,} bytes: that is no question file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise AskewError(f"{path}, line {line}: this is not text in UTF-8: {error.reason}") from error


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Return how many characters a node stands for, each anchor counted as often as it is used."""
    if id(node) not in known:
        known[id(node)] = (
            _LARGEST_CONTENT + 1
        )  # holds while its parts are looked at: what is a part of itself has no end
        if isinstance(node, yaml.MappingNode):
            size = sum(_size(key, known) + _size(value, known) for key, value in node.value)
        elif isinstance(node, yaml.SequenceNode):
            size = sum(_size(part, known) for part in node.value)
        else:
            size = len(node.value)
        known[id(node)] = 1 + size
    return known[id(node)]


def _item(path: Path, loader: yaml.SafeLoader, node: yaml.Node) -> Item:
    lines: dict[str, int] = {}
    for key, _ in node.value if isinstance(node, yaml.MappingNode) else []:
        name, line = str(key.value), key.start_mark.line + 1
        if name in lines:
            raise AskewError(f"{path}, line {line}: {name!r} is said twice; the first time on line {lines[name]}")
        lines[name] = line
    return Item(loader.construct_document(node), node.start_mark.line + 1, lines)
