"""Validates a scorer on texts whose stance is known: does its score follow the planted stance, form by form?

Spearman's rank correlation of score and planted level, and Cohen's kappa (1960, *Educational and Psychological
Measurement* 20) of the bands, each with a bootstrap interval over texts. Segments without evidence are left out of
both; the share of the others stands beside them as coverage. The control: the same scores
with the planted levels shuffled.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from askew.perspective.planted import FORMS, NEUTRAL, PlantedSegment, planted
from askew.perspective.scorers import Scorer
from askew.perspective.segments import WORDS, Segment, segments
from askew.perspective.source import Part, Source
from askew.perspective.summary import Stability, band_numbers, compared_cuts, spearman
from askew.stats.agreement import share_and_kappa

ALL, ALL_AS_ZERO = "all", "all, none as 0"
VALIDATION_COLUMNS = [
    *("form", "segments", "coverage", "correlation", "correlation_low", "correlation_high"),
    *("kappa", "kappa_low", "kappa_high"),
]
"""The columns of a validation's table: one row per form, and two for all. `coverage` is the share of segments with a
score, 0-1; the limits are those of 95% intervals for other texts of the same kind."""

RESAMPLES = 500
_BANDS = 3
_NEAR_ONE = 1 - 1e-9

Measure = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True)
class Validation:
    """The reading of planted stance by a scorer.

    Attributes:
        scorer: Its name.
        texts: The number of planted texts.
        table: One row per form, with the columns of `VALIDATION_COLUMNS`.
        shuffled: Rank correlation with shuffled levels: its mean and its 2.5% and 97.5% quantiles over shuffles.
        neutral: The share of neutral segments with a score, 0-1.
        stability: How the scores change if the texts are cut half a segment later; None if this was not tried.
        scores: The score of each planted segment, with the columns text, form, level and score.
    """

    scorer: str
    texts: int
    table: pd.DataFrame
    shuffled: tuple[float, float, float]
    neutral: float
    stability: Stability | None
    scores: pd.DataFrame

    @property
    def correlation(self) -> tuple[float, float, float]:
        """The rank correlation over all segments with a score, and the limits of its interval; NaN if undefined."""
        row = next(row for row in self.table.to_dict("records") if row["form"] == ALL)
        return row["correlation"], row["correlation_low"], row["correlation_high"]

    @property
    def warning(self) -> str:
        """A sentence for a scorer that was not seen to follow the planted stance beyond chance; else ""."""
        value, low, high = self.correlation
        if not low <= 0 and value > self.shuffled[2]:
            return ""
        found = "it gives no two scores" if np.isnan(value) else f"rank correlation {value:.2f} [{low:.2f}, {high:.2f}]"
        return (
            f"The scorer {self.scorer} was not seen to follow the stance that was planted in {self.texts} texts "
            f"({found}). Do not rely on this map."
        )


@dataclass(frozen=True)
class Comparison:
    """The agreement of two scorers on the same planted segments.

    Attributes:
        first: The name of one scorer.
        second: The name of the other.
        segments: The number of segments.
        both: The number of segments with a score from both.
        correlation: Rank correlation of their scores, with the limits of its interval.
        kappa: Cohen's kappa of their bands, with the limits of its interval.
    """

    first: str
    second: str
    segments: int
    both: int
    correlation: tuple[float, float, float]
    kappa: tuple[float, float, float]


def validate(name: str, scorer: Scorer, texts: int, seed: int = 0, is_quick: bool = False) -> Validation:
    """Return how well a scorer reads planted stance.

    Args:
        name: The scorer's name.
        scorer: The scorer.
        texts: The number of planted texts.
        seed: The seed of the texts and of every draw.
        is_quick: Whether the texts are also scored with other cuts.
    """
    found = planted(texts, seed)
    scores = [one.score for one in scorer([one.text for one in found])]
    table = pd.DataFrame(
        {
            "text": [one.document for one in found],
            "form": [one.form for one in found],
            "level": [one.level for one in found],
            "score": scores,
        }
    )
    neutral = table.loc[table["form"].eq(NEUTRAL), "score"]
    return Validation(
        scorer=name,
        texts=texts,
        table=_by_form(table, seed),
        shuffled=_shuffled(table, seed),
        neutral=float(neutral.notna().mean()),
        stability=_cut_elsewhere(found, scores, scorer) if is_quick else None,
        scores=table,
    )


def compare(first: Validation, second: Validation, seed: int = 0) -> Comparison:
    """Return how far two scorers agree on the same planted texts, as many as both have read.

    Args:
        first: The validation of one.
        second: The validation of the other, with the same seed.
        seed: The seed of the bootstrap.
    """
    length = min(len(first.scores), len(second.scores))
    pairs = first.scores[:length].assign(other=second.scores["score"][:length])
    both = pairs.dropna(subset=["score", "other"])
    texts, scores, others = (both[name].to_numpy() for name in ("text", "score", "other"))
    return Comparison(
        first=first.scorer,
        second=second.scorer,
        segments=length,
        both=len(both),
        correlation=with_interval(texts, scores, others, spearman, seed),
        kappa=with_interval(texts, band_numbers(scores.tolist()), band_numbers(others.tolist()), _kappa, seed),
    )


def _by_form(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the table of a validation."""
    as_zero = table.assign(score=table["score"].fillna(0.0))
    groups: Mapping[str, pd.DataFrame] = {
        **{form: table[table["form"].eq(form)] for form in FORMS if form != NEUTRAL},
        ALL: table,
        ALL_AS_ZERO: as_zero,
    }
    rows = []
    for form, group in groups.items():
        scored = group.dropna(subset=["score"])
        texts, scores, levels = (scored[name].to_numpy() for name in ("text", "score", "level"))
        row = [form, len(group), float(group["score"].notna().mean())]
        row += [*with_interval(texts, scores, levels, spearman, seed)]
        row += [*with_interval(texts, band_numbers(scores.tolist()), np.sign(levels), _kappa, seed)]
        rows.append(row)
    return pd.DataFrame(rows, columns=VALIDATION_COLUMNS)


