"""Scorers, which read the stance of segments on an axis. A module of this package registers one; so can a plug-in."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from askew.base.registry import Registry
from askew.perspective.axis import Axis

Progress = Callable[[int, int], None]
"""Receives the numbers of scored and of all segments."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A word or phrase that moved a score.

    Attributes:
        start: Where it begins in its segment, in characters.
        end: Where it ends.
        weight: The weight that it had, below zero for the low end of the axis.
        why: "negated", "attributed" or "negated, attributed" if that changed its weight; else "".
    """

    start: int
    end: int
    weight: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """The stance of a segment.

    Attributes:
        score: From -100 to +100; NaN if the segment has no evidence.
        evidence: The words that moved it; empty if the scorer names no words.
    """

    score: float
    evidence: Sequence[Evidence] = ()


NO_EVIDENCE = Scored(math.nan)


@dataclass(frozen=True)
class Setting:
    """The things that a scorer may need.

    Attributes:
        axis: The axis.
        judge: The name of a judge; "" for none.
        model: The name of a model; "" for none.
        product: The file that is made with the scores. What has been paid for is kept beside it until it is written.
        max_cost: The most US dollars that a served model may cost; None sets no limit.
        prices: The user's price file; None uses the prices that come with Askew.
        on_progress: Progress callback.
        say: Receives lines of text for the user.
    """

    axis: Axis
    judge: str = ""
    model: str = ""
    product: Path = Path("map.json")
    max_cost: float | None = None
    prices: Path | None = None
    on_progress: Progress = lambda done, total: None
    say: Callable[[str], None] = lambda line: None


class Scorer(Protocol):
    """Reads segments. Everything that can be wrong with its setting is found when it is made, before any is read."""

    def __call__(self, texts: Sequence[str]) -> list[Scored]:
        """Return the stance of each text, in order.

        Raises:
            AskewError: The scorer's model fails.
        """
        ...


@dataclass(frozen=True)
class ScorerKind:
    """A kind of scorer.

    Attributes:
        about: What it does, in a sentence.
        make: Returns the scorer for a setting.
        texts: The number of planted texts with which it is checked beside every map; 0 if that would cost money, so
            that it is checked only when the user asks for it.
        is_quick: Whether a text can be scored again and again, to see how stable its map is.
        method: How it works, in sentences for the page; they may be about the setting.
    """

    about: str
    make: Callable[[Setting], Scorer]
    method: Callable[[Setting], str]
    texts: int = 0
    is_quick: bool = field(default=False)


scorers: Registry[ScorerKind] = Registry("scorer", __name__)
"""Every scorer, by its name."""

LEXICON = "lexicon"
"""The scorer that is used unless the user names another, and with which others are compared."""
