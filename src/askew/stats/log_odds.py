"""Log-odds of a rate, and their variance over questions and seeds.

Answers form a two-way table: each seed (a fine-tuned model) answers each question several times. Two answers are
correlated if they have the same question or the same seed, so questions and seeds are crossed clusters. The variance of
a rate is then

    variance between questions + variance between seeds - variance of the single cells,

because the first two both contain the last (Cameron, Gelbach & Miller 2011, *Journal of Business & Economic Statistics*
29). The first two are found by a jackknife on the log-odds, which leaves out one question, or one seed, at a time. With
few clusters and rare events, a rate is skewed, its log-odds much less so; and the jackknife shows when everything
depends on one question. docs/explanation/statistics.md has the other sources and the simulations behind these choices.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

Array = np.ndarray


@dataclass(frozen=True)
class SeedPart:
    """The quantities behind the variance between seeds, of one arm or of a difference of two arms with the same seeds.

    In shapes, `...` stands for any number of tables computed at once.

    Attributes:
        by_seed: Change of the log-odds when a seed is left out, of shape (..., seeds).
        residual: Part of each cell that question and seed don't explain, on the log-odds scale, of shape (..., seeds,
            questions).
        seeds: Number of seeds that have answers, of shape (...).
        questions: Number of questions that have answers, of shape (...).
    """

    by_seed: Array
    residual: Array
    seeds: Array
    questions: Array


@dataclass(frozen=True)
class LogOdds:
    """The log-odds of events among trials, over a table of seeds by questions.

    Attributes:
        events: Number of events in the whole table, of shape (...).
        trials: Number of trials in the whole table, of shape (...).
        value: The log-odds, of shape (...); finite even if no trial, or every trial, is an event.
        answers_variance: Variance of `value` if answers were independent, of shape (...).
        by_question: Change of `value` when a question is left out, of shape (..., questions).
        seed_part: The same for seeds, with the residuals of the cells.
    """

    events: Array
    trials: Array
    value: Array
    answers_variance: Array
    by_question: Array
    seed_part: SeedPart

    @property
    def rate(self) -> Array:
        """Share of events among trials, 0-1, of shape (...); NaN where there is no trial."""
        return np.divide(self.events, self.trials, out=np.full(self.trials.shape, np.nan), where=self.trials > 0)

    @property
    def variance(self) -> "Variance":
        """Variance of `value` over other questions and other seeds."""
        return variance(self.by_question, self.seed_part.questions, [self.seed_part], self.answers_variance)


@dataclass(frozen=True)
class Variance:
    """A variance in two parts, each of shape (...): one known, one estimated from clusters.

    Attributes:
        answers: Variance if answers were independent: known, and the least that is possible.
        excess: Variance between clusters beyond that.
        df: Degrees of freedom of the estimate behind `excess`; infinite where there are no clusters to compare.
    """

    answers: Array
    excess: Array
    df: Array

    @property
    def total(self) -> Array:
        """Sum of both parts, of shape (...)."""
        return self.answers + self.excess

    def half_width(self, confidence: float) -> Array:
        """Return the half-width of an interval, of shape (...): the root of the summed squares of both parts' widths.

        The known part has the normal quantile, the estimated part Student's.

        Args:
            confidence: Confidence level, 0-1.
        """
        tail = (1 + confidence) / 2
        return np.sqrt(special.ndtri(tail) ** 2 * self.answers + special.stdtrit(self.df, tail) ** 2 * self.excess)


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
        return np.where(clusters[..., None] > 1, without - value[..., None], 0.0), clusters

    by_question, questions = left_out(-2)
    by_seed, seeds = left_out(-1)
    return LogOdds(
        events=all_events,
        trials=all_trials,
        value=value,
        answers_variance=1 / (all_events + 0.5) + 1 / (all_trials - all_events + 0.5),
        by_question=by_question,
        seed_part=SeedPart(by_seed, _residual(events, trials, seeds, questions), seeds, questions),
    )


def variance(by_question: Array, questions: Array, seed_parts: Sequence[SeedPart], answers_variance: Array) -> Variance:
    """Return the variance of log-odds, or of a difference of two, from its parts.

    The degrees of freedom are Satterthwaite's (1946, *Biometrics Bulletin* 2) for a sum of mean squares, but at least
    those of the smaller number of clusters.

    Args:
        by_question: Change of the estimate when a question is left out, of shape (..., questions).
        questions: Number of questions that have answers, of shape (...).
        seed_parts: One part for each independent set of seeds.
        answers_variance: Variance if answers were independent, of shape (...).
    """
    # A few questions often miss the rare one that matters: without this factor, eight questions cover 91%, not 93%.
    between_questions = (by_question**2).sum(-1) * questions / np.maximum(questions - 1, 1)
    total = between_questions
    spread = between_questions**2 / np.maximum(questions - 1, 1)
    fewest = np.where(questions > 1, questions - 1, np.inf)
    for part in seed_parts:
        between_seeds = (part.by_seed**2).sum(-1)
        cells = np.maximum(part.seeds - 1, 1) * np.maximum(part.questions - 1, 1)
        of_cells = (part.residual**2).sum((-2, -1)) / (cells * np.maximum(part.seeds * part.questions, 1))
        total = total + between_seeds - of_cells
        spread = spread + between_seeds**2 / np.maximum(part.seeds - 1, 1) + of_cells**2 / cells
        fewest = np.minimum(fewest, np.where(part.seeds > 1, part.seeds - 1, np.inf))
    satterthwaite = np.divide(total**2, spread, out=np.full(total.shape, np.inf), where=spread > 0)
    excess = np.maximum(total - answers_variance, 0.0)
    return Variance(answers_variance, excess, np.maximum(satterthwaite, fewest))


def _empirical_logit(events: Array, trials: Array) -> Array:
    return np.log((events + 0.5) / (trials - events + 0.5))


def _residual(events: Array, trials: Array, seeds: Array, questions: Array) -> Array:
    """Return each cell's excess of events, centred by seed and question, on the log-odds scale."""
    seeds, questions = seeds[..., None, None], questions[..., None, None]
    all_events, all_trials = events.sum((-2, -1), keepdims=True), trials.sum((-2, -1), keepdims=True)
    excess = events - trials * all_events / np.maximum(all_trials, 1)
    centred = (
        excess
        - excess.sum(-2, keepdims=True) / np.maximum(seeds, 1)
        - excess.sum(-1, keepdims=True) / np.maximum(questions, 1)
    )
    share = (all_events + 0.5) / (all_trials + 1)
    to_log_odds = seeds * questions / np.maximum(all_trials, 1) / (share * (1 - share))
    has_answers = (trials.sum(-2, keepdims=True) > 0) & (trials.sum(-1, keepdims=True) > 0)
    return np.where(has_answers & (seeds > 1) & (questions > 1), centred * to_log_odds, 0.0)
