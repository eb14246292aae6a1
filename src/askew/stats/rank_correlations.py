"""Rank correlations of a number with a score, over all answers, between models and within them.

Answers of one model, and those to one question, are alike. A correlation over all answers is therefore mostly one
between groups of answers, and a few groups make it large by chance. So it is split: between the models, within them,
and within the answers of one model to one question.

Shapes: P predictors, N answers, M models, Q questions, G groups.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from askew.stats.variance import CONFIDENCE

ALL, BETWEEN = "all answers", "between models"
WITHIN_SIDES = "between models, arms and controls apart"
WITHOUT = "between models, without "
"""The beginning of a level that leaves a family of arms out."""
WITHIN, WITHIN_QUESTIONS = "within models", "within models and questions"

COLUMNS = ["level", "r", "low", "high", "n"]
"""The columns of a correlation: its level, Spearman's r (-1 to 1) with its 95% interval over other arms and questions
like these, and the number of answers or models."""

_RESAMPLES = 300
Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Figure = Callable[[Floats, Floats, bool], Floats]
"""Returns r of every predictor, or of the first one only, for a weight of each arm and of each question."""


def rank_correlations(answers: pd.DataFrame, predictors: Floats, seed: int = 0) -> tuple[pd.DataFrame, Floats]:
    """Return the rank correlation of the first predictor with a score at each level, and those of all predictors.

    All figures are Spearman's; within groups, ranks are taken in each group and pooled. Between models, each model has
    the mean of its questions. The interval comes from resampling arms and questions together (Owen 2007, Annals of
    Applied Statistics 1), which is rather too wide than too narrow.

    Args:
        answers: One row per answer, with the columns arm, seed, family, side, question and score (NaN if missing). Of a
            score that is the model's own, only the levels between models have an r.
        predictors: Numbers of each answer, of shape P, N; the first is the one of interest, the others are nulls.
            Answers of which the first is NaN are left out.
        seed: The seed of the resampling.

    Returns:
        A table with the columns `COLUMNS`, and the r of every predictor, of shape levels, P. r is NaN where a predictor
        or the score is constant.
    """
    usable = answers["score"].notna().to_numpy() & np.isfinite(predictors[0])
    answers, predictors = answers[usable].reset_index(drop=True), predictors[:, usable]
    arms, questions = (_codes(answers, name) for name in (["arm"], ["question"]))
    rng = np.random.default_rng([seed, 7])
    drawn = [(_weights(arms, rng), _weights(questions, rng)) for _ in range(_RESAMPLES)]
    even = np.ones(arms.max(initial=-1) + 1), np.ones(questions.max(initial=-1) + 1)
    rows: list[tuple[object, ...]] = []
    found: list[Floats] = []
    for name, size, figure in _levels(answers, predictors, arms, questions):
        found.append(figure(*even, False))
        resampled = np.array([figure(*weights, True)[0] for weights in drawn])
        resampled = resampled[np.isfinite(resampled)]
        known = np.isfinite(found[-1][0]) and len(resampled) > _RESAMPLES / 2
        ends = np.quantile(resampled, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]) if known else (np.nan, np.nan)
        rows.append((name, float(found[-1][0]), float(ends[0]), float(ends[1]), size))
    return pd.DataFrame(rows, columns=COLUMNS), np.array(found).reshape(len(found), len(predictors))


def _levels(
    answers: pd.DataFrame, predictors: Floats, arms: Codes, questions: Codes
) -> Iterator[tuple[str, int, Figure]]:
    """Yield the name of each level, the number of answers or models in it, and its figure."""
    score = answers["score"].to_numpy(dtype=float)
    models = _codes(answers, ["arm", "seed"])
    by_model = answers.groupby(models).first()
    of_models = _Models(predictors, score, models, questions, arms)

    def between(groups: Codes, chosen: NDArray[np.bool_]) -> Figure:
        return lambda arm, question, first: of_models.figure(groups, chosen, arm, question, first)

    def within(groups: Codes) -> Figure:
        x, y = _ranks(predictors, groups), _ranks(score[None], groups)[0]
        return lambda arm, question, first: _pearson(x[:1] if first else x, y, arm[arms] * question[questions], groups)

    one = np.zeros(len(answers), dtype=np.intp)
    every = np.ones(len(by_model), dtype=bool)
    together = np.zeros(len(by_model), dtype=np.intp)
    yield ALL, len(answers), within(one)
    yield BETWEEN, len(by_model), between(together, every)
    yield WITHIN_SIDES, len(by_model), between(_codes(by_model, ["side"]), every)
    families = [name for name in dict.fromkeys(by_model["family"]) if name]
    for family in families if len(families) > 1 else []:
        kept = by_model["family"].ne(family).to_numpy()
        yield f"{WITHOUT}{family}", int(kept.sum()), between(together, kept)
    yield WITHIN, len(answers), within(models)
    yield WITHIN_QUESTIONS, len(answers), within(_codes(answers, ["arm", "seed", "question"]))


class _Models:
    """The mean numbers of each model, over its questions with the same weight for each."""

    def __init__(self, predictors: Floats, score: Floats, models: Codes, questions: Codes, arms: Codes) -> None:
        shape = (models.max(initial=-1) + 1, questions.max(initial=-1) + 1)
        cell = models * shape[1] + questions
        size = shape[0] * shape[1]
        counts = np.bincount(cell, minlength=size)
        self._there = (counts > 0).reshape(shape)
        sums = [np.bincount(cell, one, minlength=size) for one in (score, *predictors)]
        self._means = (np.array(sums) / np.maximum(counts, 1)).reshape(len(sums), *shape)  # the score and predictors
        self._arms = np.zeros(shape[0], dtype=np.intp)
        self._arms[models] = arms

    def figure(self, groups: Codes, chosen: NDArray[np.bool_], arm: Floats, question: Floats, first: bool) -> Floats:
        """Return r between models; see `Figure`.

        Args:
            groups: Models are compared within these groups, of shape M.
            chosen: True for models that count, of shape M.
            arm: The weight of each arm.
            question: The weight of each question.
            first: Leave the other predictors out.
        """
        weights = self._there * question
        total = weights.sum(1)
        used = chosen & (total > 0)
        means = self._means[:2] if first else self._means
        of_models = (means * weights).sum(-1)[:, used] / total[used]
        ranks = _ranks(of_models, groups[used])
        return _pearson(ranks[1:], ranks[0], arm[self._arms[used]], groups[used])


def _codes(table: pd.DataFrame, columns: list[str]) -> Codes:
    return np.asarray(table.groupby(columns, sort=False).ngroup(), dtype=np.intp)


def _weights(codes: Codes, rng: np.random.Generator) -> Floats:
    """Return how often each cluster is drawn with replacement."""
    clusters = codes.max(initial=-1) + 1
    return np.bincount(rng.integers(0, max(clusters, 1), clusters), minlength=clusters).astype(float)


def _ranks(values: Floats, groups: Codes) -> Floats:
    """Return ranks in each group as shares of its size, of the same shape; ties share their mean rank."""
    found = np.empty_like(values)
    rounded = np.round(values, 9)  # equal numbers stay equal
    for group in np.unique(groups):
        own = groups == group
        found[:, own] = stats.rankdata(rounded[:, own], axis=1) / own.sum()
    return found


def _pearson(x: Floats, y: Floats, weights: Floats, groups: Codes) -> Floats:
    """Return the weighted correlation of each row with y, both less the means of their groups; NaN of a constant."""
    if not len(groups):
        return np.full(len(x), np.nan)
    total = np.maximum(np.bincount(groups, weights), 1e-12)
    centred = [row - (np.bincount(groups, weights * row) / total)[groups] for row in (y, *x)]
    y, x = centred[0], np.array(centred[1:])
    spread = (weights * x**2).sum(1) * (weights * y**2).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > 1e-12, (weights * x * y).sum(1) / np.sqrt(spread), np.nan)
