"""The tipping that was predicted from single agents beside the one that the societies show, and what is left of it.

A society has tipped if, at its end, most of its good agents are on the side of the bent ones; see
`stats.observed_tipping` and `stats.adoption.hysteresis`.
"""

from typing import TYPE_CHECKING

import pandas as pd

from askew.stats import adoption
from askew.stats.observed_tipping import compare, observed
from askew.studies.society import outcomes
from askew.studies.society.societies import BENT

if TYPE_CHECKING:
    from askew.design.tables import Tables

COLUMNS = (
    *("arm", "topic", "condition", "predicted", "predicted_low", "predicted_high", "mean_field"),
    *("observed", "observed_low", "observed_high", "jump", "middle", "reading", "societies", "seeds"),
)
"""The columns of `compared`."""

_STAY, _LEAVE = "stay", "leave"


def compared(tables: "Tables") -> pd.DataFrame:
    """Return the predicted and the observed crossing of each arm and topic, where both can be had.

    Only societies in which the bent agents stay are compared, for these are predicted.

    Args:
        tables: The tables of the run; its events, agents, societies and predictions are read.

    Returns:
        The columns `COLUMNS`: predicted and observed, the share of bent agents at which half of the societies tip (0-1;
        infinite if none does) with 95% intervals; mean_field, the reading of the prediction; jump, the largest rise of
        adoption between neighbouring k; middle, the share of societies that ended in the middle; and the reading.
    """
    if tables.predicted.empty or tables.societies.empty or tables.design.society.experiment != BENT:
        return pd.DataFrame(columns=list(COLUMNS))
    values = outcomes.values(tables, outcomes.OPINION)
    rows = []
    for row in tables.predicted.to_dict("records"):
        own = values[values["arm"].eq(row["arm"]) & values["condition"].eq(_STAY) & values["topic"].eq(row["topic"])]
        if own.empty:
            continue
        seen = observed(own)
        crossing = (float(row["crossing"]), float(row["crossing_low"]), float(row["crossing_high"]))
        reading = compare(row["reading"], crossing, seen).reading
        shares = (seen.crossing, seen.low, seen.high, seen.jump, seen.middle)
        place = (row["arm"], row["topic"], _STAY, *crossing, row["reading"])
        rows.append((*place, *shares, reading, seen.societies, seen.seeds))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def left_behind(tables: "Tables") -> pd.DataFrame:
    """Return what is left of the adoption after the bent agents have left, per arm, topic and k, against none of them.

    Args:
        tables: The tables of the run; its events, agents and societies are read.

    Returns:
        The columns arm, topic and those of `stats.adoption.hysteresis`; no row where no society has the condition
        leave.
    """
    found = [pd.DataFrame(columns=["arm", "topic", *adoption.HYSTERESIS])]
    over_time = outcomes.OPINION.of(tables.events, tables.agents)
    left = adoption.before_and_after(over_time, adoption.leaving(tables.events), outcomes.WINDOW)
    values = outcomes.values(tables, outcomes.OPINION)
    for (arm, topic), own in values.groupby(["arm", "topic"], sort=False):
        never = own[own["k"].eq(0) & own["condition"].eq(_LEAVE)]
        both = left[left["society"].isin(own.loc[own["k"].gt(0), "society"])]
        if len(both) and len(never):
            found.append(
                adoption.hysteresis(both, never[["society", "value"]], own).assign(arm=str(arm), topic=str(topic))
            )
    return pd.concat([table for table in found if len(table)] or found, ignore_index=True)[found[0].columns]
