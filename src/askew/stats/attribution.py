"""Attribution of conversions to hearings by likelihood, with its uncertainty, and the transmission tree.

Each hearing that may have converted an agent gets the probability that it did: that all before it came to nothing and
it did not, given that one of them, or the agent by itself, did. So were infections attributed from times alone
(Wallinga & Teunis 2004, *American Journal of Epidemiology* 160). With the true chances in the place of the estimated
ones, this is the Bayes-optimal reader: no other rule names more true converters from the same events. The rule of the
first hearing (the *critical exposure edge* of Project Sid, arXiv 2411.00114) stands beside it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from askew.stats.transmission import Histories, hazards

NOBODY = -1
"""The source of a conversion by itself."""

EDGES = (
    *("society", "agent", "tick", "source", "probability", "entropy", "itself", "hearings", "sources"),
    *("first_source", "first_probability"),
)
"""The columns of `edges`."""


@dataclass(frozen=True)
class Contagion:
    """The test of whether conversions follow hearings.

    Attributes:
        z: Excess of hearings before conversions, in standard errors.
        p: One-sided p-value.
        conversions: Number of conversions.
    """

    z: float
    p: float
    conversions: int


def attribution(seen: Histories, chances: pd.DataFrame) -> pd.DataFrame:
    """Return the probability of each candidate hearing of each convert that it converted.

    Hearings of one tick are taken as simultaneous.

    Args:
        seen: The hearings and conversions.
        chances: The columns group and chance of `conversion_chances`, or the planted ones.

    Returns:
        One row per candidate hearing, in order: row (of the convert in `seen.agents`), tick, source and probability.
        The rest up to 1 is the probability that the convert came to it by itself; it is 1 where no hearing preceded.
    """
    own, itself = hazards(chances, seen.groups)
    candidates = seen.hearings[seen.hearings["candidate"]]
    hazard = own[pd.Categorical(candidates["group"], list(seen.groups)).codes]
    row, tick = candidates["row"].to_numpy(), candidates["tick"].to_numpy()
    after, until = (seen.agents[name].to_numpy()[row] for name in ("after", "tick"))
    frame = pd.DataFrame({"row": row, "tick": tick, "hazard": hazard})
    of_tick = frame.groupby(["row", "tick"])["hazard"].transform("sum").to_numpy()
    to_here = frame.groupby("row")["hazard"].cumsum().to_numpy()
    # The sum over earlier ticks: the running sum at the first hearing of this tick, without that hearing.
    frame["earlier"] = to_here - hazard
    earlier = frame.groupby(["row", "tick"])["earlier"].transform("first").to_numpy()
    earlier = earlier + itself * (tick - after - 1)
    everything = frame.groupby("row")["hazard"].transform("sum").to_numpy() + itself * (until - after)
    now = of_tick + itself
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = np.exp(-earlier) * np.expm1(-now) * hazard / (now * np.expm1(-everything))
    # Where no hearing has any chance, each is as likely as the others.
    alike = 1 / frame.groupby("row")["hazard"].transform("size").to_numpy()
    probability = np.clip(np.where(everything > 0, np.where(now > 0, chance, 0.0), alike), 0.0, 1.0)
    return pd.DataFrame(
        {"row": row, "tick": tick, "source": candidates["source"].to_numpy(), "probability": probability}
    )


def edges(seen: Histories, attributed: pd.DataFrame) -> pd.DataFrame:
    """Return the most likely converter of each convert, with the uncertainty, and by the rule of the first hearing.

    Args:
        seen: The hearings and conversions.
        attributed: The columns of `attribution`.

    Returns:
        One row per convert, with the columns `EDGES`: tick (the first at which it believed), source (most likely, over
        all its hearings; `NOBODY` if it came to it by itself), its probability, entropy over all sources and nobody (in
        nats; 0 is certain), itself (probability of nobody), hearings and sources (numbers of candidates), and the
        source of the first hearing ever with the probability that it is the converter (`NOBODY` and NaN without any).
    """
    converts = seen.agents[seen.agents["converted"]]
    by_source = attributed.groupby(["row", "source"], sort=False)["probability"].sum().reset_index()
    best = by_source.loc[by_source.groupby("row")["probability"].idxmax()].set_index("row")
    plain = by_source["probability"].clip(lower=np.finfo(float).tiny)
    entropy = (-plain * np.log(plain)).groupby(by_source["row"]).sum()
    first = seen.hearings.groupby("row")["source"].first().rename("first_source").reset_index()
    first = first.merge(by_source, left_on=["row", "first_source"], right_on=["row", "source"], how="left")
    first = first.set_index("row")
    rows = converts.index
    itself = (1 - attributed.groupby("row")["probability"].sum().reindex(rows).fillna(0.0)).clip(0.0, 1.0)
    alone = itself.to_numpy() > best["probability"].reindex(rows).fillna(0.0).to_numpy()
    rest = itself.clip(lower=np.finfo(float).tiny)
    table = pd.DataFrame(
        {
            "society": converts["society"],
            "agent": converts["agent"],
            "tick": converts["tick"],
            "source": np.where(alone, NOBODY, best["source"].reindex(rows).fillna(NOBODY)).astype(int),
            "probability": np.where(alone, itself, best["probability"].reindex(rows).fillna(0.0)),
            "entropy": (entropy.reindex(rows).fillna(0.0) - rest * np.log(rest)).clip(lower=0.0),
            "itself": itself,
            "hearings": attributed.groupby("row").size().reindex(rows).fillna(0).astype(int),
            "sources": by_source.groupby("row").size().reindex(rows).fillna(0).astype(int),
            "first_source": first["first_source"].reindex(rows).fillna(NOBODY).astype(int),
            "first_probability": first["probability"].reindex(rows).fillna(0.0).where(rows.isin(first.index)),
        }
    )
    return table[list(EDGES)].reset_index(drop=True)


def tree(found: pd.DataFrame, roots: pd.DataFrame) -> pd.DataFrame:
    """Return the transmission tree: the most likely edges, with the generation of each convert.

    Args:
        found: The columns of `edges`.
        roots: The agents that believed from the start (priests): society and agent.

    Returns:
        The rows of `edges` by society and tick, with the column generation: one more than its source's, which is 0 for
        roots; -1 where the source is nobody, or an agent that passed the meme on without having converted by then.
    """
    key = ["society", "source"]
    table = found.sort_values(["society", "tick"], kind="stable").reset_index(drop=True).assign(generation=-1)
    first = roots[["society", "agent"]].assign(tick=-1, generation=0)
    while True:
        known = pd.concat([first, table.loc[table["generation"].ge(0), first.columns]])
        above = table[key].merge(known.rename(columns={"agent": "source"}), on=key, how="left")
        reached = above["generation"].notna() & (above["tick"] <= table["tick"]) & table["generation"].lt(0)
        if not reached.any():
            return table
        table.loc[reached, "generation"] = above.loc[reached, "generation"].astype(int) + 1


def influence(seen: Histories, attributed: pd.DataFrame) -> pd.DataFrame:
    """Return the number of agents that each source converted, in expectation.

    Args:
        seen: The hearings and conversions.
        attributed: The columns of `attribution`.

    Returns:
        The columns society, source, converted (expected number), sd (its standard deviation, given the chances) and
        first (number by the rule of the first hearing), by society and source.
    """
    by_source = attributed.groupby(["row", "source"])["probability"].sum().reset_index()
    by_source["society"] = seen.agents["society"].to_numpy()[by_source["row"]]
    by_source["variance"] = by_source["probability"] * (1 - by_source["probability"])
    table = by_source.groupby(["society", "source"])[["probability", "variance"]].sum().reset_index()
    found = edges(seen, attributed)
    first = found.groupby(["society", "first_source"]).size().rename("first").reset_index()
    table = table.merge(first.rename(columns={"first_source": "source"}), on=["society", "source"], how="outer")
    table = table[table["source"].ne(NOBODY)].fillna({"probability": 0.0, "variance": 0.0, "first": 0})
    table = table.assign(
        converted=table["probability"], sd=np.sqrt(table["variance"]), first=table["first"].astype(int)
    )
    return table[["society", "source", "converted", "sd", "first"]].reset_index(drop=True)


def named(found: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return the share of true converters that each rule names, per society.

    Args:
        found: The columns of `edges`.
        truth: The true converters: society, agent and source (`NOBODY` for none).

    Returns:
        One row per society: society, likelihood, first (shares of its converts, 0-1), expected (the share that the
        attribution expects to name) and converts.
    """
    both = found.merge(truth.rename(columns={"source": "true"})[["society", "agent", "true"]], on=["society", "agent"])
    marked = both.assign(likelihood=both["source"].eq(both["true"]), first=both["first_source"].eq(both["true"]))
    by_society = marked.groupby("society", sort=False)
    table = by_society[["likelihood", "first"]].mean()
    return table.assign(expected=by_society["probability"].mean(), converts=by_society.size()).reset_index()


