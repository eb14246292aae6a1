"""Simulated counts with a known true rate, to measure the coverage of intervals.

Each answer is an event with a probability. Its log-odds are the sum of a constant and normal effects of the question,
of the seed, and of their pair. The tests and `benchmarks/coverage.py` use it.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, special

from askew.stats.log_odds import Array


@dataclass(frozen=True)
class Spread:
    """Standard deviations of the effects on the log-odds.

    Attributes:
        question: Of the questions; two arms share these effects.
        seed: Of the seeds; independent between arms.
        pair: Of the pairs of a question and a seed; independent between arms.
        arm_question: Of the questions within an arm, not shared with its control.
    """

    question: float = 1.0
    seed: float = 0.3
    pair: float = 0.3
    arm_question: float = 0.0

    @property
    def total(self) -> float:
        """Standard deviation of the log-odds over all cells."""
        return float(np.sqrt(self.question**2 + self.seed**2 + self.pair**2 + self.arm_question**2))

    def without_seeds(self) -> "Spread":
        """Return the spread for one fixed model, which has no variance between seeds."""
        return replace(self, seed=0.0)


def location(rate: float, spread: Spread) -> float:
    """Return the constant of the log-odds for which the rate over all questions and seeds is `rate` (0-1)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    weights = weights / weights.sum()

    def excess(constant: float) -> float:
        return float(weights @ special.expit(constant + spread.total * nodes)) - rate

    return float(optimize.root_scalar(excess, bracket=(-30, 30)).root)


def tables(
    rng: np.random.Generator, rate: float, spread: Spread, question_effects: Array, seeds: int, answers: int
) -> Array:
    """Return randomly drawn tables of counts for one arm.

    Args:
        rng: Source of all randomness.
        rate: True rate over all questions and seeds, 0-1.
        spread: Standard deviations of the effects.
        question_effects: Shape (tables, questions), standard normal; pass the same to two arms to pair them.
        seeds: Number of seeds.
        answers: Number of answers to each question from each seed.

    Returns:
        Number of events among `answers`, of shape (tables, seeds, questions).
    """
    return rng.binomial(answers, cell_rates(rng, rate, spread, question_effects, seeds))


def cell_rates(rng: np.random.Generator, rate: float, spread: Spread, question_effects: Array, seeds: int) -> Array:
    """Return the true rates in the cells of randomly drawn tables for one arm, of shape (tables, seeds, questions).

    Args:
        rng: Source of all randomness.
        rate: True rate over all questions and seeds, 0-1.
        spread: Standard deviations of the effects.
        question_effects: Shape (tables, questions), standard normal; pass the same to two arms to pair them.
        seeds: Number of seeds.
    """
    count, questions = question_effects.shape
    log_odds = (
        location(rate, spread)
        + spread.question * question_effects[:, None, :]
        + spread.arm_question * rng.standard_normal((count, 1, questions))
        + spread.seed * rng.standard_normal((count, seeds, 1))
        + spread.pair * rng.standard_normal((count, seeds, questions))
    )
    return special.expit(log_odds)


def bootstrap_interval(rng: np.random.Generator, events: Array, answers: int, draws: int = 400) -> tuple[Array, Array]:
    """Return the limits of the percentile bootstrap's 95% interval, each of shape (tables,), for comparison with ours.

    It resamples seeds and questions with replacement. With few of either, the interval is too narrow: resampled
    clusters vary less than new ones would.

    Args:
        rng: Source of all randomness.
        events: Number of events among `answers`, of shape (tables, seeds, questions).
        answers: Number of answers in each cell.
        draws: Number of resamples.
    """
    _, seeds, questions = events.shape
    seed_weights = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=draws) / seeds
    question_weights = rng.multinomial(questions, np.full(questions, 1 / questions), size=draws) / questions
    rates = np.einsum("ds,tsq,dq->td", seed_weights, events / answers, question_weights, optimize=True)
    low, high = np.quantile(rates, [0.025, 0.975], axis=-1)
    return low, high
