"""Chooses the societies of a run that its page replays: a few of each condition, so that it stays small enough."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from askew.report.sections.society.payload import pack
from askew.report.sections.society.states import Scale, scale_of
from askew.report.society_tables import SocietyTables

MOST_EACH = 5
"""The largest number of societies in the page with one condition and k."""

MOST_LETTERS = 10_000_000
"""The largest size of all packed societies together, in characters; the first is always there."""

MOST_EVENTS = 4_000_000
"""The largest number of events of one society in the page; a longer one ends before its last tick."""

_GROUP = ["experiment", "condition", "topic", "k"]
_NUMBERS = ["k", "replicate", "seed", "ticks"]


@dataclass(frozen=True)
class Replay:
    """One society of the page.

    Attributes:
        facts: society, experiment, condition, topic ("" if there is only one), k, replicate, seed, agents and ticks of
            the society; first and last, the ticks that the replay has; cut, whether the society stopped before its
            last tick; short, whether the page leaves out its end.
        packed: The society as `pack` returns it.
    """

    facts: dict[str, Any]
    packed: str


def replays(tables: SocietyTables) -> tuple[list[Replay], str]:
    """Return the societies that the page replays, in their order, and a sentence on those that it leaves out.

    Args:
        tables: The tables of the run, with the columns of `SocietyTables`.
    """
    societies = _all_societies(tables)
    ranked = societies.assign(rank=societies.groupby(_GROUP, sort=False).cumcount())
    scales: dict[tuple[str, str], Scale] = {}
    found: dict[int, Replay] = {}
    size = 0
    events = _by_society(tables.events)
    for row in ranked[ranked["rank"] < MOST_EACH].sort_values("rank", kind="stable").to_dict("records"):
        kind = str(row["experiment"]), str(row["topic"])
        if kind not in scales:
            scales[kind] = _scale(tables, societies, *kind)
        replay = _replay(tables, events[str(row["society"])], scales[kind], row)
        if found and size + len(replay.packed) > MOST_LETTERS:
            break
        found[int(row["place"])] = replay
        size += len(replay.packed)
    return [found[place] for place in sorted(found)], _left_out(societies, list(found))


def _all_societies(tables: SocietyTables) -> pd.DataFrame:
    """Return a row for every society with events, also for those that were cut short before they had a row."""
    known = tables.societies.drop_duplicates("society").assign(topic=tables.societies.get("topic", ""))
    names = tables.events["society"].unique()
    unfinished = [name for name in names if name not in set(known["society"])]
    unknown = {"experiment": "", "condition": "unfinished", "topic": "", **dict.fromkeys(_NUMBERS, -1)}
    rows = [{"society": name, **unknown} for name in unfinished]
    whole = pd.concat([known, pd.DataFrame(rows)], ignore_index=True) if rows else known
    whole = whole[whole["society"].isin(names)].reset_index(drop=True)
    return whole.assign(place=range(len(whole)))


def _by_society(events: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {str(name): rows for name, rows in events.groupby("society", sort=False)}


def _scale(tables: SocietyTables, societies: pd.DataFrame, experiment: str, topic: str) -> Scale:
    """Return the states of an experiment, from all its societies, so that those of its controls have the same."""
    names = societies.loc[societies["experiment"].eq(experiment) & societies["topic"].eq(topic), "society"]
    parts = (tables.events, tables.agents, tables.roles)
    return scale_of(*(rows[rows["society"].isin(names)] for rows in parts))


def _one(tables: SocietyTables, events: pd.DataFrame, name: str) -> SocietyTables:
    """Return the tables of one society; its events end before the tick with which they would be too many."""
    if len(events) > MOST_EVENTS:
        events = events[events["tick"] < events["tick"].sort_values(ignore_index=True)[MOST_EVENTS]]
    parts = {part: getattr(tables, part) for part in ("agents", "attributions", "roles")}
    return replace(tables, events=events, **{part: rows[rows["society"].eq(name)] for part, rows in parts.items()})


def _replay(tables: SocietyTables, events: pd.DataFrame, scale: Scale, row: Mapping[Any, Any]) -> Replay:
    """Return the replay of the society with these events and this row."""
    one = _one(tables, events, str(row["society"]))
    numbers = {name: int(row[name]) for name in _NUMBERS}
    facts = {
        **numbers,
        **{name: str(row[name]) for name in ("society", "experiment", "condition", "topic")},
        "agents": len(one.agents),
        "first": int(one.events["tick"].min()),
        "last": int(one.events["tick"].max()),
        "short": len(one.events) < len(events),
        "cut": numbers["ticks"] < 0 or int(events["tick"].max()) + 1 < numbers["ticks"],
    }
    return Replay(facts, pack(one, scale))


def _left_out(societies: pd.DataFrame, places: Sequence[int]) -> str:
    """Return a sentence on the societies that the page leaves out, by condition; "" if it has all."""
    missing = societies[~societies["place"].isin(places)]
    if missing.empty:
        return ""
    names = missing["condition"].astype(str)
    if societies["k"].nunique() > 1:
        names += ", k = " + missing["k"].astype(str)
    counted = "; ".join(f"{count} of {name}" for name, count in Counter(names).items())
    return (
        f"{len(places):,} of the run’s {len(societies):,} societies are on this page, the first of each condition. "
        f"Left out: {counted}. The events of all are in society/events.parquet."
    )
