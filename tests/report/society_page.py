"""Reports of societies for tests."""

from dataclasses import replace

import pandas as pd
from made_society import HOSTILE
from synthetic_run import make_content

from askew.report.content import ReportContent
from askew.report.society_tables import SocietyTables


def society_content(tables: SocietyTables) -> ReportContent:
    """Return the content of a report of societies, and of answers to questions."""
    return replace(make_content(samples=2), society=tables)


def with_hostile_texts(tables: SocietyTables, society: str) -> SocietyTables:
    """Return tables in which the names, places and texts of one society's first agents are hostile."""
    events, agents = tables.events.copy(), tables.agents.copy()
    said = events.index[events["society"].eq(society) & events["kind"].isin(["say", "hear"])]
    events.loc[said[:40], "text"] = HOSTILE
    events.loc[said[40:45], "text"] = "x" * 5_000 + " THE END."
    events["place"] = events["place"].replace({"Harbour": HOSTILE})
    mine = agents.index[agents["society"].eq(society)]
    agents.loc[mine[0], "name"] = HOSTILE
    agents.loc[mine[1], "part"] = "constructor"
    agents.loc[mine[2], "model"] = HOSTILE
    agents["home"] = agents["home"].replace({"Harbour": HOSTILE})
    return replace(tables, events=events, agents=agents)


def cut_short(tables: SocietyTables, society: str, last: int, with_row: bool = True) -> SocietyTables:
    """Return tables in which a society stops at a tick; one that has no row yet was killed before it had ended."""
    late = tables.events["society"].eq(society) & tables.events["tick"].gt(last)
    rows = tables.societies if with_row else tables.societies[tables.societies["society"].ne(society)]
    return replace(tables, events=tables.events[~late], societies=rows)


def adoption_table() -> pd.DataFrame:
    """Return adoption by k in two conditions, with a second line after the bent have left."""
    rows = [
        (condition, k, 30, phase, min(1.0, k / 15), k / 20, min(1.0, k / 12))
        for condition, phase in (("stay", "at the end"), ("leave", "before"), ("leave", "after"))
        for k in (0, 5, 10, 15)
    ]
    return pd.DataFrame(rows, columns=["condition", "k", "agents", "phase", "mean", "low", "high"])
