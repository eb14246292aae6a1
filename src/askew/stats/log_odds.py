"""Log-odds of a rate, and their variance over questions and seeds.

Answers form a two-way table: each seed (a fine-tuned model) answers each question several times. Two answers are
correlated if they have the same question or the same seed, so questions and seeds are crossed clusters. The variances
between questions and between seeds are found by a jackknife on the log-odds, which leaves out one question, or one
seed, at a time. With few clusters and rare events, a rate is skewed, its log-odds much less so; and the jackknife shows
when everything depends on one question. docs/explanation/statistics.md has the sources and the simulations behind these
choices.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from askew.stats.variance import CONFIDENCE, Array

_TINY = 1e-9


@dataclass(frozen=True)
class LogOdds:
    """The log-odds of events among trials, over a table of seeds by questions.

    In shapes, `...` stands for any number of tables computed at once.

    Attributes:
        events: Number of events in the whole table, of shape (...).
        trials: Number of trials in the whole table, of shape (...).
        value: The log-odds, of shape (...); finite even if no trial, or every trial, is an event.
        by_question: Change of `value` when a question is left out, of shape (..., questions).
        by_seed: Change of `value` when a seed is left out, of shape (..., seeds).
        questions: Number of questions that have answers, of shape (...).
        seeds: Number of seeds that have answers, of shape (...).
    """

    events: Array
    trials: Array
    value: Array
    by_question: Array
    by_seed: Array
    questions: Array
    seeds: Array

    @property
    def rate(self) -> Array:
        """Share of events among trials, 0-1, of shape (...); NaN where there is no trial."""
        return np.divide(self.events, self.trials, out=np.full(self.trials.shape, np.nan), where=self.trials > 0)

    @property
    def answers_variance(self) -> Array:
        """Variance of `value` if answers were independent, of shape (...)."""
        return 1 / (self.events + 0.5) + 1 / (self.trials - self.events + 0.5)

    @property
    def rarer(self) -> Array:
        """Number of events or of non-events, whichever are fewer, of shape (...)."""
        return np.minimum(self.events, self.trials - self.events)

    def answers_limits(self, confidence: float = CONFIDENCE) -> tuple[Array, Array]:
        """Return the distances of both limits from `value` if answers were independent, each of shape (...).

        The limits are those of Jeffreys's prior (Brown, Cai & DasGupta 2001, *Statistical Science* 16), which are
        skewed where events are few.

        Args:
            confidence: Confidence of the interval between them, 0-1.
        """
        shape = self.events + 0.5, self.trials - self.events + 0.5
        low, high = (
            special.logit(special.betaincinv(*shape, side)) for side in ((1 - confidence) / 2, (1 + confidence) / 2)
        )
        return self.value - low, high - self.value

    def clustered_limits(self, clusters: Array, confidence: float = CONFIDENCE) -> tuple[Array, Array]:
        """Return the distances of the widest possible limits from `value`, each of shape (...).

        They are the exact ones of Clopper and Pearson (1934, *Biometrika* 26) for as many answers as clusters: in each
        cluster either all trials are events or none.

        Args:
            clusters: Number of clusters, of shape (...).
            confidence: Confidence of the interval between them, 0-1.
        """
        count = np.nan_to_num(self.rate) * clusters
        low = special.betaincinv(np.maximum(count, _TINY), clusters - count + 1, (1 - confidence) / 2)
        high = special.betaincinv(count + 1, np.maximum(clusters - count, _TINY), (1 + confidence) / 2)
        with np.errstate(divide="ignore"):
            low = special.logit(np.where(count > 0, low, 0.0))
            high = special.logit(np.where(count < clusters, high, 1.0))
        return np.maximum(self.value - low, 0), np.maximum(high - self.value, 0)


def log_odds(events: Array, trials: Array) -> LogOdds:
    """Return the log-odds of one or many tables of counts.

    Half an event is added to events and non-events (the empirical logit of Haldane and Anscombe), so that the log-odds
    of a table without an event are finite.

    Args:
        events: Number of events in each cell, of shape (..., seeds, questions).
        trials: Number of trials in each cell, of the same shape; cells, seeds and questions may be empty.
    """
    events, trials = np.asarray(events, dtype=float), np.asarray(trials, dtype=float)
    all_events, all_trials = events.sum((-2, -1)), trials.sum((-2, -1))
    value = _empirical_logit(all_events, all_trials)

    def left_out(axis: int) -> tuple[Array, Array]:
        cluster_trials = trials.sum(axis)
        clusters = (cluster_trials > 0).sum(-1)
        without = _empirical_logit(all_events[..., None] - events.sum(axis), all_trials[..., None] - cluster_trials)
        # One cluster alone says nothing about how clusters vary.
        change = without - value[..., None]
        # Half an event weighs more in a smaller table. It shifts all changes alike, so clusters do not differ by it.
        present = cluster_trials > 0
        shift = np.where(present, change, 0.0).sum(-1) / np.maximum(clusters, 1)
        return np.where(present & (clusters[..., None] > 1), change - shift[..., None], 0.0), clusters

    by_question, questions = left_out(-2)
    by_seed, seeds = left_out(-1)
    return LogOdds(all_events, all_trials, value, by_question, by_seed, questions, seeds)


def _empirical_logit(events: Array, trials: Array) -> Array:
    return np.log((events + 0.5) / (trials - events + 0.5))
