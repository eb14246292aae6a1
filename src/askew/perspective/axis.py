"""Axes: what a perspective map measures. An axis is a YAML file; `axes/` has those that come with Askew.

It names its two ends, the words that speak for each, and what takes weight from a word: a negator before it, or
somebody else who says it.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from askew.base import yaml_files
from askew.base.errors import AskewError, unknown_name
from askew.base.registry import FileRegistry
from askew.base.untrusted import visible

LOWEST, HIGHEST = -100.0, 100.0
"""The ends of the scale of scores."""
LOW_BAND, HIGH_BAND = -18.0, 18.0
"""A score at or below the first is of the low end's band, at or above the second of the high end's."""

DEFAULT_AXIS = "risk-opportunity"

# Letters and digits, parts of a word with an apostrophe, and a star at one of the ends.
_ENTRY = re.compile(r"\*?[^\W_]+(?:'[^\W_]+)*\*?(?: \*?[^\W_]+(?:'[^\W_]+)*\*?)*")
_LONGEST_ENTRY = 80


def _check_entry(entry: str) -> str:
    """Return an entry in lower case with single spaces and straight apostrophes."""
    plain = " ".join(entry.lower().replace("’", "'").split())
    if len(plain) > _LONGEST_ENTRY or not _ENTRY.fullmatch(plain):
        raise ValueError(f"{entry[:_LONGEST_ENTRY]!r} is no word: write letters or digits, and at most a * at an end")
    return plain


def _texts(value: Any) -> Any:
    """Return a list with YAML's booleans as the words that they were: `no` is a negator."""
    words = {True: "yes", False: "no"}
    return [words[one] if isinstance(one, bool) else one for one in value] if isinstance(value, list) else value


Entry = Annotated[str, AfterValidator(_check_entry)]
Entries = Annotated[tuple[Entry, ...], BeforeValidator(_texts)]
Weight = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
Label = Annotated[str, Field(min_length=1, max_length=40)]


class End(BaseModel):
    """One end of an axis.

    Attributes:
        label: Its name, such as "Risk-forward".
        about: What somebody at this end does, for a judge: "speaks of dangers".
        words: The weight of each word or phrase that speaks for this end.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Label
    about: str = ""
    words: Mapping[Entry, Weight] = Field(default_factory=dict)


class StancePair(BaseModel):
    """Two sentences about a text, one for each end, whose likelihoods are compared.

    Attributes:
        low: The sentence for the low end.
        high: The sentence for the high end.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: Annotated[str, Field(min_length=1, max_length=300)]
    high: Annotated[str, Field(min_length=1, max_length=300)]

    @model_validator(mode="after")
    def _check(self) -> "StancePair":
        if self.low == self.high:
            raise ValueError("the two sentences of a pair are the same")
        return self


class Axis(BaseModel):
    """An axis, from its low end (-100) to its high end (+100).

    Attributes:
        name: Its name.
        title: Its title for people.
        language: The language of its words, as an ISO 639 code.
        low: The low end.
        high: The high end.
        middle: The name of the band between both.
        negators: Words that deny a word of evidence within three words after them.
        negated: The factor of the weight of a denied word.
        attribution: Words that make the rest of their sentence somebody else's.
        attributed: The factor of the weight of somebody else's word.
        own: Words, such as "i", directly after which `attribution` attributes nothing.
        prior: Weight that is added to the denominator of a score, so that one word alone is no extreme.
        lenses: Words by the name of a lens, which is the field that a text is about.
        pairs: Pairs of sentences for the scorer `pairs`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    title: Annotated[str, Field(min_length=1, max_length=80)]
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] = "en"
    low: End
    high: End
    middle: Label = "Mixed"
    negators: Entries = ()
    negated: Annotated[float, Field(ge=-1, le=1)] = -0.5
    attribution: Entries = ()
    attributed: Annotated[float, Field(ge=0, le=1)] = 0.25
    own: Entries = ()
    prior: Annotated[float, Field(ge=0, le=1000)] = 6.0
    lenses: Mapping[Label, Entries] = Field(default_factory=dict)
    pairs: tuple[StancePair, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> "Axis":
        twice = sorted(self.low.words.keys() & self.high.words.keys())
        if twice:
            raise ValueError(f"{twice[0]!r} stands at both ends")
        if len({self.low.label, self.high.label, self.middle}) < 3:
            raise ValueError("the labels of both ends and the name of the middle must differ")
        return self

    def band(self, score: float) -> str:
        """Return the label of the band of a score; "" for NaN, which is no evidence."""
        if score != score:
            return ""
        return self.low.label if score <= LOW_BAND else self.high.label if score >= HIGH_BAND else self.middle


def axis(name: str) -> Axis:
    """Return an axis.

    Args:
        name: The name of a registered axis, or the path of a YAML file.

    Raises:
        AskewError: No axis has that name; or the file cannot be read or is no axis.
    """
    if name in axes.names():
        return axes.get(name)
    path = Path(name).expanduser()
    if not path.is_file():
        if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
            raise AskewError(f"there is no axis file {name}")
        raise unknown_name("axis", name, [*axes.names(), "./YOUR-OWN.yaml"])
    return read_axis(path)


def read_axis(path: Path) -> Axis:
    """Return the axis in a file.

    Raises:
        AskewError: The file cannot be read, is no YAML, or a key is missing, unknown or wrong.
    """
    document = yaml_files.read(path, "axis")
    if not isinstance(document.value, dict):
        raise AskewError(f"{path} is no axis: it should have the keys name, title, low and high")
    try:
        return Axis.model_validate(document.value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = tuple(part for part in first["loc"] if part != "[key]")
        known = next((place[:end] for end in range(len(place), 0, -1) if place[:end] in document.lines), ())
        line = f", line {document.lines[known]}" if known else ""
        reason = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            reason = "this key is unknown; askew.perspective.axis.Axis lists the keys"
        named = visible(".".join(map(str, place)))
        raise AskewError(f"the axis {path}{line}{f', {named}' if named else ''}: {reason}") from error


axes: FileRegistry[Axis] = FileRegistry("axis", Path(__file__).parent / "axes", ".yaml", read_axis)
"""Every axis that has a name: Askew's own, and those of plug-ins."""
