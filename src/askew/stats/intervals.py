"""95% intervals of rates and of differences between rates, with the p-value of each difference.

Each exists twice: for *questions like these*, where questions are a sample and seeds vary, and for *these questions*,
where only seeds and answers vary. All functions take whole arrays of tables at once.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from askew.stats.log_odds import Array, LogOdds, log_odds
from askew.stats.other_questions import limits_over_questions
from askew.stats.variance import CONFIDENCE, Part, confidence_at, half_width, p_value

# Directions on the ellipse of two log-odds that are searched for the extreme differences.
_ANGLES = np.linspace(0, 2 * np.pi, 128, endpoint=False)

CRITICAL = float(special.ndtri((1 + CONFIDENCE) / 2))
"""The normal quantile of a 95% interval."""

# With fewer events than this, seeds show too little of how much they differ: independent answers are a lower bound.
_FEW_EVENTS = 8


@dataclass(frozen=True)
class RateInterval:
    """A rate (0-1) and its 95% interval, each of shape (...); NaN where there are no trials."""

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


def rate_interval(events: Array, trials: Array, *, looks: int = 1) -> RateInterval:
    """Return the rate of events, with an interval over other seeds and questions like these.

    With a single seed, the interval covers the choice of questions only. With a single question, it is the interval for
    that question.

    Args:
        events: Number of events in each cell, of shape (..., seeds, questions).
        trials: Number of trials in each cell, of the same shape; cells may be empty.
        looks: Number of planned looks at the growing data; see `askew.stats.sequential`.
    """
    odds = log_odds(events, trials)
    return _interval(odds, *_reach(odds, events, trials, confidence_at(looks)))


def rate_interval_these(events: Array, trials: Array, *, looks: int = 1) -> RateInterval:
    """Return the rate of events, with an interval over other seeds for these questions.

    With a single seed, the interval covers other answers of that one model.

    Args:
        events: Number of events in each cell, of shape (..., seeds, questions).
        trials: Number of trials in each cell, of the same shape; cells may be empty.
        looks: Number of planned looks at the growing data; see `askew.stats.sequential`.
    """
    odds = log_odds(events, trials)
    return _interval(odds, *_reach_these(odds, confidence_at(looks)))


def difference_interval(
    events: Array, trials: Array, control_events: Array, control_trials: Array, *, same_seeds: bool, looks: int = 1
) -> DifferenceInterval:
    """Return a rate minus its control's, paired by question, over other seeds and questions like these.

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
        looks: Number of planned looks at the growing data; see `askew.stats.sequential`.
    """
    arm, control = log_odds(events, trials), log_odds(control_events, control_trials)
    answers = arm.answers_variance + control.answers_variance
    questions = np.maximum(arm.questions, control.questions)
    # A few questions often miss the rare one that matters, so the jackknife's factor (k - 1) / k is inverted.
    squares = ((arm.by_question - control.by_question) ** 2).sum(-1)
    between_questions = np.maximum(squares * questions / np.maximum(questions - 1, 1) - answers, 0)
    if same_seeds:
        seeds = np.maximum(arm.seeds, control.seeds)
        of_seeds = [_between_seeds(arm.by_seed - control.by_seed, seeds, answers)]
    else:
        of_seeds = [_between_seeds(one.by_seed, one.seeds, one.answers_variance) for one in (arm, control)]
    parts = [Part(between_questions, np.maximum(questions - 1, 0)), *of_seeds]
    confidence = confidence_at(looks)
    half, distance = half_width(parts, confidence), arm.value - control.value
    found = _Gap(distance, half, half, _over_looks(p_value(parts, distance), looks))
    reaches = (
        _reach(arm, events, trials, confidence),
        _reach(control, control_events, control_trials, confidence),
    )
    return _difference(arm, control, found, *reaches)


def difference_interval_these(
    events: Array, trials: Array, control_events: Array, control_trials: Array, *, looks: int = 1
) -> DifferenceInterval:
    """Return a rate minus its control's over other seeds, for these questions.

    Args:
        events: Number of events in each cell, of shape (..., seeds, questions).
        trials: Number of trials in each cell, of the same shape.
        control_events: Number of events of the control for the same questions, of shape (..., control seeds,
            questions).
        control_trials: Number of trials of the control, of the same shape.
        looks: Number of planned looks at the growing data; see `askew.stats.sequential`.
    """
    confidence = confidence_at(looks)
    arm, control = log_odds(events, trials), log_odds(control_events, control_trials)
    distance = arm.value - control.value
    (arm_down, arm_up), (control_down, control_up) = (_answers_floor(one, confidence) for one in (arm, control))
    # A difference is smallest where the arm is low and its control is high.
    smallest = [*_parts_these(arm, arm_down**2), *_parts_these(control, control_up**2)]
    largest = [*_parts_these(arm, arm_up**2), *_parts_these(control, control_down**2)]
    # The side on which no difference lies decides the test.
    p = np.where(distance > 0, p_value(smallest, distance), p_value(largest, distance))
    down, up = half_width(smallest, confidence), half_width(largest, confidence)
    found = _Gap(distance, down, up, _over_looks(p, looks))
    return _difference(arm, control, found, _reach_these(arm, confidence), _reach_these(control, confidence))


@dataclass(frozen=True)
class _Gap:
    """A difference of log-odds, the distances of both its limits from it, and its p-value, each of shape (...)."""

    distance: Array
    down: Array
    up: Array
    p: Array


Reach = tuple[Array, Array]
"""Distances of the lower and the upper limit from the log-odds, each of shape (...)."""


def _critical(confidence: float) -> float:
    """Return the normal quantile of a two-sided interval."""
    return float(special.ndtri((1 + confidence) / 2))


def _over_looks(p: Array, looks: int) -> Array:
    """Return p-values that are valid at each of several looks."""
    return np.minimum(p * looks, 1.0)


def _interval(odds: LogOdds, down: Array, up: Array) -> RateInterval:
    rate = odds.rate
    # At 0 and 1 the log-odds include half an event, so the interval is extended to include the rate itself.
    low = np.where(odds.events == 0, 0.0, np.minimum(special.expit(odds.value - down), rate))
    high = np.where(odds.events == odds.trials, 1.0, np.maximum(special.expit(odds.value + up), rate))
    empty = odds.trials == 0
    return RateInterval(rate, np.where(empty, np.nan, low), np.where(empty, np.nan, high))


def _reach(odds: LogOdds, events: Array, trials: Array, confidence: float) -> Reach:
    """Return the reach over seeds and questions like these; never less than for these questions."""
    these = _reach_these(odds, confidence)
    if not (odds.questions > 1).any():
        return these
    shape = odds.value.shape
    counts = (np.asarray(one).sum(-2).reshape(-1, np.shape(one)[-1]) for one in (events, trials))
    low, high = (limit.reshape(shape) for limit in limits_over_questions(*counts, confidence=confidence))
    sides = np.maximum(odds.value - low, 0), np.maximum(high - odds.value, 0)
    of_seeds = _seeds_reach(odds, odds.answers_variance, confidence)
    widest = odds.clustered_limits(odds.questions, confidence)
    down, up = (
        np.fmax(np.hypot(np.fmin(side, most), seeds), own)
        for side, most, seeds, own in zip(sides, widest, of_seeds, these, strict=True)
    )
    return down, up


def _reach_these(odds: LogOdds, confidence: float) -> Reach:
    critical = _critical(confidence)
    floors, widest = _answers_floor(odds, confidence), odds.clustered_limits(odds.seeds, confidence)
    down, up = (
        np.where(
            odds.seeds > 1, np.minimum(half_width(_parts_these(odds, floor**2), confidence), most), critical * floor
        )
        for floor, most in zip(floors, widest, strict=True)
    )
    return down, up


def _parts_these(odds: LogOdds, least: Array) -> list[Part]:
    """Return the sources of variance of the log-odds for these questions.

    Args:
        odds: The log-odds.
        least: The variance of independent answers towards one side, by `_answers_floor`.
    """
    # A few events always belong to some seed, so only a variance beyond that of independent answers counts.
    few = odds.rarer < _FEW_EVENTS
    seeds = _between_seeds(odds.by_seed, odds.seeds)
    beyond = np.maximum(seeds.square - odds.answers_variance, 0)
    return [
        Part(np.where(few, beyond, seeds.square), seeds.df, np.where(few, 0.0, least)),
        Part(np.zeros_like(least), np.zeros_like(seeds.df), np.where(few, least, 0.0)),
    ]


def _seeds_reach(odds: LogOdds, known: Array, confidence: float) -> Reach:
    """Return the reach over seeds, beyond a variance that is known; 0 with one seed."""
    part = _between_seeds(odds.by_seed, odds.seeds)
    reach = half_width([Part(np.maximum(part.square - known, 0), part.df)], confidence)
    several = odds.seeds > 1
    down, up = (
        np.where(several, np.minimum(reach, most), 0.0) for most in odds.clustered_limits(odds.seeds, confidence)
    )
    return down, up


def _answers_floor(odds: LogOdds, confidence: float) -> Reach:
    """Return the least standard errors of the log-odds towards 0 and towards 1, each of shape (...).

    They are those of independent answers where events are few. Many events show by themselves how much seeds differ.
    """
    weight = np.where(odds.seeds > 1, np.sqrt(np.minimum(1, _FEW_EVENTS / np.maximum(odds.rarer, 1))), 1.0)
    critical = _critical(confidence)
    down, up = (side / critical * weight for side in odds.answers_limits(confidence))
    return down, up


def _between_seeds(by_seed: Array, seeds: Array, least: Array | float = 0.0) -> Part:
    """Return the variance between seeds from the jackknife's changes, with a lower bound."""
    square = (by_seed**2).sum(-1) * (seeds - 1) / np.maximum(seeds, 1)
    return Part(square, np.maximum(seeds - 1, 0), least)


