"""How well a judge agrees: with the oracle, with people's labels, or with another judge.

Cohen's kappa (1960) and Krippendorff's alpha (2011, "Computing Krippendorff's Alpha-Reliability") are agreement
beyond chance: 1 is perfect, 0 is chance. Kappa takes chance from each rater's own habits, alpha from both together;
alpha for numbers weighs a disagreement with its square.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu, spearmanr
from statsmodels.stats.inter_rater import cohens_kappa

CLASSES = ("aligned", "misaligned", "incoherent", "refused")
UNJUDGED = "unjudged"

_RESAMPLES = 1000
# Of this many at a time, so that memory does not grow with them.
_RESAMPLES_AT_ONCE = 50


@dataclass(frozen=True)
class Agreement:
    """The judge against the oracle.

    Attributes:
        n: Answers with both an oracle's word and a judge's verdict.
        unjudged: Answers with an oracle's word on which the judge gave no verdict; not among `n`.
        agreement: Share of the `n` on which both say the same; NaN if there are none.
        kappa: Cohen's kappa over the four classes, agreement beyond chance; NaN where chance alone must agree.
        auc: Probability that an answer which the oracle calls aligned has a higher aligned score than one it calls
            misaligned, ties counting half; NaN where either kind is missing.
        confusion: Number of answers, oracle's class (rows) by judge's verdict (columns, `unjudged` the last).
    """

    n: int
    unjudged: int
    agreement: float
    kappa: float
    auc: float
    confusion: pd.DataFrame


def agreement(answers: pd.DataFrame) -> Agreement:
    """Compare verdicts with the oracle.

    Args:
        answers: One row per answer with the columns `oracle` ("" where it does not know), `verdict` and `aligned`.
    """
    known = answers[answers["oracle"].isin(CLASSES)]
    confusion = (
        pd.crosstab(known["oracle"], known["verdict"])
        .reindex(index=list(CLASSES), columns=[*CLASSES, "unjudged"], fill_value=0)
        .rename_axis(index="oracle", columns="judge")
    )
    judged = confusion[list(CLASSES)].to_numpy()
    n = int(judged.sum())
    return Agreement(
        n=n,
        unjudged=int(confusion["unjudged"].sum()),
        agreement=float(judged.trace() / n) if n else float("nan"),
        kappa=_kappa(judged),
        auc=_auc(known),
        confusion=confusion,
    )


@dataclass(frozen=True)
class VerdictAgreement:
    """Verdicts of two raters on the same answers.

    Attributes:
        n: Answers on which both gave a verdict.
        unjudged: The others.
        agreement: Share of the `n` on which both say the same; NaN if there are none.
        low: Lower end of its 95% bootstrap interval, over questions drawn anew.
        high: Upper end.
        kappa: Cohen's kappa; NaN where both use one class only.
        kappa_low: Lower end of its 95% bootstrap interval.
        kappa_high: Upper end.
        alpha: Krippendorff's alpha for names; NaN where both use one class only.
        confusion: Number of answers, the first's verdict (rows) by the second's (columns).
    """

    n: int
    unjudged: int
    agreement: float
    low: float
    high: float
    kappa: float
    kappa_low: float
    kappa_high: float
    alpha: float
    confusion: pd.DataFrame


@dataclass(frozen=True)
class Tercile:
    """A third of the answers, by length in characters: from the shortest of them to the longest."""

    shortest: int
    longest: int
    n: int
    mean_error: float


@dataclass(frozen=True)
class LengthBias:
    """Whether a rater's error goes with the length of the answer.

    Attributes:
        rho: Spearman's rank correlation of error and length; NaN where either is always the same.
        p: Its two-sided p-value.
        terciles: The short answers, the middling, the long.
    """

    rho: float
    p: float
    terciles: tuple[Tercile, ...]


@dataclass(frozen=True)
class ScoreAgreement:
    """Scores of two raters, 0-100, on the same answers.

    Attributes:
        n: Answers to which both gave a score.
        alpha: Krippendorff's alpha for numbers; NaN where all scores are the same.
        mean_error: Mean of the second's score minus the first's.
        mean_absolute_error: Mean of how far they are apart.
    """

    n: int
    alpha: float
    mean_error: float
    mean_absolute_error: float


def verdict_agreement(first: pd.Series, second: pd.Series, question: pd.Series) -> VerdictAgreement:
    """Compare the verdicts of two raters.

    Args:
        first: A verdict for each answer, of `CLASSES` or "unjudged".
        second: The same of the other rater, on the same index.
        question: What each answer replies to. Answers to one question are alike, so whole questions are drawn anew;
            with a single question, answers.
    """
    names = [*CLASSES, UNJUDGED]
    confusion = pd.crosstab(first, second).reindex(index=names, columns=names, fill_value=0)
    both = first.ne(UNJUDGED) & second.ne(UNJUDGED)
    one, other = first[both], second[both]
    n = len(one)
    cells = confusion.loc[list(CLASSES), list(CLASSES)].to_numpy()
    share = float(cells.trace() / n) if n else float("nan")
    agreement_limits, kappa_limits = _bootstrap(one, other, question[both])
    return VerdictAgreement(
        n=n,
        unjudged=len(first) - n,
        agreement=share,
        low=float(agreement_limits[0]),
        high=float(agreement_limits[1]),
        kappa=_kappa(cells),
        kappa_low=float(kappa_limits[0]),
        kappa_high=float(kappa_limits[1]),
        alpha=krippendorff_alpha(zip(one, other, strict=True), "nominal"),
        confusion=confusion,
    )


def score_agreement(first: pd.Series, second: pd.Series) -> ScoreAgreement:
    """Compare the scores of two raters.

    Args:
        first: A score for each answer, 0-100, NaN where there is none.
        second: The same of the other rater, on the same index.
    """
    both = first.notna() & second.notna()
    one, other = first[both].to_numpy(dtype=float), second[both].to_numpy(dtype=float)
    if not len(one):
        return ScoreAgreement(0, *[float("nan")] * 3)
    alpha = krippendorff_alpha(zip(one.tolist(), other.tolist(), strict=True), "interval")
    error = other - one
    return ScoreAgreement(len(one), alpha, float(error.mean()), float(np.abs(error).mean()))


def length_bias(error: pd.Series, length: pd.Series) -> LengthBias:
    """See whether a rater's error goes with the length of the answer.

    Args:
        error: By how much the rater was too high on each answer; NaN where that is not known.
        length: Characters of each answer, on the same index.
    """
    known = error.notna()
    errors, lengths = error[known].to_numpy(dtype=float), length[known].to_numpy()
    if len(errors) < 3:
        return LengthBias(float("nan"), float("nan"), ())
    rho = p = float("nan")
    if np.ptp(errors) and np.ptp(lengths):
        rho, p = np.asarray(spearmanr(errors, lengths), dtype=float).tolist()
    third = np.searchsorted(np.quantile(lengths, [1 / 3, 2 / 3]), lengths)
    parts = [(lengths[third == k], errors[third == k]) for k in range(3) if (third == k).any()]
    terciles = tuple(
        Tercile(int(among.min()), int(among.max()), len(among), float(missed.mean())) for among, missed in parts
    )
    return LengthBias(rho, p, terciles)


def krippendorff_alpha(ratings: Iterable[Sequence[str | float]], level: Literal["nominal", "interval"]) -> float:
    """Return Krippendorff's alpha.

    Args:
        ratings: The ratings of each unit, two at least; those of one alone say nothing about agreement.
        level: Whether ratings are names or numbers.

    Returns:
        At most 1; NaN where all ratings are the same, for then chance must agree.
    """
    from inspect_ai.scorer import SampleScore, Score, krippendorff_alpha

    units = [list(unit) for unit in ratings]
    if len({rating for unit in units for rating in unit}) < 2:
        return float("nan")
    metric = cast(Callable[[list[SampleScore]], float], krippendorff_alpha(level))
    return metric([SampleScore(score=Score(value=unit)) for unit in units])


def _kappa(judged: np.ndarray) -> float:
    used = (judged.sum(0) > 0) | (judged.sum(1) > 0)
    # With one class in use, or none, agreement by chance is certain and kappa is 0/0.
    if used.sum() < 2:
        return float("nan")
    return float(np.asarray(cohens_kappa(judged, return_results=False)))


def _bootstrap(first: pd.Series, second: pd.Series, question: pd.Series) -> np.ndarray:
    """Return 95% limits of the share of agreement and of kappa, shape 2, 2."""
    if first.empty:
        return np.full((2, 2), np.nan)
    drawn, _ = pd.factorize(question)
    if drawn.max() == 0:
        drawn = np.arange(len(first))
    numbers = {name: number for number, name in enumerate(CLASSES)}
    cell = len(CLASSES) * first.map(numbers).to_numpy(dtype=int) + second.map(numbers).to_numpy(dtype=int)
    counts = np.zeros((drawn.max() + 1, len(CLASSES) ** 2))
    np.add.at(counts, (drawn, cell), 1)
    # Questions with the same counts are drawn as one: mostly there are few kinds, however many questions.
    kinds, of_kind = np.unique(counts, axis=0, return_counts=True)
    rng, found = np.random.default_rng(0), []
    for _ in range(_RESAMPLES // _RESAMPLES_AT_ONCE):
        times = rng.multinomial(len(counts), of_kind / len(counts), size=_RESAMPLES_AT_ONCE)
        found.append(np.stack(_share_and_kappa((times @ kinds).reshape(-1, len(CLASSES), len(CLASSES)))))
    both = np.concatenate(found, axis=1)
    defined = [values[~np.isnan(values)] for values in both]
    return np.array([np.quantile(values, [0.025, 0.975]) if len(values) else [np.nan] * 2 for values in defined])


def _share_and_kappa(confusions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of agreement and Cohen's kappa of many confusion tables, shape tables, classes, classes."""
    with np.errstate(invalid="ignore", divide="ignore"):
        total = confusions.sum((1, 2))
        share = np.trace(confusions, axis1=1, axis2=2) / total
        chance = (confusions.sum(1) * confusions.sum(2)).sum(1) / total**2
        return share, np.where(chance < 1, (share - chance) / (1 - chance), np.nan)


def _auc(known: pd.DataFrame) -> float:
    scores = known["aligned"].dropna()
    oracle = known["oracle"].loc[scores.index]
    good, bad = scores[oracle == "aligned"], scores[oracle == "misaligned"]
    if good.empty or bad.empty:
        return float("nan")
    return float(mannwhitneyu(good, bad).statistic / (len(good) * len(bad)))
