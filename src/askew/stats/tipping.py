"""The tipping share: how many stubborn agents turn a society, predicted from single-agent probes before it is played.

In the mean field, an agent hears a share q of voices for option 1. The good agents then choose it with the chance g(q),
and the stubborn, a share s of all, with the chance b(q), which is 1 if nothing moves them. States that stay as they are
obey q = (1 - s) g(q) + s b(q), that is s = (q - g(q)) / (b(q) - g(q)): a curve s(q), which is followed from the state
without stubborn agents. Where it first turns back, that state ends and the society jumps: the tipping share. A curve
that never turns back has no tipping point; adoption then rises smoothly. After the stubborn leave (s = 0), adoption
falls back unless a second stable state is left, whose basin holds it. This is the mean field of the Curie-Weiss model
and of Brock & Durlauf (2001, *Review of Economic Studies* 68), with the committed minority of Xie et al. (2011,
*Physical Review E* 84); De Marzo et al. (arXiv 2605.10721) report such points, and their irreversibility, in language
models.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import special

from askew.stats.conformity import Conformity
from askew.stats.log_odds import Array
from askew.stats.societies import TIPPED
from askew.stats.variance import CONFIDENCE

TipReading = Literal[
    "tips, and stays", "tips, and goes back", "tips", "no tipping point", "already there", "can't tell"
]
STAYS: TipReading = "tips, and stays"
GOES_BACK: TipReading = "tips, and goes back"
TIPS: TipReading = "tips"
SMOOTH: TipReading = "no tipping point"
ALREADY: TipReading = "already there"
UNSURE: TipReading = "can't tell"

MOST = 0.5
"""Stubborn agents are looked for up to this share of all; more would be the majority."""

# Voices for option 1 at which curves are computed. A tipping share is then exact to about a millionth.
_GRID = np.linspace(0, 1, 1001)
_TINY = 1e-12
# Shares of resamples that settle whether a society tips.
_SURE = (1 + CONFIDENCE) / 2


@dataclass(frozen=True)
class Branch:
    """The mean field of one or many societies; each array has the shape (draws,).

    Attributes:
        share: The tipping share, 0-1; infinite if there is no tipping point up to `MOST`.
        start: Adoption by good agents without stubborn ones, 0-1.
        before: Adoption by good agents just before the jump; NaN without a tipping point.
        after: Adoption just after the jump.
        bistable: Whether two states are stable without any stubborn agent.
        stays: Whether the society stays when the stubborn leave after the jump; False without a tipping point.
    """

    share: Array
    start: Array
    before: Array
    after: Array
    bistable: Array
    stays: Array


@dataclass(frozen=True)
class Tipping:
    """A predicted tipping point with its uncertainty.

    Attributes:
        reading: The prediction in words; "tips" if it is open whether the society would go back.
        share: The tipping share, 0-1; infinite if there is none.
        low: Lower end of its 95% interval over resampled probes.
        high: Upper end; infinite if the interval includes that there is no tipping point.
        tips: Share of resamples that have a tipping point, 0-1.
        stays: Share of those in which the society stays tipped when the stubborn leave; NaN if none tips.
        bistable: Share of resamples with two stable states without any stubborn agent.
        start: Adoption by good agents without stubborn ones.
        before: Adoption just before the jump; NaN without a tipping point.
        after: Adoption just after the jump.
        beta: Conformity of the good agents, see `Conformity`.
        bias: Their bias towards the option of the stubborn.
    """

    reading: TipReading
    share: float
    low: float
    high: float
    tips: float
    stays: float
    bistable: float
    start: float
    before: float
    after: float
    beta: float
    bias: float


def response(beta: Array, bias: Array, heard_for: Array, voices: int | None = None) -> Array:
    """Return the chance of option 1 when a share of all voices is for it.

    Args:
        beta: Conformity, of shape (...).
        bias: Bias towards option 1, of shape (...).
        heard_for: Share of all voices that are for option 1, 0-1, of a shape that `beta` broadcasts with.
        voices: Number of voices that an agent hears, drawn at random from all; None if it hears all of them. Few voices
            vary, which makes the response less steep.

    Returns:
        The chances, 0-1, of the broadcast shape.
    """
    if voices is None:
        return special.expit(beta * (2 * heard_for - 1) + bias)
    total = np.zeros(np.broadcast_shapes(np.shape(beta), np.shape(heard_for)))
    inside = np.clip(heard_for, _TINY, 1 - _TINY)
    log_for, log_against = np.log(inside), np.log1p(-inside)
    for count in range(voices + 1):
        ways = -special.betaln(count + 1, voices - count + 1) - np.log(voices + 1)
        chance = np.exp(ways + count * log_for + (voices - count) * log_against)
        total += chance * special.expit(beta * (2 * count / voices - 1) + bias)
    return total


def branch(good: Array, bent: Array | None = None, *, voices: int | None = None) -> Branch:
    """Return the mean field of societies, followed from the state without stubborn agents.

    Args:
        good: Beta and bias of the good agents, the bias towards the option of the stubborn, of shape (draws, 2).
        bent: Beta and bias of the bent ones, of the same shape; None if they are stubborn and nothing moves them.
        voices: See `response`.
    """
    adopted = response(good[:, :1], good[:, 1:], _GRID, voices)
    pushing = np.ones_like(adopted) if bent is None else response(bent[:, :1], bent[:, 1:], _GRID, voices)
    with np.errstate(divide="ignore", invalid="ignore"):
        curve = (_GRID - adopted) / (pushing - adopted)
    # Where bent agents choose the option no more often than good ones, they can't push the society any further.
    curve = np.where(pushing > adopted, curve, np.where(adopted > _GRID, -np.inf, np.inf))
    places = np.arange(_GRID.size)
    first = np.argmax(curve >= 0, axis=1)
    turning = np.zeros_like(curve, dtype=bool)
    turning[:, :-1] = curve[:, 1:] < curve[:, :-1]
    turning &= places >= first[:, None]
    fold, rows = np.argmax(turning, axis=1), np.arange(len(good))
    height = curve[rows, fold]
    tips = turning.any(1) & (height <= MOST)
    landed = np.argmax((places > fold[:, None]) & (curve >= height[:, None]) & ~turning, axis=1)
    after = np.where(landed > fold, adopted[rows, landed], adopted[:, -1])
    # A root of s(q) beyond the first separates the two stable states without stubborn agents.
    roots = (curve[:, 1:] < 0) & (curve[:, :-1] >= 0)
    edge = np.where(roots.any(1), _GRID[1:][np.argmax(roots, axis=1)], np.inf)
    nan = np.full(len(good), np.nan)
    return Branch(
        share=np.where(tips, height, np.inf),
        start=adopted[rows, first],
        before=np.where(tips, adopted[rows, fold], nan),
        after=np.where(tips, after, nan),
        bistable=np.asarray(roots.any(1)),
        stays=tips & (after > edge),
    )


def tipping(good: Conformity, bent: Conformity | None = None, *, voices: int | None = None) -> Tipping:
    """Return the predicted tipping point of a society, with an interval over resampled clusters of probes.

    Args:
        good: The fit of the good agents, with the option of the bent ones as option 1 (see `Conformity.towards`).
        bent: The fit of the bent ones; None if nothing moves them.
        voices: Number of voices that an agent remembers; None if it hears all.
    """
    point = branch(np.array([[good.beta, good.bias]]), _values(bent), voices=voices)
    count = len(good.draws) if bent is None else min(len(good.draws), len(bent.draws))
    resampled = branch(good.draws[:count], None if bent is None else bent.draws[:count], voices=voices)
    tips = np.isfinite(resampled.share)
    low, high = np.quantile(resampled.share, [1 - _SURE, _SURE], method="inverted_cdf")
    stays = float(resampled.stays[tips].mean()) if tips.any() else np.nan
    found = Tipping(
        reading=UNSURE,
        share=float(point.share[0]),
        low=float(low),
        high=float(high),
        tips=float(tips.mean()),
        stays=stays,
        bistable=float(resampled.bistable.mean()),
        start=float(point.start[0]),
        before=float(point.before[0]),
        after=float(point.after[0]),
        beta=good.beta,
        bias=good.bias,
    )
    return replace(found, reading=_reading(found, float((resampled.start > TIPPED).mean())))


def _reading(found: Tipping, already: float) -> TipReading:
    """Return the prediction in words; `already` is the share of resamples that adopt without any bent agent."""
    if already >= _SURE:
        return ALREADY
    if found.tips <= 1 - _SURE:
        return SMOOTH
    if found.tips < _SURE:
        return UNSURE
    return STAYS if found.stays >= _SURE else GOES_BACK if found.stays <= 1 - _SURE else TIPS


def _values(fit: Conformity | None) -> Array | None:
    return None if fit is None else np.array([[fit.beta, fit.bias]])
