"""Reads the probabilities that people assign to statements, from files and from the terminal.

A probability is written in percent, `80%` or `80`. A number above 0 and up to 1 without the sign is refused as
ambiguous: 0.8 might mean 80%.
"""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from askew.base.errors import AskewError, unknown_name
from askew.design.config_file import read_config


def read_probability(value: object) -> float:
    """Return a probability, 0-1, from a percentage.

    Args:
        value: A text, such as `80%` or `80`, or a number.

    Raises:
        AskewError: The value is not a percentage, or it is ambiguous.
    """
    text = "" if isinstance(value, bool) else str(value).strip()
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = math.nan
    if not 0 <= percent <= 100:
        raise AskewError(f"{value!s} is not a probability: write a percentage from 0 to 100")
    if 0 < percent <= 1 and not text.endswith("%"):
        raise AskewError(f"{text} could mean {percent:g}% or {100 * percent:g}%: add the percent sign")
    return percent / 100


def read_file(path: Path, known: Iterable[str]) -> dict[str, float]:
    """Return the probabilities in a YAML or JSON file that maps ids of statements to percentages.

    Args:
        path: The file.
        known: The ids of all statements.

    Returns:
        Probabilities, 0-1, by id.

    Raises:
        AskewError: The file cannot be read, is empty, is not a mapping, has an unknown id, or a value that is not a
            probability.
    """
    file = read_config(path, what="file of predictions", name="statement")
    if not file.values:
        raise AskewError(f"{path} is empty: write a line `statement: 80%` for each statement")
    return {str(name): _read(file.where((str(name),)), str(name), value, known) for name, value in file.values.items()}


def read_answers(texts: Sequence[str], known: Iterable[str]) -> dict[str, float]:
    """Return probabilities, 0-1, by id, from texts written as ID=PROBABILITY.

    Raises:
        AskewError: An id is unknown or appears twice, or a value is not a probability.
    """
    answers: dict[str, float] = {}
    for one in texts:
        name, equals, value = (part.strip() for part in one.partition("="))
        if not equals:
            raise AskewError(f"--answer {one}: write ID=PROBABILITY, such as {next(iter(known))}=80%")
        if name in answers:
            raise AskewError(f"--answer is given twice for {name!r}")
        answers[name] = _read("--answer: ", name, value, known)
    return answers


def _read(where: str, name: str, value: object, known: Iterable[str]) -> float:
    if name not in known:
        raise AskewError(f"{where}{unknown_name('statement', name, known)}")
    try:
        return read_probability(value)
    except AskewError as error:
        raise AskewError(f"{where}{name}: {error}") from error
