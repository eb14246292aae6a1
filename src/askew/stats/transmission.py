"""Transmission of a meme: who heard, who passed on, who believes; and the chance that one hearing converts.

Belief is asked privately and now and then, so a conversion is known to lie between the last answer *no* and the first
*yes*. Every hearing in between may have been the one. A hearing converts with a chance p, and without any hearing an
agent may convert in a tick by itself; both are estimated by maximum likelihood from all hearings, those that came to
nothing included. The likelihood is that of grouped survival times with a hazard per hearing (Prentice & Gloeckler 1978,
*Biometrics* 34), which is concave in the hazards.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from askew.base.errors import AskewError
from askew.stats.log_odds import Array
from askew.stats.variance import CONFIDENCE, Part, half_width

ITSELF = "by itself"
"""The group of conversions without a hearing: a chance per tick."""

CHANCES = ("group", "chance", "low", "high", "hearings", "conversions", "societies")
"""The columns of `conversion_chances`."""

# With fewer conversions by a group than this, its interval comes from the likelihood alone.
_FEW = 8
_LEAST = 1e-12
_PRECISE = {"ftol": 1e-13, "gtol": 1e-8}
_DROP = float(stats.chi2.ppf(CONFIDENCE, 1) / 2)


@dataclass(frozen=True)
class Histories:
    """The hearings of agents and their conversions.

    Attributes:
        agents: One row per agent whose belief was asked: society, agent, after (the last tick at which it did not yet
            believe, -1 if it was never asked before), tick (the first at which it believed; of the last question if it
            never did) and converted (whether it did).
        hearings: One row per hearing at risk, in order: row (the agent's place in `agents`), tick (at which it can
            first show), source, group, and candidate (whether it lies between the agent's `after` and `tick`).
        groups: The names of the groups of hearings, in order.
    """

    agents: pd.DataFrame
    hearings: pd.DataFrame
    groups: tuple[str, ...]

    def counts(self, itself: bool) -> tuple[Array, Array]:
        """Return the hearings before the window of each agent, and in it, each of shape (agents, groups).

        Args:
            itself: Whether ticks count as a last group, for conversions by itself.
        """
        place = self.hearings["row"].to_numpy(), pd.Categorical(self.hearings["group"], self.groups).codes
        candidate = self.hearings["candidate"].to_numpy(dtype=bool)
        tables = np.zeros((2, len(self.agents), len(self.groups) + itself))
        np.add.at(tables[0], tuple(axis[~candidate] for axis in place), 1)
        np.add.at(tables[1], tuple(axis[candidate] for axis in place), 1)
        if itself:
            last, converted = self.agents["tick"].to_numpy(), self.agents["converted"].to_numpy(dtype=bool)
            before = np.where(converted, self.agents["after"].to_numpy(), last)
            tables[0, :, -1], tables[1, :, -1] = before + 1, last - before
        return tables[0], tables[1]


def histories(
    events: pd.DataFrame, *, lag: int = 1, groups: pd.DataFrame | None = None, apart: pd.DataFrame | None = None
) -> Histories:
    """Return the hearings and conversions of all agents whose belief was asked.

    Args:
        events: The columns society, tick, agent, kind, option and source; hearings are events of the kind expose, and
            private answers of the kind belief, with the option 1 for *yes*.
        lag: Number of ticks from a hearing until an answer can show it.
        groups: Groups of sources that may convert with different chances: society, agent and group; None for one group.
        apart: Agents that are no converts (priests): society and agent.
    """
    key = ["society", "agent"]
    asked = events[events["kind"].eq("belief") & events["option"].isin([0, 1])]
    if apart is not None and len(apart):
        asked = asked[~pd.MultiIndex.from_frame(asked[key]).isin(pd.MultiIndex.from_frame(apart[key]))]
    yes, no = asked[asked["option"].eq(1)], asked[asked["option"].eq(0)]
    first = yes.groupby(key)["tick"].min().rename("first")
    agents = asked.groupby(key)["tick"].max().rename("tick").reset_index().merge(first, on=key, how="left")
    agents["converted"] = agents["first"].notna()
    agents["tick"] = agents["first"].fillna(agents["tick"]).astype(int)
    earlier = no.merge(agents[[*key, "tick"]].rename(columns={"tick": "until"}), on=key)
    earlier = earlier[earlier["tick"] < earlier["until"]].groupby(key)["tick"].max().rename("after")
    agents = agents.drop(columns="first").merge(earlier, on=key, how="left")
    agents["after"] = agents["after"].fillna(-1).astype(int)
    heard = events.loc[events["kind"].eq("expose"), ["society", "agent", "tick", "source"]].copy()
    heard["tick"] += lag
    heard = heard.merge(agents.assign(row=np.arange(len(agents))).rename(columns={"tick": "until"}), on=key)
    heard = heard[heard["tick"] <= heard["until"]]
    heard["candidate"] = heard["converted"] & (heard["tick"] > heard["after"])
    heard["group"] = "hearing"
    names: tuple[str, ...] = ("hearing",)
    if groups is not None:
        named = groups.rename(columns={"agent": "source", "group": "own"})[["society", "source", "own"]]
        heard = heard.merge(named, on=["society", "source"], how="left")
        heard["group"] = heard["own"].fillna("hearing")
        names = tuple(sorted(heard["group"].unique()))
    order = heard.sort_values(["row", "tick"], kind="stable")
    columns = ["row", "tick", "source", "group", "candidate"]
    return Histories(agents, order[columns].reset_index(drop=True), names)


def conversion_chances(seen: Histories, *, itself: bool = True) -> pd.DataFrame:
    """Return the chance that a hearing converts, by group of sources, with 95% intervals.

    Intervals are over societies, by a jackknife of log-hazards that leaves out one society at a time, and never
    narrower than that of independent hearings in these societies.

    Args:
        seen: The hearings and conversions.
        itself: Whether agents may also convert by themselves, with a chance per tick. Without it, every conversion
            that a hearing preceded is put down to one, even in a world where hearings do nothing.

    Returns:
        The columns `CHANCES`, one row per group and, last, `ITSELF`: the chance per hearing or per tick (0-1), the
        number of hearings (or ticks) at risk, the expected number of conversions by them, and of societies.

    Raises:
        AskewError: No agent was asked about its belief.
    """
    if seen.agents.empty:
        raise AskewError("No agent was asked about its belief, so nothing is known of conversions; ask some.")
    before, window = seen.counts(itself)
    society = pd.factorize(seen.agents["society"])[0]
    count = int(society.max()) + 1
    at_risk = np.zeros((count, window.shape[1]))
    np.add.at(at_risk, society, before + window)
    # Without conversions by themselves, one that no hearing preceded cannot be explained, and is left out.
    converts = seen.agents["converted"].to_numpy(dtype=bool) & (window.sum(1) > 0)
    data = _Data(before.sum(0), window[converts], society[converts], at_risk)
    hazard, _ = data.maximum()
    low, high = _limits(data, hazard)
    hits = data.hits(hazard)
    names = [*seen.groups, ITSELF] if itself else list(seen.groups)
    columns = (names, *(-np.expm1(-one) for one in (hazard, low, high)), at_risk.sum(0).astype(int), hits, count)
    return pd.DataFrame(dict(zip(CHANCES, columns, strict=True)))


def hazards(chances: pd.DataFrame, groups: tuple[str, ...]) -> tuple[Array, float]:
    """Return the hazard of a hearing of each group, of shape (groups,), and the hazard of a tick by itself.

    Args:
        chances: The columns group and chance: of `conversion_chances`, or the planted ones.
        groups: The groups.

    Raises:
        AskewError: A group has no chance.
    """
    known = dict(zip(chances["group"], chances["chance"].astype(float), strict=True))
    missing = [name for name in groups if name not in known]
    if missing:
        raise AskewError(f"No chance of conversion is known for hearings of the group {missing[0]!r}; give one.")
    own = -np.log1p(-np.minimum([known[name] for name in groups], 1 - _LEAST))
    return np.asarray(own, dtype=float), float(-np.log1p(-min(known.get(ITSELF, 0.0), 1 - _LEAST)))


@dataclass(frozen=True)
class _Data:
    """The hearings and conversions, as the likelihood reads them.

    Attributes:
        safe: Hearings that are known to have come to nothing, by group, of shape (groups,).
        window: Hearings of each convert among which one converted, of shape (converts, groups).
        society: The society of each convert, of shape (converts,).
        at_risk: All hearings, by society and group, of shape (societies, groups).
    """

    safe: Array
    window: Array
    society: Array
    at_risk: Array

    @property
    def scale(self) -> Array:
        """Hazards if all conversions were those of one group, of shape (groups,)."""
        return max(len(self.window), 1) / np.maximum(self.at_risk.sum(0), 1)

    def without(self, society: int) -> "_Data":
        """Return the data of all societies but one."""
        kept = self.society != society
        at_risk = np.delete(self.at_risk, society, axis=0)
        safe = at_risk.sum(0) - self.window[kept].sum(0)
        return _Data(safe, self.window[kept], self.society[kept], at_risk)

    def maximum(self, fixed: tuple[int, float] | None = None) -> tuple[Array, float]:
        """Return the hazards with the greatest likelihood, of shape (groups,), and its logarithm.

        Args:
            fixed: A group and the hazard at which it is held; None if all are free.
        """
        if not len(self.window):
            hazard = np.zeros(self.safe.shape)
            if fixed:
                hazard[fixed[0]] = fixed[1]
            return hazard, -float(hazard @ self.safe)
        scale = self.scale
        bounds = [(_LEAST, None)] * len(scale)
        if fixed:
            bounds[fixed[0]] = (fixed[1] / scale[fixed[0]],) * 2

        def loss(scaled: Array) -> tuple[float, Array]:
            hazard = scaled * scale
            total = np.maximum(self.window @ hazard, _LEAST)
            value = hazard @ self.safe - np.log(-np.expm1(-total)).sum()
            return value, (self.safe + (np.exp(-total) / np.expm1(-total)) @ self.window) * scale

        begin = np.array([np.clip(1 / len(scale), low, high) for low, high in bounds])
        found = optimize.minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=bounds, options=_PRECISE)
        return found.x * scale, -float(found.fun)

    def hits(self, hazard: Array) -> Array:
        """Return the expected number of conversions by each group, of shape (groups,)."""
        by_group = self.window * hazard
        return (by_group / np.maximum(by_group.sum(1, keepdims=True), _LEAST)).sum(0)


def _limits(data: _Data, hazard: Array) -> tuple[Array, Array]:
    """Return the 95% limits of hazards, each of shape (groups,).

    They are those of the profile likelihood where conversions by a group are few, for then the jackknife is a matter of
    luck.
    """
    low, high = hazard.copy(), hazard.copy()
    many = data.hits(hazard) >= _FEW
    if many.any():
        reach = half_width([_between(data, hazard, many)])
        low[many], high[many] = hazard[many] * np.exp(-reach), hazard[many] * np.exp(reach)
    for group in np.flatnonzero(~many):
        low[group], high[group] = _profile(data, hazard, int(group))
    return low, high


def _between(data: _Data, hazard: Array, chosen: Array) -> Part:
    """Return the variance of chosen log-hazards between societies, never below that of independent hearings."""
    total = data.window @ hazard
    own = data.window[:, chosen] * hazard[chosen]
    # The second derivative of the log-likelihood, negative, by the logarithms of hazards.
    matrix = (own * (np.exp(-total) / np.expm1(-total) ** 2)[:, None]).T @ own
    least, count = np.diag(np.linalg.pinv(matrix)), len(data.at_risk)
    square = np.zeros_like(least)
    if count > 1:
        left_out = np.array([data.without(one).maximum()[0][chosen] for one in range(count)])
        change = np.log(np.maximum(left_out, _LEAST)) - np.log(hazard[chosen])
        square = ((change - change.mean(0)) ** 2).sum(0) * (count - 1) / count
    return Part(square, np.full(least.shape, count - 1), least)


def _profile(data: _Data, hazard: Array, group: int) -> tuple[float, float]:
    """Return the limits between which the profile likelihood of a hazard is near its maximum (Wilks)."""
    best = data.maximum()[1]
    # Where nothing was converted, the limit is the exact one of Clopper and Pearson: no hit has a chance of 2.5%.
    drop = _DROP if data.hits(hazard)[group] > 0.5 else -np.log((1 - CONFIDENCE) / 2)

    def excess(log_hazard: float) -> float:
        return data.maximum((group, float(np.exp(log_hazard))))[1] - best + drop

    unit = max(float(data.scale[group]), 1 / max(float(data.at_risk[:, group].sum()), 1))
    least, most = np.log(unit * 1e-6), np.log(unit * 1e3)
    middle = float(np.clip(np.log(max(hazard[group], _LEAST)), least, most))
    low = 0.0 if excess(least) > 0 else _root(excess, least, middle)
    high = np.inf if excess(most) > 0 else _root(excess, middle, most)
    return low, high


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return the exponential of a function's root between two numbers."""
    return float(np.exp(optimize.root_scalar(function, bracket=(low, high), xtol=0.01).root))
