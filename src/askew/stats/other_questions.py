"""Limits of a rate over questions like these: what the rate would be with other questions of the same kind.

Questions differ a lot, and their rates are skewed: with rates of a few per cent, one question in ten may hold most
events, and eight questions may miss it. The log-odds of questions are taken as normal, with a mean and a standard
deviation that are unknown. Both are found together on a grid: the likelihood of the counts is integrated over each
question's log-odds, and weighted by a prior. The prior of the standard deviation is wide, and comes from published
answers to eight questions, where it is 1.6 on average, with quartiles of 1.3 and 2.1. The priors of the mean are
Haldane's and Jeffreys's on the side of the limit, so that both limits err by about the same probability. Simulations
are in docs/explanation/statistics.md.
"""

from functools import cache

import numpy as np
from scipy import special

from askew.stats.variance import CONFIDENCE, Array

_STEP = 0.125
# Log-odds of single questions; mean log-odds; standard deviations between questions.
_LOG_ODDS = np.arange(-15, 15 + _STEP / 2, _STEP)
_MEANS = np.arange(-13, 13 + _STEP / 2, _STEP)
_SPREADS = np.array([0.1, 0.3, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.05, 2.4, 2.9, 3.6, 4.7, 6.5])
_TYPICAL_SPREAD, _LOG_WIDTH, _PRIOR_DF = 1.3, 0.4, 10
_ROWS_AT_ONCE = 500
# Above this number of counts, which only simulations reach, they are rounded.
_MANY_COUNTS = 5_000


def limits_over_questions(events: Array, trials: Array, confidence: float = CONFIDENCE) -> tuple[Array, Array]:
    """Return the log-odds of both limits of the rate over questions like these, each of shape (tables,).

    Tables with fewer than two questions have NaN.

    Args:
        events: Number of events of each question, of shape (tables, questions).
        trials: Number of trials, of the same shape; 0 for a question without answers.
        confidence: Confidence of the interval between them, 0-1.
    """
    events, trials = np.asarray(events, dtype=float), np.asarray(trials, dtype=float)
    questions = (trials > 0).sum(-1)
    if events.size > _MANY_COUNTS:
        events = _rounded(events, trials)
    pairs, place = np.unique(np.stack([events, trials], -1).reshape(-1, 2), axis=0, return_inverse=True)
    place = place.reshape(events.shape)
    likelihood = _log_likelihood(pairs[:, 0], pairs[:, 1])
    low, high = np.empty(len(events)), np.empty(len(events))
    tail = (1 - confidence) / 2
    for start in range(0, len(events), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        log_posterior = np.zeros((len(place[rows]), likelihood.shape[1]), dtype=np.float32)
        for question in place[rows].T:
            log_posterior += likelihood[question]
        low[rows], high[rows] = _quantile(log_posterior, tail), _quantile(log_posterior, 1 - tail)
    enough = questions > 1
    return np.where(enough, low, np.nan), np.where(enough, high, np.nan)


def _rounded(events: Array, trials: Array) -> Array:
    """Return counts rounded to a quarter of their standard error, so that many questions have the same counts."""
    step = 0.125 / np.sqrt(np.maximum(trials, 1))
    angle = np.arcsin(np.sqrt(events / np.maximum(trials, 1)))
    return trials * np.sin(np.minimum(np.round(angle / step) * step, np.pi / 2)) ** 2


def _log_likelihood(events: Array, trials: Array) -> Array:
    """Return the log-likelihood of single questions' counts at each spread and mean, of shape (questions, grid)."""
    kernel, log_p, log_q = _kernel()
    at_log_odds = events[:, None] * log_p + (trials - events)[:, None] * log_q
    at_log_odds -= at_log_odds.max(-1, keepdims=True)
    return np.log(np.maximum(np.exp(at_log_odds).astype(np.float32) @ kernel, np.float32(1e-35)))


def _quantile(log_likelihood: Array, tail: float) -> Array:
    order, log_odds, prior = _grid(lower=tail < 0.5)
    log_posterior = log_likelihood + prior
    weight = np.exp(log_posterior - log_posterior.max(-1, keepdims=True))[:, order]
    # The middle of each weight, so that counting non-events mirrors the limits.
    share = np.cumsum(weight, -1, dtype=np.float64) - weight / 2
    share /= weight.sum(-1, keepdims=True, dtype=np.float64)
    return np.array([np.interp(tail, row, log_odds) for row in share])


@cache
def _kernel() -> tuple[Array, Array, Array]:
    """Return the weight of each question's log-odds at each spread and mean, and the log-probabilities there."""
    edges = np.concatenate([[-np.inf], _LOG_ODDS[1:] - _STEP / 2, [np.inf]])
    weights = [np.diff(special.ndtr((edges[None, :] - _MEANS[:, None]) / spread), axis=1) for spread in _SPREADS]
    return (
        np.ascontiguousarray(np.concatenate(weights).T.astype(np.float32)),
        special.log_expit(_LOG_ODDS),
        special.log_expit(-_LOG_ODDS),
    )


@cache
def _grid(lower: bool) -> tuple[Array, Array, Array]:
    """Return the ascending order of the grid's rates, their log-odds in that order, and the log-prior.

    Args:
        lower: Whether the prior is for the lower limit.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    rate = special.expit(_MEANS[None, :, None] + _SPREADS[:, None, None] * nodes) @ (weights / weights.sum())
    # Student's distribution of the logarithm: now and then, one question holds nearly all events.
    scaled = np.log(_SPREADS / _TYPICAL_SPREAD) / _LOG_WIDTH
    of_spread = np.log(np.gradient(_SPREADS) / _SPREADS) - (_PRIOR_DF + 1) / 2 * np.log1p(scaled**2 / _PRIOR_DF)
    log_prior = of_spread[:, None] + 0.5 * np.log(1 - rate if lower else rate)
    order = np.argsort(rate, axis=None, kind="stable")
    return order, special.logit(rate).ravel()[order], log_prior.ravel().astype(np.float32)
