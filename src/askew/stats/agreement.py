"""Agreement of a judge with the oracle, with people's labels, or with another judge.

Cohen's kappa (1960, *Educational and Psychological Measurement* 20) and Krippendorff's alpha (2011, "Computing
Krippendorff's Alpha-Reliability") measure agreement beyond chance: 1 is perfect agreement, 0 is chance. Kappa computes
chance from how often each rater uses each class, alpha from how often both together do; for numbers, alpha weights a
disagreement by its square.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import pandas as pd

CLASSES = ("aligned", "misaligned", "incoherent", "refused")
UNJUDGED = "unjudged"

_RESAMPLES = 1000
# Resamples are drawn in batches of this size to bound the memory.
_RESAMPLES_AT_ONCE = 50


@dataclass(frozen=True)
class Agreement:
    """Agreement of the judge with the oracle.

    Attributes:
        n: Number of answers that both the oracle and the judge classified.
        unjudged: Number of answers that the oracle classified and the judge did not; not included in `n`.
        agreement: Share of the `n` answers with the same class from both, 0-1; NaN if `n` is 0.
        kappa: Cohen's kappa over the four classes; NaN where fewer than two classes are in use.
        auc: Probability that an answer which the oracle calls aligned has a higher aligned score than one it calls
            misaligned, ties counting half; NaN where either class is missing.
        confusion: Number of answers by the oracle's class (rows) and the judge's verdict (columns, `unjudged` last).
        classes: One row per class of `CLASSES` (the index). `answers` is the number of answers that the oracle puts
            into the class, `others` the number of its other answers. `sensitivity` (0-1) is the share of `answers` that
            the judge puts into the class, `specificity` the share of `others` that it does not put there; an answer
            without a verdict is put into no class. `sensitivity_low`, `sensitivity_high`, `specificity_low` and
            `specificity_high` are the limits of their exact 95% intervals (Clopper and Pearson 1934, *Biometrika* 26),
            for other answers of the same models to the same questions. NaN where there are no such answers.
    """

    n: int
    unjudged: int
    agreement: float
    kappa: float
    auc: float
    confusion: pd.DataFrame
    classes: pd.DataFrame


def agreement(answers: pd.DataFrame) -> Agreement:
    """Return the agreement of the judge's verdicts with the oracle's classes.

    Args:
        answers: One row per answer, with the columns oracle (one of `CLASSES`, "" if unknown), verdict (one of
            `CLASSES` or "unjudged") and aligned (score 0-100, NaN if missing).
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
        classes=_classes(known),
    )


@dataclass(frozen=True)
class VerdictAgreement:
    """Agreement of the verdicts of two raters on the same answers.

    Attributes:
        n: Number of answers with a verdict from both.
        unjudged: Number of answers without a verdict from one rater or both.
        agreement: Share of the `n` answers with the same verdict from both, 0-1; NaN if `n` is 0.
        low: Lower end of the 95% interval of `agreement`, by a bootstrap over questions.
        high: Upper end.
        kappa: Cohen's kappa; NaN where only one class is in use.
        kappa_low: Lower end of the 95% interval of `kappa`, by the same bootstrap.
        kappa_high: Upper end.
        alpha: Krippendorff's alpha for nominal data; NaN where only one class is in use.
        confusion: Number of answers by the first rater's verdict (rows) and the second's (columns), each over `CLASSES`
            and "unjudged".
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
    """A rater's error on one third of the answers, cut by length.

    Attributes:
        shortest: Length of the shortest of these answers, in characters.
        longest: Length of the longest, in characters.
        n: Number of these answers.
        mean_error: Mean error of the rater on them, in the unit of the error.
    """

    shortest: int
    longest: int
    n: int
    mean_error: float


@dataclass(frozen=True)
class LengthBias:
    """Relation of a rater's error to the length of the answer.

    Attributes:
        rho: Spearman's rank correlation of error and length; NaN where either is constant.
        p: Two-sided p-value of `rho`.
        terciles: Up to three thirds of the answers, from short to long; fewer where many lengths are equal.
    """

    rho: float
    p: float
    terciles: tuple[Tercile, ...]


@dataclass(frozen=True)
class ScoreAgreement:
    """Agreement of the scores, 0-100, of two raters on the same answers.

    Attributes:
        n: Number of answers with a score from both.
        alpha: Krippendorff's alpha for interval data; NaN where all scores are the same.
        mean_error: Mean of the second rater's score minus the first's.
        mean_absolute_error: Mean absolute difference of both scores.
    """

    n: int
    alpha: float
    mean_error: float
    mean_absolute_error: float


def verdict_agreement(first: pd.Series, second: pd.Series, question: pd.Series) -> VerdictAgreement:
    """Return the agreement of the verdicts of two raters.

    Args:
        first: Verdict on each answer, one of `CLASSES` or "unjudged", indexed by answer.
        second: The other rater's verdicts, on the same index.
        question: Question of each answer, on the same index. Answers to one question are not independent, so the
            bootstrap resamples whole questions; with a single question, it resamples answers.
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
    """Return the agreement of the scores of two raters.

    Args:
        first: Score of each answer, 0-100, indexed by answer; NaN where missing.
        second: The other rater's scores, on the same index.
    """
    both = first.notna() & second.notna()
    one, other = first[both].to_numpy(dtype=float), second[both].to_numpy(dtype=float)
    if not len(one):
        return ScoreAgreement(0, *[float("nan")] * 3)
    alpha = krippendorff_alpha(zip(one.tolist(), other.tolist(), strict=True), "interval")
    error = other - one
    return ScoreAgreement(len(one), alpha, float(error.mean()), float(np.abs(error).mean()))


