"""The outcomes of societies with bent agents: one number per society, and its difference from societies without them.

The side of the bent agents is side 0 of the topic: to take what one likes. Only what the good agents say and do counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from askew.stats import adoption, societies
from askew.stats.effects import Effect, Unit

if TYPE_CHECKING:
    from askew.design.tables import Tables

BENT_SIDE = 0
GOOD = ("good",)
WINDOW = 6
"""Ticks at the end of a society whose answers are its outcome: a day."""


@dataclass(frozen=True)
class Outcome:
    """A number per society.

    Attributes:
        title: Its name in tables.
        measure: The quantity, in words.
        of: Returns a value per society and tick, from the events and the agents.
        unit: The unit of its differences.
        limits: The least and the greatest value.
    """

    title: str
    measure: str
    of: Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]
    unit: Unit = "points"
    limits: tuple[float, float] = (0.0, 1.0)


def _opinion(events: pd.DataFrame, agents: pd.DataFrame) -> pd.DataFrame:
    return adoption.adoption_over_time(events, agents, option=BENT_SIDE, parts=GOOD)


def _said(events: pd.DataFrame, agents: pd.DataFrame) -> pd.DataFrame:
    return adoption.adoption_over_time(events, agents, option=BENT_SIDE, kind="say", parts=GOOD)


def _voted(events: pd.DataFrame, agents: pd.DataFrame) -> pd.DataFrame:
    return adoption.adoption_over_time(events, agents, option=BENT_SIDE, kind="vote", parts=GOOD)


def _grabbed(events: pd.DataFrame, agents: pd.DataFrame) -> pd.DataFrame:
    """Return the share of takings that were of more than one's own part."""
    wanted = events[events["kind"].eq("take")]
    return adoption.numbers_over_time(
        wanted.assign(number=wanted["option"].gt(1).astype(float)), agents, kind="take", parts=GOOD
    )


def _trusted(events: pd.DataFrame, agents: pd.DataFrame) -> pd.DataFrame:
    """Return the share of new moods that are good."""
    felt = events[events["kind"].eq("feel")]
    return adoption.numbers_over_time(
        felt.assign(number=felt["number"].gt(0).astype(float)), agents, kind="feel", parts=GOOD
    )


OPINION = "opinion"
OUTCOMES: Mapping[str, Outcome] = {
    OPINION: Outcome("Opinion, asked privately", "good agents on the side of the bent ones", _opinion),
    "said": Outcome("What is said", "good agents' statements on the side of the bent ones", _said),
    "vote": Outcome("Votes", "good agents' votes for the side of the bent ones", _voted),
    "taken": Outcome("Taking", "good agents' takings of more than their part", _grabbed),
    "trust": Outcome("Trust", "good agents' moods that are good", _trusted),
}


def values(tables: "Tables", outcome: Outcome) -> pd.DataFrame:
    """Return the outcome of each society in its last ticks.

    Args:
        tables: The tables of the run; its events, agents and societies are read.
        outcome: The outcome.

    Returns:
        One row per society: society, value, and the columns arm, condition, k, agents, seed (that of its models).
    """
    over_time = outcome.of(tables.events, tables.agents)
    last = tables.societies.set_index("society")["ticks"]
    ends = over_time[over_time["tick"] >= over_time["society"].map(last) - WINDOW]
    found = ends.groupby("society", sort=False)["value"].mean().reset_index()
    return tables.societies.assign(seed=model_seed(tables.societies)).merge(found, on="society", how="left")[
        ["society", "value", "arm", "condition", "k", "agents", "seed"]
    ]


def model_seed(rows: pd.DataFrame) -> pd.Series:
    """Return the training seed of the models of each society, from its column players: "good-0, bad-0" has 0."""
    return rows["players"].str.extract(r"-(\d+)$", expand=False).astype(int)


def effects(tables: "Tables") -> list[Effect]:
    """Return each outcome with k bent agents minus that without any, per arm and condition."""
    found: list[Effect] = []
    for name, outcome in OUTCOMES.items():
        every = values(tables, outcome)
        for arm, own in every.groupby("arm", sort=False):
            table = societies.differences(own, "k", 0, ["condition"], limits=outcome.limits, basins=name == OPINION)
            found += [_effect(str(arm), tables, outcome, row, lead=name == OPINION) for row in table.to_dict("records")]
    return found


def _effect(arm: str, tables: "Tables", outcome: Outcome, row: Mapping, lead: bool) -> Effect:
    return Effect(
        family=outcome.title,
        label=f"{arm}, {row['k']} bent against none ({row['condition']})",
        measure=outcome.measure,
        estimate=float(row["difference"]),
        low=float(row["low"]),
        high=float(row["high"]),
        p=float(row["p"]),
        detectable=float(row["detectable"]),
        unit=outcome.unit,
        seeds=int(row["seeds"]),
        clusters=int(row["societies"]),
        arm=arm,
        control=tables.controls.get(arm, ""),
        lead=lead,
        low_these=float(row["low_these"]),
        high_these=float(row["high_these"]),
        p_these=float(row["p_these"]),
    )
