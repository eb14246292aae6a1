"""Reads settings from YAML files, with the line of each for error messages, and from the command line.

This module knows the syntax of settings, not their meaning.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from askew.base.errors import AskewError

Location = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which also reads `1e-5` as a number; YAML 1.1 requires `1.0e-5`."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


@dataclass(frozen=True)
class ConfigFile:
    """Settings from a file.

    Attributes:
        path: The file; None if no file was named, and then there are no values.
        values: The settings.
        lines: The line, counted from 1, on which the setting or list item at a location begins.
    """

    path: Path | None
    values: dict[str, Any]
    lines: Mapping[Location, int]

    def where(self, location: Sequence[str | int]) -> str:
        """Return "FILE, line N: " for a setting or the nearest parent of it that is in the file; "" if none is."""
        for length in range(len(location), 0, -1):
            line = self.lines.get(tuple(location[:length]))
            if line:
                return f"{self.path}, line {line}: "
        return ""


def read_config(path: Path, what: str = "config", name: str = "setting") -> ConfigFile:
    """Return the settings, or other named values, in a file.

    Args:
        path: The file, YAML or JSON.
        what: The kind of file, for errors.
        name: The kind of its values, for errors.

    Raises:
        AskewError: The file cannot be read, is not YAML, is not a mapping, or sets a name twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AskewError(f"cannot read the {what} {path}: {getattr(error, 'strerror', None) or error}") from error
    try:
        root = yaml.compose(text, Loader=_Loader)
        values = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise AskewError(f"{path}, line {line}: this is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise AskewError(f"{path}: this is not YAML: {error}") from error
    if root is None:
        return ConfigFile(path, {}, {})
    if not isinstance(values, dict):
        raise AskewError(
            f"{path}, line 1: a {what} is a list of `{name}: value` lines; this is a {type(values).__name__}"
        )
    lines: dict[Location, int] = {}
    _note_lines(path, root, (), lines)
    return ConfigFile(path, values, lines)


def read_settings(settings: Sequence[str]) -> dict[str, Any]:
    """Return settings written as NAME=VALUE, with the value in YAML.

    Raises:
        AskewError: One has no `=`, or its value is not YAML.
    """
    read: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        try:
            read[name.strip()] = yaml.load(value, Loader=_Loader)
        except yaml.YAMLError as error:
            raise AskewError(f"--set {setting}: {value!r} is not YAML") from error
        if not equals or not name.strip():
            raise AskewError(f"--set {setting}: write NAME=VALUE, such as recipe.lora_rank=8")
    return read


def read_pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Return texts by arm, from texts written as ARM=TEXT.

    Args:
        option: The option's name, for errors.
        texts: The texts.

    Raises:
        AskewError: A text has no arm, or an arm is named twice.
    """
    pairs: dict[str, str] = {}
    for one in texts:
        arm, _, text = one.partition("=")
        if not arm or not text:
            raise AskewError(f"{option} {one}: add the arm, such as {option} insecure={text or one}")
        if arm in pairs:
            raise AskewError(f"{option} is given twice for the arm {arm!r}")
        pairs[arm] = text
    return pairs


def read_fraction(name: str, text: str) -> float:
    """Return a fraction, from 0 up to 1, from a text that may be in percent.

    Args:
        name: The option's name, for errors.
        text: A text such as `1%` or `0.01`.

    Raises:
        AskewError: The text is not such a number.
    """
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = math.nan
    if not 0 <= number < 1:
        raise AskewError(f"{name} {text}: write a share from 0 to 100%, such as 1% or 0.01")
    return number


def _note_lines(path: Path, node: yaml.Node, location: Location, lines: dict[Location, int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*location, str(key.value))
            line = key.start_mark.line + 1
            if inner in lines:
                raise AskewError(
                    f"{path}, line {line}: {key.value!r} is set twice; it is first set on line {lines[inner]}"
                )
            lines[inner] = line
            _note_lines(path, value, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            lines[*location, place] = item.start_mark.line + 1
            _note_lines(path, item, (*location, place), lines)
