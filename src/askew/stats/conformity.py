"""Conformity: how an agent's choice follows the voices that it heard, fitted from single-agent probes or societies.

The probability of option 1 is logistic(beta * m + h), where m is the share of voices heard for option 1 minus the share
for option 0 (-1 to 1), beta is the conformity and h the agent's own bias. This is the binary choice with social
interactions of Brock & Durlauf (2001, *Review of Economic Studies* 68), and the response of the Curie-Weiss model;
De Marzo et al. (arXiv 2605.10721) read language models so, as a pull of the majority against a bias of their own.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special, stats

from askew.base.errors import AskewError
from askew.stats.log_odds import Array
from askew.stats.variance import CONFIDENCE

VOICES = 8
"""Number of voices that agents of Askew's societies remember."""

DRAWS = 500
"""Number of resamples of the clusters of probes."""

_STEPS, _LARGEST_STEP, _CLOSE = 60, 2.0, 1e-8
# Agents that follow every majority have no finite beta; from here on a response is a step for every society.
_STEEPEST = 60.0


@dataclass(frozen=True)
class Conformity:
    """Conformity and bias with their uncertainty.

    Attributes:
        beta: The conformity, in nats per unit of m.
        bias: The bias h towards option 1, in nats.
        draws: Values of beta and of the bias for resampled clusters, of shape (draws, 2).
        probes: Number of probes.
        clusters: Number of clusters that were resampled.
    """

    beta: float
    bias: float
    draws: Array
    probes: int
    clusters: int

    def interval(self, name: str) -> tuple[float, float]:
        """Return the 95% interval of "beta" or "bias"."""
        column = self.draws[:, ("beta", "bias").index(name)]
        low, high = np.quantile(column, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
        return float(low), float(high)

    def towards(self, option: int) -> "Conformity":
        """Return the same with that option (0 or 1) in the place of option 1."""
        if option == 1:
            return self
        return Conformity(self.beta, -self.bias, self.draws * (1, -1), self.probes, self.clusters)


def conformity(probes: pd.DataFrame, *, draws: int = DRAWS, seed: int = 0) -> Conformity:
    """Return the conformity and the bias of an agent, fitted by logistic regression, with resampled clusters.

    Jeffreys's prior (Firth 1993, *Biometrika* 80) keeps estimates finite where agents follow every majority.
    Probabilities in the place of choices are fitted by quasi-likelihood (Papke & Wooldridge 1996, *Journal of Applied
    Econometrics* 11). Whole clusters are resampled; since few resampled clusters vary too little, draws are spread by
    the ratio of Student's quantile to the normal one (Hesterberg 2015, *The American Statistician* 69).

    Args:
        probes: One row per probe, with the columns heard (m, -1 to 1), value (a choice, 0 or 1, or the probability of
            option 1; NaN where the model gave no usable answer) and optionally cluster (what probes have in common: a
            wording, a persona, a training seed); without it, or with one cluster only, each probe is its own.
        draws: Number of resamples.
        seed: Seed of the resampling.

    Raises:
        AskewError: No probe has an answer, every probe heard the same share, or a number is out of range.
    """
    answered = probes[probes["value"].notna()]
    heard, value = (answered[name].to_numpy(dtype=float) for name in ("heard", "value"))
    if not len(answered):
        raise AskewError("No single-agent probe has an answer, so conformity cannot be fitted; ask more probes.")
    if np.ptp(heard) == 0:
        raise AskewError("Every single-agent probe heard the same share of voices; vary the share to fit conformity.")
    if np.abs(heard).max() > 1 or value.min() < 0 or value.max() > 1:
        raise AskewError("Probes need a heard share from -1 to 1 and a value from 0 to 1; check both columns.")
    cluster = np.arange(len(answered))
    if "cluster" in answered and answered["cluster"].nunique() > 1:
        cluster = pd.factorize(answered["cluster"])[0]
    clusters = int(cluster.max()) + 1
    levels, level = np.unique(heard, return_inverse=True)
    asked, chosen = np.zeros((2, clusters, len(levels)))
    np.add.at(asked, (cluster, level), 1)
    np.add.at(chosen, (cluster, level), value)
    found = _fit(levels, asked.sum(0)[None], chosen.sum(0)[None])[0]
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(clusters, np.full(clusters, 1 / clusters), size=draws).astype(float)
    resampled = _fit(levels, weights @ asked, weights @ chosen)
    # Resamples in which all probes heard the same share say nothing of beta.
    resampled = resampled[np.isfinite(resampled).all(1)]
    wider = float(stats.t.ppf((1 + CONFIDENCE) / 2, clusters - 1) / stats.norm.ppf((1 + CONFIDENCE) / 2))
    spread = found + (resampled - found) * wider * np.sqrt(clusters / (clusters - 1))
    return Conformity(float(found[0]), float(found[1]), spread, len(answered), clusters)


def decisions(events: pd.DataFrame, *, kinds: Collection[str] = ("opinion",), voices: int = VOICES) -> pd.DataFrame:
    """Return what each agent had heard before each decision in a society: probes in the field, for `conformity`.

    Args:
        events: The columns society, tick, agent, kind and option, in the order in which they happened; voices are
            events of the kind hear with the option 0 or 1.
        kinds: The kinds of decisions.
        voices: Number of voices that an agent remembers: the last ones of former ticks.

    Returns:
        One row per decision with at least one voice before it: society, tick, agent, voices (their number), heard (-1
        to 1), value (0 or 1) and cluster (the society).
    """
    binary = events[events["option"].isin([0, 1])]
    agent = pd.factorize(pd.MultiIndex.from_frame(binary[["society", "agent"]]))[0]
    is_voice, tick = binary["kind"].eq("hear").to_numpy(), binary["tick"].to_numpy()
    # One number that grows with an agent and, for it, with the tick.
    when = agent.astype(np.int64) * (int(tick.max(initial=0)) + 1) + tick
    order = np.flatnonzero(is_voice)[np.argsort(when[is_voice], kind="stable")]
    before = np.concatenate([[0], np.cumsum(binary["option"].to_numpy()[order])])
    decided = binary["kind"].isin(list(kinds)).to_numpy()
    end = np.searchsorted(when[order], when[decided])
    begin = np.searchsorted(when[order], agent[decided].astype(np.int64) * (int(tick.max(initial=0)) + 1))
    begin = np.maximum(begin, end - voices)
    count = end - begin
    table = binary.loc[decided, ["society", "tick", "agent"]].assign(voices=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        table["heard"] = 2 * (before[end] - before[begin]) / count - 1
    table["value"], table["cluster"] = binary.loc[decided, "option"].astype(float), table["society"]
    return table[count > 0].reset_index(drop=True)


def _fit(levels: Array, asked: Array, chosen: Array) -> Array:
    """Return beta and the bias of each table of counts, by Newton's method on Firth's penalised likelihood.

    Args:
        levels: The values of m, of shape (levels,).
        asked: Number of probes at each, of shape (tables, levels).
        chosen: Sum of their values, of the same shape.

    Returns:
        Shape (tables, 2); NaN where a table has a single level.
    """
    beta, bias = np.zeros((2, len(asked)))
    for _ in range(_STEPS):
        mean = special.expit(beta[:, None] * levels + bias[:, None])
        weight = asked * mean * (1 - mean)
        s0, s1, s2 = weight.sum(1), weight @ levels, weight @ levels**2
        determinant = s0 * s2 - s1**2
        with np.errstate(divide="ignore", invalid="ignore"):
            leverage = weight * (s2[:, None] - 2 * levels * s1[:, None] + levels**2 * s0[:, None])
            leverage = leverage / determinant[:, None]
            score = chosen - asked * mean + leverage * (0.5 - mean)
            of_bias, of_beta = score.sum(1), score @ levels
            step = np.stack([s0 * of_beta - s1 * of_bias, s2 * of_bias - s1 * of_beta]) / determinant
        step = np.clip(step, -_LARGEST_STEP, _LARGEST_STEP)
        beta, bias = np.clip(beta + step[0], -_STEEPEST, _STEEPEST), np.clip(bias + step[1], -_STEEPEST, _STEEPEST)
        if not np.nanmax(np.abs(step), initial=0.0) > _CLOSE:
            break
    return np.stack([beta, bias], axis=1)
