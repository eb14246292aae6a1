"""Small societies played ahead with fitted agents: their adoption and how many tip, for each number of bent agents.

The mean field is that of infinitely many agents. A society of thirty varies: it tips below the tipping share if it is
watched for long, and not at all above it if watched too briefly. So societies of the real size are simulated, for as
many rounds as they will be played, in which every agent hears some others, drawn at random, or all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special, stats

from askew.base.errors import AskewError
from askew.stats.conformity import Conformity
from askew.stats.log_odds import Array
from askew.stats.societies import TIPPED
from askew.stats.variance import CONFIDENCE

EXPECTED = ("k", "share", "adoption", "low", "high", "tipped", "tipped_low", "tipped_high", "after")
"""The columns of `expected`."""

# Resamples of the probes that are played, societies for each of them and each k, and values of k for a crossing.
_RESAMPLES, _SOCIETIES, _NUMBERS = 200, 50, 26
_EDGES = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)


@dataclass(frozen=True)
class Setting:
    """A society that is to be played.

    Attributes:
        agents: Number of agents, the bent among them.
        rounds: Number of rounds, in each of which agents say what they choose, and hear others.
        voices: Number of voices that an agent hears in a round, drawn from the others; None if it hears all.
        memory: Number of rounds whose voices an agent remembers.
        asked: Chance that an agent chooses anew in a round, 0-1.
        start: Share of good agents that choose the bent ones' option at first, 0-1; None if they choose by their own
            bias, having heard nobody.
        leave: Number of rounds after which the bent leave; None if they stay.
    """

    agents: int
    rounds: int
    voices: int | None = None
    memory: int = 1
    asked: float = 1.0
    start: float | None = None
    leave: int | None = None


def played(
    rng: np.random.Generator, setting: Setting, k: int, good: Array, bent: Array | None = None, societies: int = 1
) -> Array:
    """Return the adoption by good agents in each round, of shape (rounds, draws, societies).

    Args:
        rng: Source of all randomness.
        setting: The society.
        k: Number of bent agents.
        good: Beta and bias of the good agents, towards the option of the bent ones, of shape (draws, 2).
        bent: The same for the bent ones; None if nothing moves them.
        societies: Number of societies for each.
    """
    shape, size = (len(good), societies), setting.agents - k
    start = special.expit(good[:, 1:]) if setting.start is None else setting.start
    adopted = rng.binomial(size, np.broadcast_to(start, shape))
    pushing = np.full(shape, k) if bent is None else rng.binomial(k, np.broadcast_to(special.expit(bent[:, 1:]), shape))
    history, past = np.empty((setting.rounds, *shape)), []
    for number in range(setting.rounds):
        if number == setting.leave:
            k, pushing, past = 0, np.zeros_like(pushing), []
        history[number] = adopted / size
        past = [*past[-setting.memory + 1 :], adopted + pushing] if setting.memory > 1 else [adopted + pushing]
        heard_for, others = np.sum(past, axis=0), max(size + k - 1, 1)
        if bent is not None and k:
            pushing = _next(
                rng, setting, pushing, k, heard_for, _responses(bent, others, len(past), setting), len(past)
            )
        adopted = _next(rng, setting, adopted, size, heard_for, _responses(good, others, len(past), setting), len(past))
    return history


def expected(
    good: Conformity,
    setting: Setting,
    ks: Sequence[int],
    bent: Conformity | None = None,
    *,
    window: int = 1,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the adoption and the share of tipped societies to expect at each number of bent agents.

    Args:
        good: The fit of the good agents, with the option of the bent ones as option 1.
        setting: The society.
        ks: Numbers of bent agents.
        bent: The fit of the bent ones; None if nothing moves them.
        window: Number of rounds over which adoption is averaged: the last ones, or the last before the bent leave.
        seed: Seed of the simulation.

    Returns:
        The columns `EXPECTED`, one row per k: share (k over all agents), adoption by good agents (mean, and the range
        low to high of 95% of societies, with the uncertainty of the fit), tipped (share of societies) with its 95%
        interval over resampled probes, and after (adoption at the end, where the bent leave; NaN otherwise).

    Raises:
        AskewError: A number of bent agents leaves no good ones.
    """
    if max(ks) >= setting.agents:
        raise AskewError(f"{max(ks)} bent agents leave no good ones among {setting.agents}; choose fewer.")
    rng, rows = np.random.default_rng(seed), []
    own, other = good.draws[:_RESAMPLES], None if bent is None else bent.draws[:_RESAMPLES]
    for k in ks:
        history = played(rng, setting, k, own, other, _SOCIETIES)
        adoption = _at_the_end(history, setting, window)
        tipped = (adoption > TIPPED).mean(1)
        after = history[-window:].mean() if setting.leave is not None else np.nan
        range_of_adoption, range_of_tipped = np.quantile(adoption, _EDGES), np.quantile(tipped, _EDGES)
        rows.append(
            (k, k / setting.agents, adoption.mean(), *range_of_adoption, tipped.mean(), *range_of_tipped, after)
        )
    return pd.DataFrame(rows, columns=list(EXPECTED))


