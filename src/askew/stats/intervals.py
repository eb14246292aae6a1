"""95% intervals for rates and for differences of rates, from tables of seeds by questions.

An interval covers the rate over all questions like these and all seeds, not only over the ones that were drawn. Both
functions take counts and work on many tables at once; `...` in a shape stands for any leading dimensions.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from askew.stats.log_odds import Array, LogOdds, SeedPart, Variance, log_odds, variance

CONFIDENCE = 0.95
"""Confidence level of every interval in Askew."""

# Angles at which the edge of a confidence ellipse is evaluated: this many keep the error of a half-width under 0.1%.
_ANGLES = np.linspace(0, 2 * np.pi, 120, endpoint=False)


@dataclass(frozen=True)
class RateInterval:
    """A rate and its 95% interval, each of shape (...) and between 0 and 1; NaN where there are no trials."""

    rate: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class DifferenceInterval:
    """A rate minus the control's (-1 to 1), its 95% interval and the two-sided p-value, each of shape (...).

    NaN where either has no trials. The interval excludes 0 exactly where p is below 0.05.
    """

    difference: Array
    low: Array
    high: Array
    p: Array


def on_these_questions(counts: Array) -> Array:
    """Return counts with all questions added up, of shape (..., seeds, 1): the questions are fixed, not a sample.

    Args:
        counts: Counts of shape (..., seeds, questions).
    """
    return counts.sum(-1, keepdims=True)


def rate_interval(events: Array, trials: Array) -> RateInterval:
    """Return the rate of events, with an interval over other seeds and other questions.

    With a single seed, the interval covers the choice of questions only; with a single question, the choice of seeds
    only; with one of each, the randomness of answers only.

    Args:
        events: Number of events in each cell, of shape (..., seeds, questions).
        trials: Number of trials in each cell, of the same shape; cells may be empty.
    """
    odds = log_odds(events, trials)
    return RateInterval(odds.rate, *_limits(odds))


def difference_interval(
    events: Array, trials: Array, control_events: Array, control_trials: Array, *, same_seeds: bool
) -> DifferenceInterval:
    """Return a rate minus its control's, paired by question.

    The p-value tests the difference of log-odds. The interval is the range of rate differences over an ellipse of both
    log-odds, whose projections are the arms' own intervals and the test, so that interval and p-value always agree.

    Args:
        events: Number of events in each cell, of shape (..., seeds, questions).
        trials: Number of trials in each cell, of the same shape.
        control_events: Number of events of the control for the same questions, of shape (..., control seeds,
            questions).
        control_trials: Number of trials of the control, of the same shape.
        same_seeds: Whether the rows of both are the same seeds in the same order; seeds are then paired too. A control
            with one seed (an untuned model) adds no variance between seeds.
    """
    arm, control = log_odds(events, trials), log_odds(control_events, control_trials)
    gap = arm.value - control.value
    gap_variance = variance(
        arm.by_question - control.by_question,
        np.maximum(arm.seed_part.questions, control.seed_part.questions),
        [_paired(arm.seed_part, control.seed_part)] if same_seeds else [arm.seed_part, control.seed_part],
        arm.answers_variance + control.answers_variance,
    )
    halves = _half_widths(arm.variance, control.variance, gap_variance)
    low, high = _difference_range(arm.value, control.value, *halves)
    df = gap_variance.df
    p = 2 * special.stdtr(df, -np.abs(gap) / halves[-1] * special.stdtrit(df, (1 + CONFIDENCE) / 2))
    difference = arm.rate - control.rate
    # Half an event added to tables of unequal size can reverse the sign of a difference. There is then no evidence of
    # a difference, and the interval is as wide as both arms' own intervals allow.
    turned = difference * gap <= 0
    (arm_low, arm_high), (control_low, control_high) = _limits(arm), _limits(control)
    low = np.where(turned, arm_low - control_high, np.minimum(low, difference))
    high = np.where(turned, arm_high - control_low, np.maximum(high, difference))
    missing = np.isnan(difference)
    return DifferenceInterval(
        difference,
        np.where(missing, np.nan, low),
        np.where(missing, np.nan, high),
        np.where(missing, np.nan, np.where(turned, 1.0, p)),
    )


def _limits(odds: LogOdds) -> tuple[Array, Array]:
    """Return the lower and the upper limit of a rate; NaN where there are no trials."""
    half_width, rate = odds.variance.half_width(CONFIDENCE), odds.rate
    # At 0 and 1 the log-odds include half an event, so the interval is extended to include the rate itself.
    low = np.where(odds.events == 0, 0.0, np.minimum(special.expit(odds.value - half_width), rate))
    high = np.where(odds.events == odds.trials, 1.0, np.maximum(special.expit(odds.value + half_width), rate))
    empty = odds.trials == 0
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def _paired(arm: SeedPart, control: SeedPart) -> SeedPart:
    return SeedPart(
        by_seed=arm.by_seed - control.by_seed,
        residual=arm.residual - control.residual,
        seeds=np.maximum(arm.seeds, control.seeds),
        questions=np.maximum(arm.questions, control.questions),
    )


def _half_widths(arm: Variance, control: Variance, gap: Variance) -> tuple[Array, Array, Array]:
    """Return consistent half-widths of the arm, the control and their difference, on the log-odds scale.

    The difference is at least as uncertain as both arms and their correlation imply. Otherwise an arm with a wide
    interval, because it has few seeds, would have a narrower one in the comparison.
    """
    arm_half, control_half = arm.half_width(CONFIDENCE), control.half_width(CONFIDENCE)
    correlation = (arm.total + control.total - gap.total) / (2 * np.sqrt(arm.total * control.total))
    shared = 2 * np.clip(correlation, -1, 1) * arm_half * control_half
    gap_half = np.maximum(gap.half_width(CONFIDENCE), np.sqrt(arm_half**2 + control_half**2 - shared))
    stretch = np.maximum(gap_half / (arm_half + control_half), 1.0)
    return arm_half * stretch, control_half * stretch, gap_half


def _difference_range(
    arm: Array, control: Array, arm_half: Array, control_half: Array, gap_half: Array
) -> tuple[Array, Array]:
    """Return the smallest and the largest difference of rates over the ellipse of both log-odds."""
    correlation = (arm_half**2 + control_half**2 - gap_half**2) / (2 * arm_half * control_half)
    correlation = np.clip(correlation, -1, 1)[..., None]
    across = np.sqrt(1 - correlation**2)
    arm, control, arm_half, control_half = (x[..., None] for x in (arm, control, arm_half, control_half))
    # The angles of the largest and the smallest difference of log-odds, so that rounding never decides about 0.
    extreme = np.arctan2(-control_half * across, arm_half - correlation * control_half)
    around = np.broadcast_to(_ANGLES, (*extreme.shape[:-1], _ANGLES.size))
    angles = np.concatenate([around, extreme, extreme + np.pi], axis=-1)
    arm_edge = arm + arm_half * np.cos(angles)
    control_edge = control + control_half * (correlation * np.cos(angles) + across * np.sin(angles))
    differences = special.expit(arm_edge) - special.expit(control_edge)
    return differences.min(-1), differences.max(-1)
