"""Read a YAML list of mappings with the line number of each item and key, without trusting the file.

Users exchange question files. YAML aliases can expand a file of a few lines to more text than fits in memory, so this
module computes the expanded size before it builds any values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from askew.base.errors import AskewError

# Limits far above any hand-written file: bytes in the file, and characters after its aliases are expanded.
_LARGEST_FILE = 5_000_000
_LARGEST_CONTENT = 50_000_000


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
    """Read a YAML file that holds a list of mappings.

    Args:
        path: The file, encoded in UTF-8.

    Returns:
        The items in the order of the file.

    Raises:
        AskewError: The file cannot be read, is not valid YAML, repeats a key, is not a non-empty list, or is too large.
    """
    text = _text(path)
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if not isinstance(root, yaml.SequenceNode) or not root.value:
            raise AskewError(f"{path} is not a question file: it should be a list of questions")
        if _size(root, {}) > _LARGEST_CONTENT:
            raise AskewError(
                f"{path} expands to more than {_LARGEST_CONTENT:,} characters because its aliases refer to each other "
                "or to themselves. Write the text out instead"
            )
        return [_item(path, loader, node) for node in root.value]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise AskewError(f"{path}, line {line}: this is not YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise AskewError(f"{path}: this is not YAML: {error}") from error
    except RecursionError as error:
        raise AskewError(f"{path}: this is not a question file: its lists or mappings are nested too deeply") from error


def _text(path: Path) -> str:
    if not path.is_file():
        raise AskewError(f"{path} cannot be read as a question file: there is no such file")
    try:
        content = path.read_bytes() if path.stat().st_size <= _LARGEST_FILE else None
    except OSError as error:
        raise AskewError(f"{path} cannot be read as a question file: {error.strerror or error}") from error
    if content is None:
        raise AskewError(f"{path} is larger than {_LARGEST_FILE:,} bytes, too large for a question file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise AskewError(f"{path}, line {line}: this is not text in UTF-8: {error.reason}") from error


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Return the number of characters in a node after aliases are expanded.

    Args:
        node: The node to measure.
        known: Sizes by the `id` of the node; filled in as a cache.
    """
    if id(node) not in known:
        known[id(node)] = _LARGEST_CONTENT + 1  # so that a node that contains itself counts as too large
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
            raise AskewError(
                f"{path}, line {line}: the key {name!r} is repeated; it first appears on line {lines[name]}"
            )
        lines[name] = line
    return Item(loader.construct_document(node), node.start_mark.line + 1, lines)