def _kappa(first: np.ndarray, second: np.ndarray) -> float:
    """Return Cohen's kappa of bands, numbered -1, 0 and 1; NaN where fewer than two are in use."""
    if not len(first):
        return float("nan")
    cells = np.zeros((1, _BANDS, _BANDS))
    np.add.at(cells[0], (first.astype(int) + 1, second.astype(int) + 1), 1)
    return float(share_and_kappa(cells)[1][0])


def with_interval(
    texts: np.ndarray, first: np.ndarray, second: np.ndarray, measure: Measure, seed: int, resamples: int = RESAMPLES
) -> tuple[float, float, float]:
    """Return a measure, and the limits of its 95% interval by a bootstrap over texts.

    The limits are NaN for a single text, and where all draws agree or the measure is 1 or -1. Else they are Student's
    on Fisher's scale (1915, *Biometrika* 10), with the bootstrap's standard error: with few texts, quantiles of the
    bootstrap lie too near.

    Args:
        texts: The text of each segment, of shape (n,). Segments of a text are drawn together.
        first: A number for each segment, of shape (n,).
        second: Another one.
        measure: What is computed from the two, from -1 to 1.
        seed: The seed of the draws.
        resamples: The number of draws.
    """
    value = measure(first, second)
    places = [np.flatnonzero(texts == text) for text in np.unique(texts)]
    if np.isnan(value) or len(places) < 2:
        return value, float("nan"), float("nan")
    rng, drawn = np.random.default_rng(seed), []
    for _ in range(resamples):
        chosen = np.concatenate([places[one] for one in rng.integers(len(places), size=len(places))])
        drawn.append(measure(first[chosen], second[chosen]))
    known = np.array(drawn)[~np.isnan(drawn)]
    if len(known) < resamples / 2 or not np.ptp(known) or abs(value) > _NEAR_ONE:
        return value, float("nan"), float("nan")
    from scipy.stats import t

    # Resampling n texts shows n - 1 nths of the variance. On Fisher's scale an error is larger by 1 / (1 - value²).
    error = known.std(ddof=1) * (len(places) / (len(places) - 1)) ** 0.5 / (1 - value**2)
    low, high = np.tanh(np.arctanh(value) + np.array([-1, 1]) * t.ppf(0.975, len(places) - 1) * error)
    return value, float(low), float(high)


def _shuffled(table: pd.DataFrame, seed: int) -> tuple[float, float, float]:
    """Return the mean and two quantiles of the rank correlation if the planted levels are shuffled."""
    scored = table.dropna(subset=["score"])
    rng, levels, scores = np.random.default_rng(seed), scored["level"].to_numpy(copy=True), scored["score"].to_numpy()
    found = np.array([spearman(scores, rng.permutation(levels)) for _ in range(RESAMPLES)])
    found = found[~np.isnan(found)]
    if not len(found):
        return float("nan"), float("nan"), float("nan")
    low, high = np.quantile(found, [0.025, 0.975])
    return float(found.mean()), float(low), float(high)


def _cut_elsewhere(found: Sequence[PlantedSegment], scores: Sequence[float], scorer: Scorer) -> Stability:
    """Return how far the scores change if all texts, as one, are cut half a segment later."""
    texts = [one.text for one in found]
    lengths = [len(text.split()) for text in texts]
    begins = np.cumsum([0, *lengths])
    nan = float("nan")
    cut = [
        Segment("", text, int(begin), length, nan, nan)
        for text, begin, length in zip(texts, begins, lengths, strict=False)
    ]
    later = segments(Source("planted", [Part("", " ".join(texts))]), WORDS, later=0.5)
    return compared_cuts(cut, scores, later, [one.score for one in scorer([one.text for one in later])])
