"""The figures of a map: those of its footer, its markers, and how they change when segments are cut elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from askew.perspective.axis import HIGH_BAND, LOW_BAND, Axis
from askew.perspective.scorers import Scorer
from askew.perspective.segments import Segment, segments
from askew.perspective.source import Source

NO_EVIDENCE_BAND = "no evidence"
"""The band of a segment without a score."""

SEGMENT_COLUMNS = [
    *("segment", "part", "start", "end", "first_word", "words", "characters", "score", "band", "found", "text"),
]
"""The columns of a map's table: `segment` counts from 1, `start` and `end` are seconds, NaN without captions; `score`
is -100 to 100, NaN without evidence; `found` has the words that moved the score, each with its weight."""


@dataclass(frozen=True)
class Figures:
    """The figures of a map's footer. Scores are -100 to 100, shares 0-1; NaN where no segment has a score.

    Attributes:
        n: The number of segments.
        scored: The number of segments that are counted in what follows.
        median: Their median score.
        mean: Their mean score.
        lowest: Their lowest score.
        highest: Their highest score.
        p10: The 10th percentile of their scores.
        p90: The 90th percentile.
        low: The share of them in the band of the low end.
        middle: The share in the middle band.
        high: The share in the band of the high end.
    """

    n: int
    scored: int
    median: float
    mean: float
    lowest: float
    highest: float
    p10: float
    p90: float
    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class Markers:
    """The numbers of three segments, from 1; None where no segment has a score.

    Attributes:
        lowest: The segment with the lowest score, the first of several.
        median: The segment whose score is nearest to the median.
        highest: The segment with the highest score.
    """

    lowest: int | None
    median: int | None
    highest: int | None


@dataclass(frozen=True)
class Stability:
    """The change of a map if every cut is made half a segment later.

    Attributes:
        usual: The figures of the map.
        later: The figures of the other map.
        same_band: The share of words, 0-1, whose segments are in the same band in both; no evidence is a band, too.
        correlation: Spearman's rank correlation of the scores of both, over words with a score in both; NaN if there
            are none, or one of the maps is constant.
    """

    usual: Figures
    later: Figures
    same_band: float
    correlation: float


def figures(scores: Sequence[float], as_zero: bool = False) -> Figures:
    """Return the figures of some scores.

    Args:
        scores: One score per segment; NaN without evidence.
        as_zero: Whether a segment without evidence counts as 0, as in maps that know no such segments; else it does
            not count.
    """
    every = np.asarray(scores, dtype=float)
    counted = np.nan_to_num(every) if as_zero else every[~np.isnan(every)]
    if not len(counted):
        return Figures(len(every), 0, *[float("nan")] * 9)
    p10, median, p90 = np.quantile(counted, [0.1, 0.5, 0.9])
    low, high = float(np.mean(counted <= LOW_BAND)), float(np.mean(counted >= HIGH_BAND))
    return Figures(
        n=len(every),
        scored=len(counted),
        median=float(median),
        mean=float(counted.mean()),
        lowest=float(counted.min()),
        highest=float(counted.max()),
        p10=float(p10),
        p90=float(p90),
        low=low,
        middle=1 - low - high,
        high=high,
    )


def markers(scores: Sequence[float]) -> Markers:
    """Return the numbers of the three segments that are marked.

    Args:
        scores: One score per segment; NaN without evidence.
    """
    every = np.asarray(scores, dtype=float)
    if np.isnan(every).all():
        return Markers(None, None, None)
    middle = np.nanmedian(every)
    return Markers(
        lowest=int(np.nanargmin(every)) + 1,
        median=int(np.nanargmin(np.abs(every - middle))) + 1,
        highest=int(np.nanargmax(every)) + 1,
    )


def by_part(table: pd.DataFrame) -> pd.DataFrame:
    """Return the figures of each part of a map.

    Args:
        table: The map's table, with the columns part and score.

    Returns:
        The columns part and those of `Figures`; in the order of the map.
    """
    rows = [{"part": part, **figures(of_part["score"].tolist()).__dict__} for part, of_part in _parts(table)]
    return pd.DataFrame(rows)


def _parts(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(str(part), of_part) for part, of_part in table.groupby("part", sort=False)]


def stability(source: Source, scorer: Scorer, words: int, cut: Sequence[Segment], scores: Sequence[float]) -> Stability:
    """Return how a map changes if every cut is made half a segment later.

    Args:
        source: The source.
        scorer: Its scorer.
        words: About how many words a segment has.
        cut: The segments of the map.
        scores: Their scores.
    """
    later = segments(source, words, later=0.5)
    others = [one.score for one in scorer([segment.text for segment in later])]
    return compared_cuts(cut, scores, later, others)


def compared_cuts(
    cut: Sequence[Segment], scores: Sequence[float], later: Sequence[Segment], others: Sequence[float]
) -> Stability:
    """Return how far two ways to cut the same source agree.

    Args:
        cut: The segments of one way.
        scores: Their scores; NaN without evidence.
        later: The segments of the other way.
        others: Their scores.
    """
    first, second = (np.array([segment.first for segment in one]) for one in (cut, later))
    edges = np.union1d(first, second)
    total = cut[-1].first + cut[-1].words
    weights = np.diff([*edges, total])
    pieces = [
        np.asarray(values, dtype=float)[np.searchsorted(begins, edges, side="right") - 1]
        for begins, values in ((first, scores), (second, others))
    ]
    bands = [_band_numbers(piece) for piece in pieces]
    both = ~np.isnan(pieces[0]) & ~np.isnan(pieces[1])
    return Stability(
        usual=figures(scores),
        later=figures(others),
        same_band=float(np.average(bands[0] == bands[1], weights=weights)),
        correlation=spearman(pieces[0][both], pieces[1][both]),
    )


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's rank correlation; NaN for fewer than three pairs, or if either is constant.

    Args:
        first: Numbers, of shape (n,).
        second: Numbers, of shape (n,).
    """
    from scipy.stats import rankdata

    if len(first) < 3 or not np.ptp(first) or not np.ptp(second):
        return float("nan")
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])


