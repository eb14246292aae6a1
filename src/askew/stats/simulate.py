"""Counts whose true rate is known, to see whether intervals keep what they promise.

The world of the simulation: each answer is an event with a probability whose log-odds are a constant, plus an effect of
the question, plus an effect of the seed, plus one of the pair, all normal. Used by the tests and by
`benchmarks/coverage.py`.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, special

from askew.stats.log_odds import Array


@dataclass(frozen=True)
class Spread:
    """Standard deviations of the log-odds.

    Attributes:
        question: Between questions; two arms share these effects.
        seed: Between seeds; independent between arms.
        pair: Between pairs of a question and a seed.
        arm_question: Between questions, of what an arm does not share with its control.
    """

    question: float = 1.0
    seed: float = 0.3
    pair: float = 0.3
    arm_question: float = 0.0

    @property
    def total(self) -> float:
        """Standard deviation of the log-odds of a random cell."""
        return float(np.sqrt(self.question**2 + self.seed**2 + self.pair**2 + self.arm_question**2))

    def without_seeds(self) -> "Spread":
        """Return the spread of one fixed model, which is no draw from many seeds."""
        return replace(self, seed=0.0)


def location(rate: float, spread: Spread) -> float:
    """Return the constant of the log-odds at which the rate over all questions and seeds is `rate`."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    weights = weights / weights.sum()

    def excess(constant: float) -> float:
        return float(weights @ special.expit(constant + spread.total * nodes)) - rate

    return float(optimize.root_scalar(excess, bracket=(-30, 30)).root)


def tables(
    rng: np.random.Generator, rate: float, spread: Spread, question_effects: Array, seeds: int, answers: int
) -> Array:
    """Draw tables of counts for one arm.

    Args:
        rng: Source of all randomness.
        rate: True rate over all questions and seeds.
        spread: How much questions and seeds differ.
        question_effects: (tables, questions) standard normal; give the same to two arms to pair them.
        seeds: Number of seeds.
        answers: Number of answers to each question from each seed.

    Returns:
        (tables, seeds, questions) number of events among `answers`.
    """
    count, questions = question_effects.shape
    log_odds = (
        location(rate, spread)
        + spread.question * question_effects[:, None, :]
        + spread.arm_question * rng.standard_normal((count, 1, questions))
        + spread.seed * rng.standard_normal((count, seeds, 1))
        + spread.pair * rng.standard_normal((count, seeds, questions))
    )
    return rng.binomial(answers, special.expit(log_odds))


def bootstrap_interval(rng: np.random.Generator, events: Array, answers: int, draws: int = 400) -> tuple[Array, Array]:
    """Return the plain percentile bootstrap's 95% interval, the peer that ours is measured against.

    It resamples seeds and questions with replacement. With few of either it is too narrow: resampled clusters vary less
    than new ones would.

    Args:
        rng: Source of all randomness.
        events: (tables, seeds, questions) number of events among `answers`.
        answers: Number of answers in each cell.
        draws: Number of resamples.
    """
    _, seeds, questions = events.shape
    seed_weights = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=draws) / seeds
    question_weights = rng.multinomial(questions, np.full(questions, 1 / questions), size=draws) / questions
    rates = np.einsum("ds,tsq,dq->td", seed_weights, events / answers, question_weights, optimize=True)
    low, high = np.quantile(rates, [0.025, 0.975], axis=-1)
    return low, high
