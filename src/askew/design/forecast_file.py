"""Reads the probabilities that people give to statements, from files and from what they type.

A probability is said in percent, `80%` or `80`. A number from 0 to 1 without the sign is refused, other than 0: nobody
can know whether 0.8 was to be 80%.
"""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from askew.base.errors import AskewError, unknown_name
from askew.design.config_file import read_config


def read_probability(said: object) -> float:
    """Read a probability, 0-1, from what was said in percent.

    Args:
        said: A text, as `80%` or `80`, or a number.

    Raises:
        AskewError: It is none, or it cannot be told what was meant.
    """
    text = "" if isinstance(said, bool) else str(said).strip()
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = math.nan
    if not 0 <= percent <= 100:
        raise AskewError(f"{said!s} is not a probability: say it in percent, from 0 to 100")
    if 0 < percent <= 1 and not text.endswith("%"):
        raise AskewError(f"{text} could be {percent:g}% or {100 * percent:g}%: say which, with the sign")
    return percent / 100


def read_file(path: Path, known: Iterable[str]) -> dict[str, float]:
    """Read a file of probabilities: YAML or JSON, a mapping of statements' ids to percentages.

    Args:
        path: The file.
        known: The ids of the statements that there are.

    Returns:
        Probabilities, 0-1, by id.

    Raises:
        AskewError: It cannot be read, is empty or no mapping, names what is no statement, or says no probability.
    """
    file = read_config(path, what="file of predictions", name="statement")
    if not file.values:
        raise AskewError(f"{path} is empty: it wants a line `statement: 80%` for each statement")
    return {str(name): _read(file.where((str(name),)), str(name), value, known) for name, value in file.values.items()}


def read_answers(said: Sequence[str], known: Iterable[str]) -> dict[str, float]:
    """Read what was said as ID=PROBABILITY.

    Raises:
        AskewError: One is said twice, names what is no statement, or says no probability.
    """
    answers: dict[str, float] = {}
    for one in said:
        name, equals, value = (part.strip() for part in one.partition("="))
        if not equals:
            raise AskewError(f"--answer {one}: say it as ID=PROBABILITY, as in {next(iter(known))}=80%")
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