def crossing(
    good: Conformity, setting: Setting, bent: Conformity | None = None, *, window: int = 1, seed: int = 0
) -> tuple[float, float, float]:
    """Return the share of bent agents at which half of the societies tip, with its 95% interval over resampled probes.

    It exists without a tipping point too: adoption that rises smoothly passes one half somewhere.

    Args:
        good: See `expected`.
        setting: See `expected`.
        bent: See `expected`.
        window: See `expected`.
        seed: See `expected`.

    Returns:
        The share, the lower and the upper limit; infinite where half of the agents do not suffice.
    """
    rng, tipped = np.random.default_rng(seed), []
    ks = np.unique(np.linspace(0, setting.agents // 2, _NUMBERS).astype(int))
    own, other = _with_estimate(good), None if bent is None else _with_estimate(bent)
    for k in ks.tolist():
        adoption = _at_the_end(played(rng, setting, k, own, other, _SOCIETIES), setting, window)
        tipped.append((adoption > TIPPED).mean(1))
    # More bent agents never make fewer societies tip; what looks so is chance.
    rising = np.maximum.accumulate(np.array(tipped), axis=0)
    found = np.array([_half(ks / setting.agents, one) for one in rising.T])
    low, high = np.quantile(found[1:], _EDGES, method="inverted_cdf")
    return float(found[0]), float(low), float(high)


def _at_the_end(history: Array, setting: Setting, window: int) -> Array:
    """Return the adoption in the last rounds, or the last before the bent leave, of shape (draws, societies)."""
    end = setting.rounds if setting.leave is None else setting.leave
    return history[max(end - window, 0) : end].mean(0)


def _responses(agents: Array, others: int, rounds: int, setting: Setting) -> Array:
    """Return the chance of the option for each number of voices for it, of shape (others * rounds + 1, draws).

    Args:
        agents: Beta and bias, of shape (draws, 2).
        others: Number of agents that speak.
        rounds: Number of rounds whose voices count.
        setting: The society.
    """
    spoken = others * rounds
    heard = spoken if setting.voices is None else min(setting.voices, others) * rounds
    counts = np.arange(heard + 1)
    chances = special.expit(agents[:, 0] * (2 * counts[:, None] / heard - 1) + agents[:, 1])
    if heard == spoken:
        return chances
    return stats.hypergeom.pmf(counts, spoken, np.arange(spoken + 1)[:, None], heard) @ chances


def _next(
    rng: np.random.Generator,
    setting: Setting,
    adopted: Array,
    size: int,
    heard_for: Array,
    responses: Array,
    rounds: int,
) -> Array:
    """Return how many of one kind of agent choose the option in the next round; an agent does not hear itself."""
    draw, most = np.arange(responses.shape[1])[:, None], len(responses) - 1
    stay = responses[np.clip(heard_for - rounds, 0, most), draw]
    come = responses[np.clip(heard_for, 0, most), draw]
    return rng.binomial(adopted, 1 - setting.asked * (1 - stay)) + rng.binomial(size - adopted, setting.asked * come)


def _with_estimate(fit: Conformity) -> Array:
    """Return the estimate and resamples of beta and bias, of shape (1 + resamples, 2)."""
    return np.concatenate([[(fit.beta, fit.bias)], fit.draws[:_RESAMPLES]])


def _half(shares: Array, tipped: Array) -> float:
    """Return the share at which one half is passed, between the two nearest; infinite if it never is."""
    over = int(np.argmax(tipped >= TIPPED))
    if tipped[over] < TIPPED:
        return float("inf")
    if over == 0:
        return float(shares[0])
    part = (TIPPED - tipped[over - 1]) / (tipped[over] - tipped[over - 1])
    return float(shares[over - 1] + part * (shares[over] - shares[over - 1]))
