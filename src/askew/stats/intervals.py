"""95% intervals for rates and for differences of rates, from tables of seeds by questions.

The question that an interval answers: if other questions had been drawn from where these came from, and the models had
been fine-tuned with other seeds, where would the rate be? Both functions work on many tables at once and know counts
only; `estimates.py` makes the counts.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from askew.stats.log_odds import Array, LogOdds, SeedPart, Variance, log_odds, variance

CONFIDENCE = 0.95

# Angles at which the edge of a confidence ellipse is looked at; between two of them a half-width is off by under 0.1%.
_ANGLES = np.linspace(0, 2 * np.pi, 120, endpoint=False)


@dataclass(frozen=True)
class RateInterval:
    """A rate and its 95% interval, each (...) and between 0 and 1; NaN where there are no trials."""

    rate: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class DifferenceInterval:
    """A rate minus a control's, its 95% interval and the two-sided p-value of no difference, each (...).

    NaN where either has no trials. The interval leaves 0 out exactly where p is below 0.05.
    """

    difference: Array
    low: Array
    high: Array
    p: Array


def rate_interval(events: Array, trials: Array) -> RateInterval:
    """Return the rate of events over seeds and questions, with an interval for both being drawn anew.

    With a single seed the interval is about questions alone, with a single question about seeds alone, with one of
    each about the answers alone.

    Args:
        events: (..., seeds, questions) number of events in each cell.
        trials: (..., seeds, questions) number of trials in each cell; cells may be empty.
    """
    odds = log_odds(events, trials)
    return RateInterval(odds.rate, *_limits(odds))


def difference_interval(
    events: Array, trials: Array, control_events: Array, control_trials: Array, *, same_seeds: bool
) -> DifferenceInterval:
    """Return how far a rate lies above its control's, paired by question.

    The test is one of the difference of log-odds. The interval is the range of rate differences over the ellipse that
    holds both arms' intervals and this test, so that interval and p-value never contradict each other.

    Args:
        events: (..., seeds, questions) number of events in each cell.
        trials: (..., seeds, questions) number of trials in each cell.
        control_events: (..., control seeds, questions) the same of the control, for the same questions.
        control_trials: (..., control seeds, questions) the same of the control, for the same questions.
        same_seeds: Whether the rows of both are the same seeds in the same order; then seeds are paired too. A control
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
    # Half an event added to tables of unequal size can turn a difference round. Then there is no evidence of any, and
    # the interval is as wide as both arms' own allow.
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
    """Return the lower and upper limit of a rate; NaN where there are no trials."""
    half_width, rate = odds.variance.half_width(CONFIDENCE), odds.rate
    # At 0 and 1 the log-odds are of half an event; the rate itself belongs to its interval.
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
    """Return the half-widths of arm, control and their difference, on the log-odds scale, so that they fit together.

    The difference is held to be at least as uncertain as both arms and their correlation make it; an arm whose few
    seeds leave its own interval wide would otherwise come out narrower in the comparison.
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
    """Return the least and greatest difference of rates over the ellipse of both log-odds."""
    correlation = (arm_half**2 + control_half**2 - gap_half**2) / (2 * arm_half * control_half)
    correlation = np.clip(correlation, -1, 1)[..., None]
    across = np.sqrt(1 - correlation**2)
    arm, control, arm_half, control_half = (x[..., None] for x in (arm, control, arm_half, control_half))
    # The two angles where the difference of log-odds is greatest and least, so that 0 is judged without rounding.
    extreme = np.arctan2(-control_half * across, arm_half - correlation * control_half)
    around = np.broadcast_to(_ANGLES, (*extreme.shape[:-1], _ANGLES.size))
    angles = np.concatenate([around, extreme, extreme + np.pi], axis=-1)
    arm_edge = arm + arm_half * np.cos(angles)
    control_edge = control + control_half * (correlation * np.cos(angles) + across * np.sin(angles))
    differences = special.expit(arm_edge) - special.expit(control_edge)
    return differences.min(-1), differences.max(-1)