def _band_numbers(scores: np.ndarray) -> np.ndarray:
    """Return -1, 0 and 1 for the bands, and 2 without evidence."""
    bands = np.where(scores <= LOW_BAND, -1, np.where(scores >= HIGH_BAND, 1, 0))
    return np.where(np.isnan(scores), 2, bands)


def band_numbers(scores: Sequence[float]) -> np.ndarray:
    """Return the bands of scores as numbers, of shape (n,): -1, 0 and 1, and 2 without evidence.

    Args:
        scores: From -100 to 100; NaN without evidence.
    """
    return _band_numbers(np.asarray(scores, dtype=float))


def footer(axis: Axis, found: Figures, of: str = "segments") -> str:
    """Return the footer of a map: one sentence with its figures.

    Args:
        axis: The axis, for the names of the bands.
        found: The figures.
        of: What is counted.
    """
    counted_of = of if found.n != 1 else of.removesuffix("s")
    if not found.scored:
        return f"{found.n:,} {counted_of}, and none has evidence on this axis."
    without = found.n - found.scored
    counted = f", {without:,} of them without evidence; of the other {found.scored:,}" if without else ""
    return (
        f"{found.n:,} {counted_of}{counted}: median {number(found.median)}, mean "
        f"{number(found.mean)}, lowest to highest {number(found.lowest)} to {number(found.highest)}, p10 to p90 "
        f"{number(found.p10)} to {number(found.p90)}; {found.low:.0%} {axis.low.label.lower()}, {found.middle:.0%} "
        f"{axis.middle.lower()}, {found.high:.0%} {axis.high.label.lower()}."
    )


def number(score: float) -> str:
    """Return a score as a whole number with a sign that is no hyphen; "–" for NaN."""
    if np.isnan(score):
        return "–"
    rounded = round(score)
    return f"−{-rounded}" if rounded < 0 else f"+{rounded}" if rounded > 0 else "0"
