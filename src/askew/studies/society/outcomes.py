"""The outcomes of societies, one number per society.

The side of bent agents is side 0 of the topic, to take what one likes; in their societies, only what the good agents
say and do counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from askew.stats import adoption, roles
from askew.stats.effects import Unit
from askew.worlds.society.experiments.roles import ROLES

if TYPE_CHECKING:
    from askew.design.tables import Tables

BENT_SIDE = 0
GOOD, LAY = ("good",), ("agent",)
WINDOW = 6
"""Ticks at the end of a society whose answers are its outcome: a day."""
ROLE_WINDOW = 10
"""Ticks in which the role of an agent is what it mostly did."""


@dataclass(frozen=True)
class Outcome:
    """A number per society.

    Attributes:
        title: Its name in tables.
        measure: The quantity, in words.
        of: Returns a value per society and tick, from the events and the agents.
        unit: The unit of its differences.
        limits: The least and the greatest value.
        basins: Whether societies may end in either of two basins, see `stats.societies.means`.
    """

    title: str
    measure: str
    of: Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]
    unit: Unit = "points"
    limits: tuple[float, float] = (0.0, 1.0)
    basins: bool = False


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


def _paid(events: pd.DataFrame, agents: pd.DataFrame) -> pd.DataFrame:
    return adoption.numbers_over_time(events, agents, kind="pay", parts=LAY)


def _law(events: pd.DataFrame, agents: pd.DataFrame) -> pd.DataFrame:
    """Return the law in force at the end of each society."""
    laws = adoption.numbers_over_time(events, agents, kind="law")
    last = events.groupby("society")["tick"].max()
    return laws.drop_duplicates("society", keep="last").assign(tick=lambda own: own["society"].map(last))


def _wanted(events: pd.DataFrame, agents: pd.DataFrame) -> pd.DataFrame:
    """Return the share of voters who say that the tax should be lower, of those who say that it should change."""
    return adoption.adoption_over_time(events, agents, option=0, kind="say", parts=LAY)


def _believes(events: pd.DataFrame, agents: pd.DataFrame) -> pd.DataFrame:
    return adoption.adoption_over_time(events, agents, kind="belief", parts=LAY)


def _spoke(events: pd.DataFrame, agents: pd.DataFrame) -> pd.DataFrame:
    """Return the share of agents that have used a keyword in public by the end."""
    lay = agents.loc[agents["part"].isin(LAY), ["society", "agent"]]
    ever = events.loc[events["kind"].eq("adopt"), ["society", "agent"]].drop_duplicates().assign(spoke=1.0)
    share = (
        lay.merge(ever, on=["society", "agent"], how="left")["spoke"].fillna(0.0).groupby(lay["society"].array).mean()
    )
    last = events.groupby("society")["tick"].max()
    return pd.DataFrame({"society": share.index, "tick": last.reindex(share.index).array, "value": share.array})


def _role(measure: str) -> Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]:
    """Return a function for a measure of `stats.roles`, over a whole society."""

    def of(events: pd.DataFrame, agents: pd.DataFrame) -> pd.DataFrame:
        table = roles.role_measures(roles.roles(roles.activities(events, ROLES), ROLE_WINDOW))
        own = table[table["measure"].eq(measure)]
        return own.assign(tick=own["society"].map(events.groupby("society")["tick"].max()))[
            ["society", "tick", "value"]
        ]

    return of


OPINION = Outcome("Opinion, asked privately", "good agents on the side of the bent ones", _opinion, basins=True)
OUTCOMES: Mapping[str, Mapping[str, Outcome]] = {
    "bent": {
        "opinion": OPINION,
        "said": Outcome("What is said", "good agents' statements on the side of the bent ones", _said),
        "vote": Outcome("Votes", "good agents' votes for the side of the bent ones", _voted),
        "taken": Outcome("Taking", "good agents' takings of more than their part", _grabbed),
        "trust": Outcome("Trust", "good agents' moods that are good", _trusted),
    },
    "roles": {
        "persistence": Outcome("Roles that last", roles.MEASURES["persistence"], _role("persistence"), limits=(-1, 1)),
        "focus": Outcome("Focus on a role", roles.MEASURES["focus"], _role("focus"), limits=(-1, 1)),
        "entropy": Outcome("Diversity of roles", roles.MEASURES["entropy"], _role("entropy"), "nats", (0, 3)),
    },
    "tax": {
        "paid": Outcome("What is paid", "share of coins that voters pay", _paid),
        "law": Outcome("The law", "tax by law at the end", _law),
        "wanted": Outcome("What is said", "voters' statements for a lower tax, of those for a change", _wanted),
    },
    "religion": {
        "believes": Outcome("Belief, asked privately", "agents that believe", _believes),
        "spoke": Outcome("Keywords", "agents that have ever used a keyword", _spoke),
    },
}
"""The outcomes of each experiment by name; the first one leads."""


def values(tables: "Tables", outcome: Outcome) -> pd.DataFrame:
    """Return the outcome of each society in its last ticks.

    Args:
        tables: The tables of the run; its events, agents and societies are read.
        outcome: The outcome.

    Returns:
        One row per society: society, value, and the columns arm, condition, topic, k, agents, seed (of its models).
    """
    over_time = outcome.of(tables.events, tables.agents)
    last = tables.societies.set_index("society")["ticks"]
    ends = over_time[over_time["tick"] >= over_time["society"].map(last).astype(float) - WINDOW]
    found = ends.groupby("society", sort=False)["value"].mean().reset_index()
    return tables.societies.assign(seed=model_seed(tables.societies)).merge(found, on="society", how="left")[
        ["society", "value", "arm", "condition", "topic", "k", "agents", "seed"]
    ]


def model_seed(rows: pd.DataFrame) -> pd.Series:
    """Return the training seed of the models of each society, from its column players: "good-0, bad-0" has 0."""
    return rows["players"].str.extract(r"-(\d+)$", expand=False).astype(int)