def length_bias(error: pd.Series, length: pd.Series) -> LengthBias:
    """Return how a rater's error depends on the length of the answer.

    Args:
        error: The rater's score minus the true one for each answer, indexed by answer; NaN where unknown.
        length: Number of characters of each answer, on the same index.

    Returns:
        NaN and no terciles for fewer than three known errors.
    """
    known = error.notna()
    errors, lengths = error[known].to_numpy(dtype=float), length[known].to_numpy()
    if len(errors) < 3:
        return LengthBias(float("nan"), float("nan"), ())
    rho = p = float("nan")
    if np.ptp(errors) and np.ptp(lengths):
        from scipy.stats import spearmanr

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
        ratings: Ratings of each unit; a unit with a single rating says nothing about agreement.
        level: "nominal" if ratings are names, "interval" if they are numbers.

    Returns:
        Alpha, at most 1; NaN where all ratings are the same, because agreement by chance is then certain.
    """
    from inspect_ai.scorer import SampleScore, Score, krippendorff_alpha

    units = [list(unit) for unit in ratings]
    if len({rating for unit in units for rating in unit}) < 2:
        return float("nan")
    metric = cast(Callable[[list[SampleScore]], float], krippendorff_alpha(level))
    return metric([SampleScore(score=Score(value=unit)) for unit in units])


def _classes(known: pd.DataFrame) -> pd.DataFrame:
    """Return the sensitivity and specificity of the judge for each class; see `Agreement.classes`."""
    from scipy.stats import binomtest

    rows = []
    for name in CLASSES:
        inside, said = known["oracle"].eq(name), known["verdict"].eq(name)
        row: dict[str, float] = {"answers": inside.sum(), "others": (~inside).sum()}
        for share, right, among in (("sensitivity", said, inside), ("specificity", ~said, ~inside)):
            n, rightly = int(among.sum()), int(right[among].sum())
            limits = binomtest(rightly, n).proportion_ci(method="exact") if n else (float("nan"),) * 2
            row |= {share: rightly / n if n else float("nan"), f"{share}_low": limits[0], f"{share}_high": limits[1]}
        rows.append(row)
    return pd.DataFrame(rows, index=pd.Index(CLASSES, name="class"))


def _kappa(judged: np.ndarray) -> float:
    used = (judged.sum(0) > 0) | (judged.sum(1) > 0)
    # With fewer than two classes in use, agreement by chance is certain and kappa is 0/0.
    if used.sum() < 2:
        return float("nan")
    from statsmodels.stats.inter_rater import cohens_kappa

    return float(np.asarray(cohens_kappa(judged, return_results=False)))


def _bootstrap(first: pd.Series, second: pd.Series, question: pd.Series) -> np.ndarray:
    """Return the 95% limits, low and high, of the share of agreement and of kappa, of shape (2, 2)."""
    if first.empty:
        return np.full((2, 2), np.nan)
    drawn, _ = pd.factorize(question)
    if drawn.max() == 0:
        drawn = np.arange(len(first))
    numbers = {name: number for number, name in enumerate(CLASSES)}
    cell = len(CLASSES) * first.map(numbers).to_numpy(dtype=int) + second.map(numbers).to_numpy(dtype=int)
    counts = np.zeros((drawn.max() + 1, len(CLASSES) ** 2))
    np.add.at(counts, (drawn, cell), 1)
    # Questions with equal counts are resampled as one kind: there are few kinds, even of many questions.
    kinds, of_kind = np.unique(counts, axis=0, return_counts=True)
    rng, found = np.random.default_rng(0), []
    for _ in range(_RESAMPLES // _RESAMPLES_AT_ONCE):
        times = rng.multinomial(len(counts), of_kind / len(counts), size=_RESAMPLES_AT_ONCE)
        found.append(np.stack(share_and_kappa((times @ kinds).reshape(-1, len(CLASSES), len(CLASSES)))))
    both = np.concatenate(found, axis=1)
    defined = [values[~np.isnan(values)] for values in both]
    return np.array([np.quantile(values, [0.025, 0.975]) if len(values) else [np.nan] * 2 for values in defined])


def share_and_kappa(confusions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of agreement and Cohen's kappa of confusion tables of shape (tables, classes, classes)."""
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
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(good, bad).statistic / (len(good) * len(bad)))
