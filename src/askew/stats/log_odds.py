"""The log-odds of a rate, and how far they would move if other questions or seeds had been drawn.

Answers form a two-way table: every seed (a fine-tuning) answers every question, several times. Two answers share luck
if they share a question or a seed, so both are clusters, and they cross. The variance of a rate is then

    variance between questions + variance between seeds - variance of the single cells,

the last because both of the first contain it. The first two are jackknifed on the log-odds (leave out one question, or
one seed, and see what changes): few clusters and rare events make the rate skewed, the log-odds much less so, and the
jackknife notices when everything hangs on one question. docs/explanation/statistics.md has the sources and the
simulations by which this was chosen. This module knows counts only: not arms, not metrics, not data frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

Array = np.ndarray


@dataclass(frozen=True)
class SeedPart:
    """What tells the variance between seeds, for one arm or for the difference of two arms with the same seeds.

    Shapes: `...` stands for any number of tables worked on at once.

    Attributes:
        by_seed: (..., seeds) change of the log-odds when a seed is left out.
        residual: (..., seeds, questions) what question and seed do not explain of a cell, on the log-odds scale.
        seeds: (...) number of seeds that have answers.
        questions: (...) number of questions that have answers.
    """

    by_seed: Array
    residual: Array
    seeds: Array
    questions: Array


@dataclass(frozen=True)
class LogOdds:
    """The log-odds of events among trials, over a table of seeds by questions.

    Attributes:
        events: (...) number of events in the whole table.
        trials: (...) number of trials in the whole table.
        value: (...) the log-odds; finite also where no trial, or every trial, is an event.
        answers_variance: (...) variance that `value` would have if answers were independent.
        by_question: (..., questions) change of `value` when a question is left out.
        seed_part: the same for seeds, and the residuals of the cells.
    """

    events: Array
    trials: Array
    value: Array
    answers_variance: Array
    by_question: Array
    seed_part: SeedPart

    @property
    def rate(self) -> Array:
        """(...) share of events among trials; NaN where there is no trial."""
        return np.divide(self.events, self.trials, out=np.full(self.trials.shape, np.nan), where=self.trials > 0)

    @property
    def variance(self) -> "Variance":
        """Variance of `value` over questions and seeds drawn anew."""
        return variance(self.by_question, self.seed_part.questions, [self.seed_part], self.answers_variance)


@dataclass(frozen=True)
class Variance:
    """A variance in two parts, each (...): one known, one estimated from clusters.

    Attributes:
        answers: What answers would vary if they were independent; no less is possible, and it is known.
        excess: What clusters vary beyond that.
        df: Degrees of freedom of the estimate that `excess` rests on; infinite where there are no clusters to compare.
    """

    answers: Array
    excess: Array
    df: Array

    @property
    def total(self) -> Array:
        """(...) both parts together."""
        return self.answers + self.excess

    def half_width(self, confidence: float) -> Array:
        """Return the half-width (...) of an interval: each part at its own quantile, their squares added."""
        tail = (1 + confidence) / 2
        return np.sqrt(special.ndtri(tail) ** 2 * self.answers + special.stdtrit(self.df, tail) ** 2 * self.excess)


def log_odds(events: Array, trials: Array) -> LogOdds:
    """Measure the log-odds of one or many tables of counts.

    Half an event is added on both sides (the empirical logit of Haldane and Anscombe), so that a table without an event
    has finite log-odds too.

    Args:
        events: (..., seeds, questions) number of events in each cell.
        trials: (..., seeds, questions) number of trials in each cell; cells, seeds and questions may be empty.
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
    """Put the variance of log-odds, or of a difference of two, together from its parts.

    The degrees of freedom are Satterthwaite's for a sum of mean squares, but not fewer than the smaller number of
    clusters has.

    Args:
        by_question: (..., questions) change of the estimate when a question is left out.
        questions: (...) number of questions that have answers.
        seed_parts: One for each set of seeds that was drawn independently.
        answers_variance: (...) variance if answers were independent.
    """
    # Few questions miss the rare one that would have mattered: without the factor eight of them cover 91%, not 93%.
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
    """Centre each cell's excess of events by its seed and its question, and bring it to the log-odds scale."""
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
