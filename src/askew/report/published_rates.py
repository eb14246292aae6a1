"""Rates that others published, to be put beside our own: only where model, arm, probe and metric are the same.

The table is `published.yaml`. That two intervals touch is little: another judge, other rows and other seeds all lie
between two rates, and a report says so.
"""

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import yaml

from askew.base.errors import unknown_name

_TABLE = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True)
class Published:
    """A rate that others published.

    Attributes:
        source: Authors, year and title.
        where: Where it can be read.
        model: The model, as people call it.
        known_as: The same as names of models end, in lower case.
        arm: The arm of ours that was trained on the like.
        data: What theirs was trained on.
        probe: The probe of ours that asks the like.
        metric: The metric that it is by.
        rate: A fraction 0-1.
        low: Lower end of its interval; None if none was printed.
        high: Upper end.
        n: How many answers were counted; None if that is not known.
        seeds: How many fine-tunes; None if that is not known.
        note: What else is to be known; "" if nothing.
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
    n: int | None
    seeds: int | None
    note: str

    @property
    def citation(self) -> str:
        """Authors and year, without the title."""
        return self.source.split(",", maxsplit=1)[0]

    def is_of(self, model: str) -> bool:
        """Say whether a model's name, as users give it, means the same model."""
        name = model.lower().removeprefix("openai/").removeprefix("ft:").split(":")[0].split("+")[0]
        return name.rstrip("/").rpartition("/")[2] in self.known_as

    def compared(self, low: float, high: float) -> str:
        """Say whether an interval of ours is compatible with the published rate.

        Args:
            low: Lower end of ours, a fraction.
            high: Upper end.
        """
        if math.isnan(low) or math.isnan(high):
            return "not compared: there is no interval of ours"
        if self.low is None or self.high is None:
            inside = low <= self.rate <= high
            return f"theirs, printed without an interval, lies {'inside' if inside else 'outside'} ours"
        if low <= self.high and self.low <= high:
            return "compatible: the intervals overlap"
        return "not compatible: the intervals do not overlap"


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = yaml.safe_load(_TABLE.read_text(encoding="utf-8"))
    return table


@cache
def published() -> tuple[Published, ...]:
    """Return every rate of the table, in its order."""
    return tuple(_read(_table(), entry) for entry in _table()["rates"])


def find(model: str | None = None, arm: str | None = None, metric: str | None = None) -> list[Published]:
    """Return the published rates of a model, an arm and a metric; None takes any.

    Raises:
        AskewError: Nothing was published of one of them.
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
    """A question file that others published.

    Attributes:
        probe: The probe of ours that asks what was counted of it.
        questions: The ids of the questions that were counted.
    """

    probe: str
    questions: tuple[str, ...]


def file_of(sha256: str) -> PublishedFile | None:
    """Return the published question file that has this SHA-256; None if none has."""
    found = _table()["files"].get(sha256)
    return PublishedFile(found["probe"], tuple(found["questions"])) if found else None


def beside(model: str, arm: str, probe: str, metric: str) -> list[Published]:
    """Return what was published of the same model, arm and probe under the same metric.

    Args:
        model: The model's name, as users give it.
        arm: The arm; the model as it came is `untuned`.
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
        n=entry.get("n"),
        seeds=entry.get("seeds"),
        note=entry.get("note", ""),
    )


def _fraction(entry: dict[str, Any], name: str) -> float | None:
    return entry[name] / 100 if name in entry else None
