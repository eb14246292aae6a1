"""The tables of societies in the report: adoption, roles, laws and beliefs as tables with intervals over societies."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from askew.report.society_tables import SocietyTables
from askew.stats import adoption, attribution, roles, transmission
from askew.stats.societies import means
from askew.studies.society import outcomes, tipping
from askew.studies.society.societies import BENT
from askew.worlds.society.experiments.roles import ROLES

if TYPE_CHECKING:
    from askew.design.tables import Tables

_THERE, _LEFT = "the bent are there", "after they left"


def shown(tables: "Tables") -> SocietyTables:
    """Return the tables of a run's societies, as its report shows them; empty if it has none.

    Args:
        tables: The tables of the run; its events, agents, societies and predictions are read.
    """
    if tables.societies.empty:
        return SocietyTables()
    named = tables.societies.assign(seed=outcomes.model_seed(tables.societies))
    named = named.assign(condition=_titles(named, tables.societies))
    found: dict[str, Any] = {"events": tables.events, "agents": tables.agents, "societies": named}
    experiment = tables.design.society.experiment
    if experiment == BENT:
        found["adoption"] = _adoption(tables, named)
        found["tipping"] = _tipping(tables, named)
        compared, left = tipping.compared(tables), tipping.left_behind(tables).assign(condition="leave")
        found["tipped"] = compared.assign(condition=_titles(compared, tables.societies))
        found["kept"] = left.assign(condition=_titles(left, tables.societies))
    else:
        found |= _OF_EXPERIMENT.get(experiment, _nothing)(tables, named)
    return SocietyTables(**found)


def _titles(rows: pd.DataFrame, societies: pd.DataFrame) -> pd.Series:
    """Return the condition of each row, with its arm and its topic where societies have several."""
    title = rows["condition"].astype(str)
    for name in ("topic", "arm"):
        if societies[name].nunique() > 1:
            title = rows[name].astype(str) + ", " + title
    return title


def _adoption(tables: "Tables", named: pd.DataFrame) -> pd.DataFrame:
    over_time = outcomes.OPINION.of(tables.events, tables.agents)
    left = adoption.leaving(tables.events)
    both = adoption.before_and_after(over_time, left, outcomes.WINDOW)
    stayed = over_time[~over_time["society"].isin(left["society"])]
    last = stayed["society"].map(named.set_index("society")["ticks"]).astype(float)
    ends = stayed[stayed["tick"] >= last - outcomes.WINDOW].groupby("society", sort=False)["value"].mean()
    parts = [
        ends.reset_index().assign(phase=_THERE),
        both[["society", "before"]].rename(columns={"before": "value"}).assign(phase=_THERE),
        both[["society", "after"]].rename(columns={"after": "value"}).assign(phase=_LEFT),
    ]
    values = pd.concat(parts, ignore_index=True).merge(named, on="society")
    table = means(values, ["condition", "k", "agents", "phase"], limits=adoption.SHARES, basins=True)
    return table[["condition", "k", "agents", "phase", "mean", "low", "high"]]


def _tipping(tables: "Tables", named: pd.DataFrame) -> pd.DataFrame:
    """Return the predicted tipping share of each condition that is shown."""
    if tables.predicted.empty:
        return pd.DataFrame(columns=["condition", "share", "low", "high"])
    places = named[["arm", "topic", "condition"]].drop_duplicates()
    return places.merge(tables.predicted, on=["arm", "topic"])[["condition", "share", "low", "high"]]


def _roles(tables: "Tables", named: pd.DataFrame) -> dict[str, pd.DataFrame]:
    table = roles.roles(roles.activities(tables.events, ROLES), outcomes.ROLE_WINDOW)
    shares = roles.roles_over_time(table).merge(named, on="society").rename(columns={"share": "value"})
    shares["tick"] = shares["window"] * outcomes.ROLE_WINDOW
    found = means(shares, ["condition", "role", "tick"], limits=(0.0, 1.0))
    own = table.assign(tick=table["window"] * outcomes.ROLE_WINDOW)[["society", "agent", "tick", "role"]]
    return {"role_shares": found[["condition", "role", "tick", "mean", "low", "high"]], "roles": own}


def _laws(tables: "Tables", named: pd.DataFrame) -> dict[str, pd.DataFrame]:
    parts = [
        adoption.numbers_over_time(tables.events, tables.agents, kind=kind).assign(measure=measure)
        for kind, measure in (("law", "law"), ("pay", "paid"))
    ]
    values = pd.concat(parts, ignore_index=True).merge(named, on="society")
    found = means(values, ["condition", "measure", "tick"])
    return {"laws": found[["condition", "measure", "tick", "mean", "low", "high"]]}


def _beliefs(tables: "Tables", named: pd.DataFrame) -> dict[str, pd.DataFrame]:
    events, agents = tables.events, tables.agents
    apart = agents.loc[agents["part"].eq("priest"), ["society", "agent"]]
    believes = adoption.adoption_over_time(events, agents, kind="belief", parts=("agent",))
    said = events[events["kind"].eq("adopt")].merge(
        agents.loc[agents["part"].eq("agent"), ["society", "agent"]], on=["society", "agent"]
    )
    size = agents[agents["part"].eq("agent")].groupby("society").size().rename("size").reset_index()
    asked = believes[["society", "tick"]].merge(size, on="society")
    by_then = asked.merge(said[["society", "tick"]].rename(columns={"tick": "said"}), on="society")
    by_then = by_then[by_then["said"] <= by_then["tick"]].groupby(["society", "tick"]).size().rename("speakers")
    spoken = asked.merge(by_then.reset_index(), on=["society", "tick"], how="left").fillna({"speakers": 0})
    counted = [
        spoken[["society", "tick"]].assign(value=spoken["speakers"] / spoken["size"], measure="says a keyword"),
        believes[["society", "tick", "value"]].assign(measure="believes"),
    ]
    values = pd.concat(counted, ignore_index=True).merge(named, on="society")
    found = means(values, ["condition", "measure", "tick"], limits=(0.0, 1.0))
    seen = transmission.histories(events, apart=apart)
    attributed = attribution.attribution(seen, transmission.conversion_chances(seen))
    where = seen.agents.loc[attributed["row"], ["society", "agent"]].reset_index(drop=True)
    attributions = pd.concat([where, attributed[["source", "tick", "probability"]].reset_index(drop=True)], axis=1)
    return {
        "beliefs": found[["condition", "measure", "tick", "mean", "low", "high"]],
        "attributions": attributions[["society", "agent", "source", "tick", "probability"]],
    }


def _nothing(tables: "Tables", named: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {}


_OF_EXPERIMENT: dict[str, Callable[["Tables", pd.DataFrame], dict[str, pd.DataFrame]]] = {
    "roles": _roles,
    "tax": _laws,
    "religion": _beliefs,
}
