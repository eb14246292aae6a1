"""Reads a YAML file of settings and remembers the line of each, so that a mistake can be pointed at.

It knows YAML and nothing of what the settings mean.
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
    """YAML's safe loader, but `1e-5` is a number, as it is everywhere else; YAML 1.1 wants `1.0e-5`."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


@dataclass(frozen=True)
class ConfigFile:
    """Settings from a file.

    Attributes:
        path: The file; None where there is none, and then nothing is in it.
        values: The settings.
        lines: The line, from 1, on which the setting or list item at a location begins.
    """

    path: Path | None
    values: dict[str, Any]
    lines: Mapping[Location, int]

    def where(self, location: Sequence[str | int]) -> str:
        """Return "FILE, line N: " for a setting, or for the nearest one around it; "" if none is in the file."""
        for length in range(len(location), 0, -1):
            line = self.lines.get(tuple(location[:length]))
            if line:
                return f"{self.path}, line {line}: "
        return ""


def read_config(path: Path, what: str = "config", name: str = "setting") -> ConfigFile:
    """Read a file of settings, or of other values by name.

    Args:
        path: The file, YAML or JSON.
        what: What it is, for errors.
        name: What its names name, for errors.

    Raises:
        AskewError: The file cannot be read, is no YAML, says a thing twice, or is no mapping of settings.
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
    """Read settings written as NAME=VALUE, the value in YAML.

    Raises:
        AskewError: One has no `=`, or its value is not YAML.
    """
    read: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        try:
            read[name.strip()] = yaml.load(value, Loader=_Loader)
        except yaml.YAMLError as error:
            raise AskewError(f"--set {setting}: {value!r} is not a value") from error
        if not equals or not name.strip():
            raise AskewError(f"--set {setting}: say it as NAME=VALUE, as in recipe.lora_rank=8")
    return read


def read_pairs(option: str, said: Sequence[str]) -> dict[str, str]:
    """Read what was said of arms as ARM=TEXT.

    Args:
        option: How it was said, for the error.
        said: Each of them.

    Raises:
        AskewError: One names no arm, or an arm is named twice.
    """
    pairs: dict[str, str] = {}
    for one in said:
        arm, _, text = one.partition("=")
        if not arm or not text:
            raise AskewError(f"{option} {one}: say of which arm, as in {option} insecure={text or one}")
        if arm in pairs:
            raise AskewError(f"{option} is given twice for the arm {arm!r}")
        pairs[arm] = text
    return pairs


def read_fraction(name: str, text: str) -> float:
    """Read a fraction between 0 and 1, also written in percent.

    Args:
        name: What it is of, for the error.
        text: `1%` or `0.01`.

    Raises:
        AskewError: It is no such number.
    """
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = math.nan
    if not 0 <= number < 1:
        raise AskewError(f"{name} {text}: say a share from 0 to 100%, as 1% or 0.01")
    return number


def _note_lines(path: Path, node: yaml.Node, location: Location, lines: dict[Location, int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*location, str(key.value))
            line = key.start_mark.line + 1
            if inner in lines:
                raise AskewError(
                    f"{path}, line {line}: {key.value!r} is set twice; the first time on line {lines[inner]}"
                )
            lines[inner] = line
            _note_lines(path, value, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            lines[*location, place] = item.start_mark.line + 1
            _note_lines(path, item, (*location, place), lines)
