"""Published rates of emergent misalignment, for comparison with runs of the same model, arm, probe and metric.

`published_rates.yaml` holds the rates. Both sides asked the same questions, so the comparison rests on the interval for
these questions. A paper and a run also differ in judge, training rows and seeds; the report says so.
"""

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from askew.base import yaml_files
from askew.base.errors import unknown_name
from askew.report import wording
from askew.stats.intervals import rate_interval

# An effect of this many half-widths of a 95% interval is found in 80% of studies.
_SEEN_IN_80_PERCENT = (1.96 + 0.84) / 1.96

_TABLE = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True)
class Published:
    """A published rate.

    Attributes:
        source: Authors, year and title.
        where: The arXiv identifier.
        model: The model's usual name.
        known_as: Endings of the names that users give to the model, in lower case.
        arm: Askew's arm with the most similar training data.
        data: The data that the published model was trained on.
        probe: Askew's probe with the most similar questions.
        metric: The metric of the rate.
        rate: The rate, a fraction 0-1.
        low: Lower end of its interval, a fraction; None if none was printed.
        high: Upper end.
        over_questions: Whether that interval resamples questions, so that it says little about the same questions.
        n: Number of answers counted; None if unknown.
        seeds: Number of fine-tunes; None if unknown.
        note: A further remark; may be empty.
    """

    source: str
    where: str
    model: str
    known_as: tuple[str, ...]
    arm: str
    data: str
    probe: str
    metric: str
    rate: float
    low: float | None
    high: float | None
    over_questions: bool
    n: int | None
    seeds: int | None
    note: str

    @property
    def citation(self) -> str:
        """Authors and year, without the title."""
        return self.source.split(",", maxsplit=1)[0]

    def is_of(self, model: str) -> bool:
        """Return whether a model's name, as users type it, refers to this model."""
        name = model.lower().removeprefix("openai/").removeprefix("ft:").split(":")[0].split("+")[0]
        return name.rstrip("/").rpartition("/")[2] in self.known_as

    def compared(self, rate: float, low: float, high: float) -> str:
        """Return a sentence on the difference of a run's rate from the published one, on the same questions.

        The interval of the difference is Newcombe's (1998, *Statistics in Medicine* 17), from the intervals of both.

        Args:
            rate: The run's rate, a fraction.
            low: Lower end of its interval for these questions; NaN if there is none.
            high: Upper end.
        """
        if math.isnan(low) or math.isnan(high):
            return "not compared: this run has no interval for these questions"
        their_low, their_high = self._for_these_questions()
        difference = rate - self.rate
        below = math.hypot(rate - low, their_high - self.rate)
        above = math.hypot(high - rate, self.rate - their_low)
        ends = wording.points_interval(difference - below, difference + above)
        numbers = f"{wording.points(difference)} {ends} points on the same questions"
        seen = wording.points(_SEEN_IN_80_PERCENT * max(below, above)).lstrip("+")
        said = f"no difference seen: {numbers}; {seen} points would have been seen in four of five such runs"
        if difference - below > 0 or difference + above < 0:
            said = f"{'higher' if difference > 0 else 'lower'} than published: {numbers}"
        if their_low == their_high:
            said += "; the uncertainty of the published rate is unknown and left out"
        return said

    def _for_these_questions(self) -> tuple[float, float]:
        """Return the interval of the published rate for its own questions: as printed, or for its number of answers."""
        if self.low is not None and self.high is not None and not self.over_questions:
            return self.low, self.high
        if self.n is None:
            return self.rate, self.rate
        found = rate_interval(np.array([[round(self.rate * self.n)]]), np.array([[self.n]]))
        return min(float(found.low), self.rate), max(float(found.high), self.rate)


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = yaml_files.read(_TABLE, "published rates").value
    return table


@cache
def published() -> tuple[Published, ...]:
    """Return all published rates, in the order of the file."""
    return tuple(_read(_table(), entry) for entry in _table()["rates"])


def find(model: str | None = None, arm: str | None = None, metric: str | None = None) -> list[Published]:
    """Return the published rates of a model, an arm and a metric; None means any.

    Raises:
        AskewError: No published rate has that model, arm or metric; the message lists similar names.
    """
    found = list(published())
    if model is not None:
        known = {one.model for one in found}
        found = [one for one in found if one.is_of(model)] or _none("model", model, known)
    if arm is not None:
        found = [one for one in found if one.arm == arm] or _none("arm", arm, {one.arm for one in found})
    if metric is not None:
        found = [one for one in found if one.metric == metric] or _none("metric", metric, {one.metric for one in found})
    return found


def _none(kind: str, name: str, known: set[str]) -> NoReturn:
    raise unknown_name(f"published {kind}", name, known)


@dataclass(frozen=True)
class PublishedFile:
    """A published question file.

    Attributes:
        probe: Askew's probe with the counted questions.
        questions: The ids of the questions that the published rates counted.
    """

    probe: str
    questions: tuple[str, ...]


def file_of(sha256: str) -> PublishedFile | None:
    """Return the published question file with this SHA-256, or None."""
    found = _table()["files"].get(sha256)
    return PublishedFile(found["probe"], tuple(found["questions"])) if found else None


def beside(model: str, arm: str, probe: str, metric: str) -> list[Published]:
    """Return the published rates of the same model, arm and probe under the same metric.

    Args:
        model: The model's name, as users type it.
        arm: The arm; `untuned` is the model before any training.
        probe: The probe.
        metric: The metric.
    """
    return [one for one in published() if (one.arm, one.probe, one.metric) == (arm, probe, metric) and one.is_of(model)]


def _read(table: dict[str, Any], entry: dict[str, Any]) -> Published:
    source, model = table["sources"][entry["source"]], table["models"][entry["model"]]
    return Published(
        source=source["title"],
        where=source["where"],
        model=entry["model"],
        known_as=tuple(model["is"]),
        arm=entry["arm"],
        data=entry["data"],
        probe=entry["probe"],
        metric=entry["metric"],
        rate=entry["rate"] / 100,
        low=_fraction(entry, "low"),
        high=_fraction(entry, "high"),
        over_questions=source.get("over_questions", False),
        n=entry.get("n"),
        seeds=entry.get("seeds"),
        note=entry.get("note", ""),
    )


def _fraction(entry: dict[str, Any], name: str) -> float | None:
    return entry[name] / 100 if name in entry else None
