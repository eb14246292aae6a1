"""Adoption: the share of agents on the side of the bent ones, over time, at the end, and before and after these leave.

All tables have one value per society, or per society and tick: agents of one society are not independent.
"""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from askew.stats.societies import differences, means, with_societies

Hysteresis = Literal["stayed", "went back", "nothing to keep", "can't tell"]
STAYED: Hysteresis = "stayed"
WENT_BACK: Hysteresis = "went back"
NOTHING: Hysteresis = "nothing to keep"
UNSURE: Hysteresis = "can't tell"

HYSTERESIS = (
    *("k", "condition", "before", "before_low", "before_high", "after", "after_low", "after_high"),
    *("fell", "fell_low", "fell_high", "kept", "kept_low", "kept_high", "societies", "seeds", "reading"),
)
"""The columns of `hysteresis`."""

SHARES = (0.0, 1.0)
"""The limits of adoption."""


def adoption_over_time(
    events: pd.DataFrame, agents: pd.DataFrame, *, option: int = 1, kind: str = "opinion", parts: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return the share of agents that chose an option, per society and tick in which any was asked.

    Args:
        events: The columns society, tick, agent, kind and option; answers that could not be used are no events of
            this kind, and an option that is neither 0 nor 1 is left out.
        agents: The columns society, agent and part.
        option: The option whose share is wanted, 0 or 1.
        kind: The kind of event that counts: "opinion", "act" or "vote".
        parts: The parts of the agents that count, for example ("good",); all agents if empty.

    Returns:
        The columns society, tick, value (0-1) and answers (their number), by society and tick.
    """
    chosen = events[events["kind"].eq(kind) & events["option"].isin([0, 1])]
    return numbers_over_time(chosen.assign(number=chosen["option"].eq(option)), agents, kind=kind, parts=parts)


def numbers_over_time(
    events: pd.DataFrame, agents: pd.DataFrame, *, kind: str, parts: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return the mean number of events of a kind, per society and tick: what was paid or taken, the law.

    Args:
        events: The columns society, tick, agent, kind and number; events without a number are left out.
        agents: The columns society, agent and part.
        kind: The kind of events, for example "pay".
        parts: The parts of the agents that count; all agents, and the world, if empty.

    Returns:
        The columns society, tick, value and answers (the number of events), by society and tick.
    """
    own = events[events["kind"].eq(kind) & events["number"].notna()]
    if parts:
        own = own.merge(agents.loc[agents["part"].isin(parts), ["society", "agent"]], on=["society", "agent"])
    number = own["number"].astype(float)
    return number.groupby([own["society"], own["tick"]]).agg(value="mean", answers="size").reset_index()


def moods(events: pd.DataFrame, agents: pd.DataFrame) -> pd.DataFrame:
    """Return the last mood of each agent of each other, as far as it ever changed: the network of trust.

    Args:
        events: The columns society, tick, agent, kind, to and number.
        agents: The columns society, agent and part.

    Returns:
        One row per pair: society, agent, to, part, to_part and value (-1 to 1).
    """
    pair = ["society", "agent", "to"]
    last = events[events["kind"].eq("feel")].groupby(pair, sort=False)["number"].last().rename("value").reset_index()
    part = agents[["society", "agent", "part"]]
    last = last.merge(part, on=["society", "agent"], how="left")
    other = part.rename(columns={"agent": "to", "part": "to_part"})
    return last.merge(other, on=["society", "to"], how="left")[[*pair, "part", "to_part", "value"]]


def in_ticks(over_time: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Return the mean of each society in some ticks; societies without an answer then are left out.

    Args:
        over_time: The columns of `adoption_over_time` or `numbers_over_time`.
        first: The first tick that counts.
        last: The last tick that counts.

    Returns:
        The columns society and value.
    """
    inside = over_time[over_time["tick"].between(first, last)]
    return inside.groupby("society", sort=False)["value"].mean().reset_index()


def leaving(events: pd.DataFrame) -> pd.DataFrame:
    """Return when agents left each society; societies that nobody left are left out.

    Args:
        events: The columns society, tick and kind.

    Returns:
        The columns society and tick (the first without those that left).
    """
    return events[events["kind"].eq("leave")].groupby("society", sort=False)["tick"].min().reset_index()


def before_and_after(over_time: pd.DataFrame, left: pd.DataFrame, window: int) -> pd.DataFrame:
    """Return each society's adoption just before the bent ones leave and at its end.

    Args:
        over_time: The columns of `adoption_over_time`, for the good agents.
        left: One row per society, with the columns society and tick (the first without the bent ones), see `leaving`.
        window: Number of ticks that are averaged, before they leave and at the end.

    Returns:
        One row per society: society, before and after (0-1; NaN where nobody answered then).
    """
    rows = []
    by_society = dict(iter(over_time.groupby("society", sort=False)))
    for society, tick in zip(left["society"], left["tick"], strict=True):
        own = by_society.get(society, over_time.iloc[:0])
        until, since = own[own["tick"] < tick], own[own["tick"] >= tick]
        before = until.loc[until["tick"] >= tick - window, "value"].mean()
        after = since.loc[since["tick"] > since["tick"].max() - window, "value"].mean()
        rows.append((society, float(before), float(after)))
    return pd.DataFrame(rows, columns=["society", "before", "after"])


def hysteresis(
    both: pd.DataFrame, never: pd.DataFrame, societies: pd.DataFrame, *, margin: float = 0.1, threshold: float = 0.5
) -> pd.DataFrame:
    """Return how much of the adoption is left after the bent ones left, for each k and condition, with 95% intervals.

    Adoption *stayed* if a majority had adopted and more than half of the rise over societies that never had bent agents
    is left, beyond chance; it *went back* if less than half of it is left, beyond chance.

    Args:
        both: The columns of `before_and_after`.
        never: The adoption at the end of societies without bent agents (k = 0): society and value (0-1).
        societies: The columns society, condition, k, agents and seed.
        margin: A rise below this, 0-1, leaves nothing to keep.
        threshold: The part of the rise, 0-1, that separates the two readings.

    Returns:
        The columns `HYSTERESIS`: adoption before and after; fell, the fall from before to after within societies; kept,
        adoption after, minus that of societies without bent agents; all in shares of the good agents.
    """
    table = with_societies(both, societies)
    base = with_societies(never, societies)
    by = ["k", "condition"]
    before = means(table.assign(value=table["before"]), by, limits=SHARES, basins=True)
    after = means(table.assign(value=table["after"]), by, limits=SHARES, basins=True)
    fell = means(table.assign(value=table["before"] - table["after"]), by, limits=(-1.0, 1.0))
    left = pd.concat([table.assign(value=table["after"], of="left"), _copies(base, table[by].drop_duplicates())])
    kept = differences(left, "of", "never", by, limits=SHARES, basins=True)
    # What is left beyond that part of the rise: zero is the border between the two readings.
    part = table.assign(value=table["after"] - threshold * table["before"], of="left")
    beyond = pd.concat([part, _copies(base.assign(value=base["value"] * (1 - threshold)), table[by].drop_duplicates())])
    border = differences(beyond, "of", "never", by)
    merged = before[[*by, "mean", "low", "high", "societies", "seeds"]]
    merged = merged.rename(columns={"mean": "before", "low": "before_low", "high": "before_high"})
    for name, other, value in (("after", after, "mean"), ("fell", fell, "mean"), ("kept", kept, "difference")):
        renamed = {value: name, "low": f"{name}_low", "high": f"{name}_high"}
        merged = merged.merge(other[[*by, *renamed]].rename(columns=renamed), on=by, how="left")
    bounds = border[[*by, "low", "high"]].rename(columns={"low": "_low", "high": "_high"})
    merged = merged.merge(bounds, on=by, how="left")
    start = float(base["value"].mean()) if len(base) else np.nan
    merged["reading"] = [_reading(row, start, margin) for row in merged.to_dict("records")]
    return merged[list(HYSTERESIS)]


def _copies(base: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Return the societies without bent agents once for each k and condition with which they are compared."""
    return base.drop(columns=["k", "condition"]).merge(places, how="cross").assign(of="never")


def _reading(row: Mapping[Any, Any], start: float, margin: float) -> Hysteresis:
    if np.isnan(row["_low"]) or np.isnan(start):
        return UNSURE
    if row["before"] - start < margin:
        return NOTHING
    if row["_low"] > 0:
        return STAYED
    if row["_high"] < 0:
        return WENT_BACK
    return UNSURE
