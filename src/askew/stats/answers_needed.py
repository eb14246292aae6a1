"""Estimates the number of answers to each question that would decide an undecided comparison."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from askew.stats.counts import Table
from askew.stats.intervals import DifferenceInterval, difference_interval, on_these_questions
from askew.stats.log_odds import Array
from askew.stats.readings import THESE, UNSURE, Basis, reading

# With fewer events than this, nothing is known about how questions differ.
_FEW_EVENTS = 10
# Multiples of the present number of answers that are tried: from 1.25 to about 1,000.
_FACTORS = 1.25 ** np.arange(1, 32)


@dataclass(frozen=True)
class Comparison:
    """Counts of outcomes of an arm and its control, on the questions that both were asked.

    Attributes:
        events: Number of events of the arm, of shape (outcomes, seeds, questions).
        trials: Number of trials, of the same shape.
        control_events: Number of events of the control, of shape (outcomes, control seeds, questions).
        control_trials: Number of trials of the control.
        same_seeds: Whether both have the same seeds.
    """

    events: Array
    trials: Array
    control_events: Array
    control_trials: Array
    same_seeds: bool

    @classmethod
    def of(cls, table: Table, control: Table, outcomes: Sequence[str]) -> "Comparison":
        """Return the comparison of two tables.

        Args:
            table: Counts of the arm.
            control: Counts of its control.
            outcomes: Verdicts. Misaligned answers are counted among the answers that the metric counts, the others
                among all answers.
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
        )

    def differences(self, basis: Basis) -> DifferenceInterval:
        """Return the difference of each outcome's rates, for questions like these or for these questions."""
        counts = self.events, self.trials, self.control_events, self.control_trials
        if basis == THESE:
            return difference_interval(*map(on_these_questions, counts), same_seeds=False)
        return difference_interval(*counts, same_seeds=self.same_seeds)


def answers_needed(one: Comparison, each: float, margin: float, family: int, basis: Basis) -> int | None:
    """Return the number of answers per question and seed that would decide if each question keeps its rate.

    Args:
        one: The comparison, of a single outcome.
        each: The present number of answers per question and seed.
        margin: The smallest rise that counts as *rose*, 0-1.
        family: Number of comparisons of the run.
        basis: The questions that the reading is about.

    Returns:
        The number, rounded up; None if no number would decide.
    """
    scale = _FACTORS[:, None, None]

    def more(events: Array, trials: Array) -> tuple[Array, Array]:
        if events.sum() < _FEW_EVENTS:  # then questions are assumed to be alike
            events = trials * events.sum() / max(trials.sum(), 1)
        return events * scale, trials * scale

    counts = *more(one.events, one.trials), *more(one.control_events, one.control_trials)
    interval = Comparison(*counts, same_seeds=one.same_seeds).differences(basis)
    # A rise must hold after the correction. Bonferroni's, by the size of the family, is never smaller than Holm's.
    decided = [
        reading(*numbers, margin) != UNSURE
        for numbers in zip(interval.difference, interval.low, interval.high, interval.p * family, strict=True)
    ]
    return _rounded(each * float(_FACTORS[decided.index(True)])) if any(decided) else None


def _rounded(number: float) -> int:
    """Return a number rounded up to two significant digits, because it is an estimate."""
    step = 10 ** max(0, int(np.log10(number)) - 1)
    return int(-(-number // step) * step)