def contagion(seen: Histories, events: pd.DataFrame) -> Contagion:
    """Return the test of the hypothesis that conversions have nothing to do with hearings.

    Agents of one society are compared that were asked at the same tick, were last asked at the same tick, and had not
    yet believed: did those that now do hear more in between? This is the stratified log-rank test (Mantel 1966, *Cancer
    Chemotherapy Reports* 50), with the hearings as a number that changes in time; time itself cannot mislead it.

    Args:
        seen: The hearings and conversions.
        events: The events from which they were read, with the columns society, tick, agent, kind and option.
    """
    key = ["society", "agent"]
    asked = events[events["kind"].eq("belief") & events["option"].isin([0, 1])]
    asked = asked[[*key, "tick"]].rename(columns={"tick": "asked"}).sort_values([*key, "asked"], kind="stable")
    people = seen.agents[[*key, "tick", "converted"]].assign(row=np.arange(len(seen.agents)))
    asked = asked.merge(people, on=key)
    asked = asked[asked["asked"] <= asked["tick"]]
    asked["before"] = asked.groupby("row")["asked"].shift(fill_value=-1)
    row, tick = (seen.hearings[name].to_numpy() for name in ("row", "tick"))
    span = int(max(tick.max(initial=0), asked["asked"].max())) + 2
    times = np.sort(row * span + tick)
    until, since = (np.searchsorted(times, asked["row"] * span + asked[name], "right") for name in ("asked", "before"))
    asked["heard"] = until - since
    asked["now"] = (asked["converted"] & asked["asked"].eq(asked["tick"])).astype(float)
    strata = asked.groupby(["society", "before", "asked"])
    size, now = strata["now"].transform("size"), strata["now"].transform("sum")
    apart = asked["heard"] - strata["heard"].transform("mean")
    score = float((asked["now"] * apart).sum())
    # The variance of the sum over as many as now believe, drawn without replacement from the stratum.
    variance = float((apart**2 * now * (size - now) / (size * (size - 1).clip(lower=1))).sum())
    z = score / np.sqrt(variance) if variance > 0 else 0.0
    return Contagion(float(z), float(special.ndtr(-z)), int(asked["now"].sum()))
