"""Estimates the number of answers to each question that would decide an undecided comparison, by simulation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from askew.stats.counts import Table
from askew.stats.intervals import DifferenceInterval, difference_interval, difference_interval_these
from askew.stats.log_odds import Array, log_odds
from askew.stats.readings import THESE, Basis, are_decided

DECIDED = 0.8
"""Share of simulated continuations that decide at the number of answers that is named."""

_SEED, _DRAWS = 0, 100
# The largest number of answers that is tried, as a multiple of the present one; and the precision of the search.
_MOST, _STEP = 1000, 1.15
# With fewer events than this, the data don't show how rates vary. The usual values are then those of published question
# files: log-odds have a standard deviation of about 1.5 between questions, 0.3 between seeds and 0.4
# between the answers of seeds to one question. Seeds' values are variances.
_FEW_EVENTS = 10
_TYPICAL_SPREAD, _TYPICAL_SPREAD_OF_PAIRS, _TYPICAL_SEEDS = 0.8, 6.25, 0.1
_ALIKE, _LEAST = 1e6, 1e-9


@dataclass(frozen=True)
class Comparison:
    """Counts of outcomes of an arm and its control, on the questions that both were asked.

    Attributes:
        events: Number of events of the arm, of shape (outcomes, seeds, questions).
        trials: Number of trials, of the same shape.
        control_events: Number of events of the control, of shape (outcomes, control seeds, questions).
        control_trials: Number of trials of the control.
        same_seeds: Whether both have the same seeds.
        looks: Number of planned looks at the growing counts.
    """

    events: Array
    trials: Array
    control_events: Array
    control_trials: Array
    same_seeds: bool
    looks: int = 1

    @classmethod
    def of(cls, table: Table, control: Table, outcomes: Sequence[str], looks: int = 1) -> "Comparison":
        """Return the comparison of two tables.

        Args:
            table: Counts of the arm.
            control: Counts of its control.
            outcomes: Verdicts. Misaligned answers are counted among the answers that the metric counts, the others
                among all answers.
            looks: Number of planned looks at the growing counts.
        """
        control = control.on(table.questions)
        both = (table.tallies["total"].sum(0) > 0) & (control.tallies["total"].sum(0) > 0)

        def counts(one: Table, names: Sequence[str]) -> Array:
            return np.stack([np.where(both, one.tallies[name], 0.0) for name in names])

        trials = ["n" if outcome == "misaligned" else "total" for outcome in outcomes]
        return cls(
            counts(table, outcomes),
            counts(table, trials),
            counts(control, outcomes),
            counts(control, trials),
            table.seeds == control.seeds,
            looks,
        )

    @property
    def sides(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Events and trials of the arm, and of the control."""
        return (self.events, self.trials), (self.control_events, self.control_trials)

    def differences(self, basis: Basis) -> DifferenceInterval:
        """Return the difference of each outcome's rates, for questions like these or for these questions."""
        counts = self.events, self.trials, self.control_events, self.control_trials
        if basis == THESE:
            return difference_interval_these(*counts, looks=self.looks)
        return difference_interval(*counts, same_seeds=self.same_seeds, looks=self.looks)


def answers_needed(one: Comparison, each: float, margin: float, family: int, basis: Basis) -> int | None:
    """Return the number of answers per question and seed at which 80% of simulated continuations decide.

    A continuation keeps the present answers and adds new ones to the same questions and seeds. Their rates are drawn
    from a posterior: each cell's rate is shrunk towards its question's, and that towards the arm's, as far as the data
    show that they vary (beta-binomial, by moments). So the number allows for what the present answers leave open. It is
    the same whenever it is computed.

    Args:
        one: The comparison, of a single outcome.
        each: The present number of answers per question and seed.
        margin: The smallest rise that counts as *rose*, 0-1.
        family: Number of comparisons that p-values are corrected for.
        basis: The questions that the reading is about.

    Returns:
        The number, rounded up; None if a thousand times as many answers would not decide.
    """
    rng = np.random.default_rng(_SEED)
    rates = _plausible_rates(rng, one)

    def share(answers: int) -> float:
        """Return the share of continuations up to that number of answers that decide."""
        counts: list[Array] = []
        for (events, trials), own in zip(one.sides, rates, strict=True):
            added = np.rint(trials * max(answers / each - 1, 0)).astype(int)
            counts += [events + rng.binomial(added, own), np.broadcast_to(trials + added, own.shape)]
        found = Comparison(*counts, same_seeds=one.same_seeds, looks=one.looks).differences(basis)
        return float(are_decided(found.difference, found.low, found.high, found.p * family, margin).mean())

    too_few, enough = int(each), int(np.ceil(each * _MOST))
    if share(enough) < DECIDED:
        return None
    while enough > _STEP * too_few + 1:
        middle = int(np.sqrt(max(too_few, 1) * enough)) + 1
        if middle >= enough:
            break
        too_few, enough = (too_few, middle) if share(middle) >= DECIDED else (middle, enough)
    return _rounded(enough)