def _difference(
    arm: LogOdds, control: LogOdds, gap: _Gap, arm_reach: Reach, control_reach: Reach
) -> DifferenceInterval:
    low, high = _difference_range(arm.value, control.value, arm_reach, control_reach, gap)
    difference = arm.rate - control.rate
    # Half an event added to tables of unequal size can reverse the sign of a difference. There is then no evidence of
    # a difference, and the interval is as wide as both arms' own intervals allow.
    turned = difference * gap.distance <= 0
    own, other = _interval(arm, *arm_reach), _interval(control, *control_reach)
    low = np.where(turned, own.low - other.high, np.minimum(low, difference))
    high = np.where(turned, own.high - other.low, np.maximum(high, difference))
    missing = np.isnan(difference)
    return DifferenceInterval(
        difference,
        np.where(missing, np.nan, low),
        np.where(missing, np.nan, high),
        np.where(missing, np.nan, np.where(turned, 1.0, gap.p)),
    )


@np.errstate(invalid="ignore")  # a rate without answers has no reach, and no difference
def _difference_range(
    arm: Array, control: Array, arm_reach: Reach, control_reach: Reach, gap: _Gap
) -> tuple[Array, Array]:
    """Return the smallest and the largest difference of rates over an ellipse of both log-odds.

    The difference of log-odds stays within the limits of its own test at every point, and reaches both of them.
    """
    one, other, between = (sum(reach) / 2 for reach in (arm_reach, control_reach, (gap.down, gap.up)))
    # A reach that the other arm and the test together do not allow is shortened.
    one_scale = np.minimum(1, (other + between) / one)
    other_scale = np.minimum(1, (one + between) / other)
    one, other = one * one_scale, other * other_scale
    correlation = np.clip((one**2 + other**2 - between**2) / (2 * one * other), -1, 1)
    share = np.clip((one**2 - correlation * one * other) / between**2, 0, 1)[..., None]

    def along(direction: Array, reach: Reach, scale: Array) -> Array:
        down, up = reach
        return direction * (np.where(direction < 0, down[..., None], up[..., None]) * scale[..., None])

    across = np.sqrt(1 - correlation**2)[..., None]
    cosine, sine = np.cos(_ANGLES), np.sin(_ANGLES)
    arm_shift = along(np.broadcast_to(cosine, (*arm.shape, _ANGLES.size)), arm_reach, one_scale)
    control_shift = along(correlation[..., None] * cosine + across * sine, control_reach, other_scale)
    # The two points of the ellipse at the limits of the test are always among those searched.
    limits = np.stack([-gap.down, gap.up], axis=-1)
    arm_shift = np.concatenate([arm_shift, share * limits], axis=-1)
    control_shift = np.concatenate([control_shift, (share - 1) * limits], axis=-1)
    shift = np.clip(arm_shift - control_shift, -gap.down[..., None], gap.up[..., None])
    arm_edge = arm[..., None] + arm_shift
    differences = special.expit(arm_edge) - special.expit(arm_edge - gap.distance[..., None] - shift)
    return differences.min(-1), differences.max(-1)
