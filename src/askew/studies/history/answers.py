"""Reads answers: probabilities of the four values, or the value that a text names. A text that names none is unparsed.

An answer that was read by log-probabilities is written as a line with the probability of each value. A model's own text
is never taken for such a line.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from askew.data.history import VALUES
from askew.studies.history.prompts import LETTERS

ABSTAINED, UNPARSED = "abstained", "unparsed"
"""The two outcomes of an answer that states none of the four values."""
CONFIDENT = 0.8
"""The probability of the likeliest value from which an answer is confident. A value that is named in words is too."""
PUBLISHED_OPTIONS = ", ".join(f"{letter}: {value.title()}" for letter, value in zip(LETTERS, VALUES, strict=True))
"""The options of the published prompt."""

_LINE = re.compile(", ".join(rf"{value} (\d{{1,3}}\.\d\d)%" for value in VALUES) + r"; (\d{1,3}\.\d\d)% for all four")
_OPTION = re.compile(r"\b([A-D]): (Inferred Present|Inferred Absent|Present|Absent)\b")
_LETTER_FIRST = re.compile(r"^\W*([A-D])(?=$|[\s).:,*])(?!\s+[a-z])")
_ANSWER_IS = re.compile(r"\banswer(?:\s+is)?\W{0,4}\(?([A-D])\b", re.IGNORECASE)
_VALUE = re.compile(r"\b(?:inferred\s+)?(?:present|absent)\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|neither|nor|never|n['’]t)\b[^.]{0,20}\b(?:present|absent)\b", re.IGNORECASE)
_ABSTAINS = re.compile(
    r"\b(?:unknown|do(?:es)?\s*n[o'’]?t\s+know|not\s+known|no(?:t\s+enough)?\s+(?:information|evidence)|cannot\s+"
    r"(?:say|tell|determine|answer)|can['’]t\s+(?:say|tell|determine|answer)|unclear|unsure|not\s+sure)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Read:
    """An answer, as it was read.

    Attributes:
        said: One of the four values, `ABSTAINED` or `UNPARSED`.
        shares: The probability of each value (0-1), by value; empty if the answer is a text.
        mass: The probability of the four options together among everything that the model could say; NaN for a text.
    """

    said: str
    shares: Mapping[str, float] = field(default_factory=dict)
    mass: float = float("nan")

    @property
    def confidence(self) -> float:
        """The probability of what was said; NaN if the answer is a text."""
        return self.shares.get(self.said, float("nan"))

    @property
    def is_confident(self) -> bool:
        """True if a value is said with confidence; a value that is named in words is said without any doubt."""
        return self.said in VALUES and (not self.shares or self.confidence >= CONFIDENT)


def as_line(shares: Sequence[float], mass: float) -> str:
    """Return the line that states the probability of each of `VALUES`.

    Args:
        shares: Fractions that add up to 1, in the order of `VALUES`.
        mass: The probability of the four options together, 0-1.
    """
    listed = ", ".join(f"{value} {100 * share:.2f}%" for value, share in zip(VALUES, shares, strict=True))
    return f"{listed}; {min(100.0, 100 * mass):.2f}% for all four"


def as_text(answer: str) -> str:
    """Return a model's own text; one that would pass for a line of probabilities is put in brackets."""
    return f"({answer})" if _LINE.fullmatch(answer.strip()) else answer


def read_answer(prompt: str, answer: str) -> Read:
    """Read an answer.

    Args:
        prompt: The question, whose last options say what each letter stands for.
        answer: A line of probabilities, or a model's own text.
    """
    line = _LINE.fullmatch(answer.strip())
    if line:
        *numbers, mass = (float(number) / 100 for number in line.groups())
        shares = {str(value): number for value, number in zip(VALUES, numbers, strict=True)}
        return Read(max(VALUES, key=lambda value: shares[value]), shares, mass)
    return Read(_named(prompt, answer))


def _named(prompt: str, answer: str) -> str:
    """Return the value that a text names by its letter or in words."""
    options = dict(_OPTION.findall(prompt)[-len(LETTERS) :])
    first = _LETTER_FIRST.match(answer.strip())
    stated = [first[1]] if first else [letter.upper() for letter in _ANSWER_IS.findall(answer)][-1:]
    if stated and stated[0] in options:
        return options[stated[0]].lower()
    if _ABSTAINS.search(answer):
        return ABSTAINED
    if _DENIED.search(answer):
        return UNPARSED
    named = {" ".join(found.lower().split()) for found in _VALUE.findall(answer)}
    return named.pop() if len(named) == 1 else UNPARSED
