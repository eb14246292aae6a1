"""Reads settings from YAML files, with the line of each for error messages, and from the command line.

This module knows the syntax of settings, not their meaning.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from askew.base import yaml_files
from askew.base.errors import AskewError
from askew.base.untrusted import cut, visible
from askew.base.yaml_files import Location

_LONGEST_SHOWN = 100


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
        AskewError: The file is not a mapping, or is refused by `askew.base.yaml_files.read`.
    """
    content = yaml_files.read(path, what)
    values = {} if content.value is None else content.value
    if not isinstance(values, dict):
        raise AskewError(
            f"{path}, line 1: a {what} is a list of `{name}: value` lines; this is a {type(values).__name__}"
        )
    return ConfigFile(path, values, content.lines)


def read_settings(settings: Sequence[str]) -> dict[str, Any]:
    """Return settings written as NAME=VALUE, with the value in YAML.

    Raises:
        AskewError: One has no `=`, or its value is refused by `askew.base.yaml_files.parse`.
    """
    read: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        shown = f"--set {visible(cut(' '.join(setting.split()), _LONGEST_SHOWN))}"
        if not equals or not name.strip():
            raise AskewError(f"{shown}: write NAME=VALUE, such as recipe.lora_rank=8")
        read[name.strip()] = yaml_files.parse(value, shown).value
    return read


def read_judge_args(settings: Sequence[str]) -> dict[str, Any]:
    """Return the extra arguments of a judge from settings written as judge_args.NAME=VALUE.

    Raises:
        AskewError: A setting is another one, or is refused by `read_settings`.
    """
    args: dict[str, Any] = {}
    for name, value in read_settings(settings).items():
        first, _, rest = name.partition(".")
        if first != "judge_args" or not (rest or isinstance(value, Mapping)):
            raise AskewError(f"--set {visible(name)}: here, write judge_args.NAME=VALUE; other settings have options")
        args = merged(args, nested(rest, value) if rest else value)
    return args


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping in which the second's values go before the first's, nested mappings setting by setting."""
    found = dict(base)
    for name, value in over.items():
        both = isinstance(value, Mapping) and isinstance(found.get(name), Mapping)
        found[name] = merged(found[name], value) if both else value
    return found


def nested(name: str, value: Any) -> dict[str, Any]:
    """Return a setting by its dotted name as a mapping in mappings."""
    for part in reversed(name.split(".")):
        value = {part: value}
    return value


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