def _plausible_rates(rng: np.random.Generator, one: Comparison) -> list[Array]:
    """Return draws of the rate in each cell of the arm and of its control, each of shape (draws, seeds, questions)."""
    events = one.events.sum((0, 1)) + one.control_events.sum((0, 1))
    trials = one.trials.sum((0, 1)) + one.control_trials.sum((0, 1))
    mean = (events.sum() + 0.5) / (trials.sum() + 1)
    # Arm and control share the effect of a question.
    spread = _concentration(events, trials, np.full(events.shape, mean), _TYPICAL_SPREAD / min(mean, 1 - mean))
    rates = _draws(rng.beta(spread * mean + events, spread * (1 - mean) + trials - events, (_DRAWS, events.size)))
    effects = special.logit(rates) - special.logit(mean)
    relative = (spread * mean + events) / (spread + trials) / mean
    means = _plausible_means(rng, one)
    return [
        _cells(rng, own[0][0], own[1][0], rate, effects, relative) for own, rate in zip(one.sides, means, strict=True)
    ]


def _plausible_means(rng: np.random.Generator, one: Comparison) -> list[Array]:
    """Return draws of the mean rate of the arm and of its control, each of shape (draws, 1).

    The gap between them is shrunk towards zero, but not below what the differences between seeds explain.
    """
    arm, control = (log_odds(events[0], trials[0]) for events, trials in one.sides)
    gap, error = float(arm.value - control.value), float(arm.answers_variance + control.answers_variance)
    by_chance = sum(_seeds(*own)[1] / own[0].shape[1] for own in one.sides)
    kept = max(gap**2 - error, by_chance)
    kept = kept / (kept + error)
    gaps = kept * gap + np.sqrt(kept * error) * rng.standard_normal((_DRAWS, 1))
    events, trials = float(arm.events + control.events), float(arm.trials + control.trials)
    middle = special.logit(_draws(rng.beta(events + 0.5, trials - events + 0.5, (_DRAWS, 1))))
    share = float(arm.trials) / max(trials, 1)
    return [special.expit(middle + (1 - share) * gaps), special.expit(middle - share * gaps)]


def _cells(
    rng: np.random.Generator, events: Array, trials: Array, rate: Array, effects: Array, relative: Array
) -> Array:
    """Return draws of the rate in each cell of one arm, of shape (draws, seeds, questions).

    Args:
        rng: Source of randomness.
        events: Number of events in each cell, of shape (seeds, questions).
        trials: Number of trials in each cell, of the same shape.
        rate: Draws of the arm's mean rate, of shape (draws, 1).
        effects: Draws of the questions' effects on the log-odds, of shape (draws, questions).
        relative: Estimated rate of each question over the mean rate, of shape (questions,).
    """
    questions = special.expit(special.logit(rate) + effects)
    weights = trials.sum(0) / max(trials.sum(), 1)
    questions = _draws(questions * rate / (questions @ weights)[:, None])
    seeds, variance, error = _seeds(events[None], trials[None])
    kept = variance / (variance + error)
    of_seeds = kept * seeds + np.sqrt(kept * error) * rng.standard_normal((_DRAWS, seeds.size))
    rates = _draws(special.expit(special.logit(questions)[:, None, :] + of_seeds[:, :, None]))
    mean = (events.sum() + 0.5) / (trials.sum() + 1)
    expected = special.expit(special.logit(_draws(mean * relative)) + (kept * seeds)[:, None])
    usual = _TYPICAL_SPREAD_OF_PAIRS / (mean * (1 - mean))
    # Pairs vary equally on the log-odds at every rate.
    spread = _concentration(events, trials, _draws(expected), usual) * mean * (1 - mean) / (rates * (1 - rates))
    return _draws(rng.beta(spread * rates + events, spread * (1 - rates) + trials - events))


def _seeds(events: Array, trials: Array) -> tuple[Array, float, Array]:
    """Return the seeds of one arm: effects on the log-odds, the variance of true ones, and the errors' variances.

    The variance is averaged with a typical one, which counts like two more seeds; it is 0 for a single seed.
    """
    events, trials = events[0].sum(-1), trials[0].sum(-1)
    values = np.log((events + 0.5) / (trials - events + 0.5))
    errors = 1 / (events + 0.5) + 1 / (trials - events + 0.5)
    if values.size == 1:
        return np.zeros(1), 0.0, errors
    seen = max(float(values.var(ddof=1) - errors.mean()), 0.0)
    more = values.size - 1
    return values - values.mean(), (more * seen + 2 * _TYPICAL_SEEDS) / (more + 2), errors


def _draws(rates: Array) -> Array:
    """Return rates, strictly between 0 and 1."""
    return np.clip(rates, _LEAST, 1 - _LEAST)


def _concentration(events: Array, trials: Array, expected: Array, usual: float) -> float:
    """Return the sum of the parameters of the beta distribution of rates around `expected`, estimated by moments.

    Args:
        events: Number of events in each cell.
        trials: Number of trials in each cell.
        expected: Expected rate of each cell.
        usual: The value if there are too few events to estimate it.
    """
    several = trials > 1
    if events.sum() < _FEW_EVENTS or several.sum() < 3:
        return usual
    events, trials, expected = events[several], trials[several], expected[several]
    squares = (events - trials * expected) ** 2 / (trials * expected * (1 - expected))
    correlation = (squares.sum() / (several.sum() - 1) - 1) / (trials.mean() - 1)
    return float(np.clip(1 / correlation - 1, 0.5, _ALIKE)) if correlation > 0 else _ALIKE


def _rounded(number: float) -> int:
    """Return a number rounded up to two significant digits, because it is an estimate."""
    step = 10 ** max(0, int(np.log10(number)) - 1)
    return int(-(-number // step) * step)
