"""Section: what happened in the societies: adoption by the number of bent agents, roles, laws and beliefs over time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from askew.report import society_charts, wording
from askew.report.content import ReportContent
from askew.report.sections import Figure, Section, section
from askew.report.sections.society import tables_of
from askew.report.society_tables import SocietyTables

_TABLES = ("adoption", "tipping", "tipped", "kept", "role_shares", "laws", "beliefs")


def figures_of(tables: SocietyTables) -> dict[str, Figure]:
    """Return the figures of societies by name; those without rows are left out.

    Args:
        tables: The tables of the run; see `SocietyTables` for their columns.
    """
    found = {}
    if len(tables.adoption):
        spoken = f"Adoption by the number of bent agents. {_adoption_in_words(tables.adoption)} {_tipping(tables)}"
        found["adoption"] = Figure(
            lambda narrow: society_charts.adoption(tables.adoption, tables.tipping, narrow), spoken
        )
    if len(tables.role_shares):
        spoken = f"The share of agents with each role, by tick. {_ends(tables.role_shares, 'condition', 'role')}"
        found["roles"] = Figure(lambda narrow: society_charts.roles_over_time(tables.role_shares, narrow), spoken)
    if len(tables.laws):
        spoken = f"The law and what was paid, by tick. {_ends(tables.laws, 'condition', 'measure')}"
        found["laws"] = Figure(lambda narrow: society_charts.laws(tables.laws, narrow), spoken)
    if len(tables.beliefs):
        spoken = f"Who believes and what keywords count, by tick. {_ends(tables.beliefs, 'condition', 'measure')}"
        found["beliefs"] = Figure(lambda narrow: society_charts.beliefs(tables.beliefs, narrow), spoken)
    return found


def _adoption_in_words(rows: pd.DataFrame) -> str:
    """Return the adoption at the least and the greatest k of each line, as a sentence."""
    said = []
    for (condition, phase), line in rows.groupby(["condition", "phase"], sort=False):
        in_order = line.sort_values("k")
        ends = _records(in_order.iloc[[0, -1]] if len(line) > 1 else in_order)
        shares = " and ".join(f"{wording.percent(end['mean'])} at k {int(end['k'])}" for end in ends)
        said.append(f"{condition}, {phase}: {shares}")
    return f"{'; '.join(said)}."


def _ends(rows: pd.DataFrame, *names: str) -> str:
    """Return the last value of each line, as a sentence."""
    last = rows.loc[rows.groupby(list(names), sort=False)["tick"].idxmax()]
    said = [f"{', '.join(str(row[name]) for name in names)} {wording.percent(row['mean'])}" for row in _records(last)]
    return f"At the end: {'; '.join(said)}."


def _tipping(tables: SocietyTables) -> str:
    """Return a sentence on the predicted tipping points; "" if nothing was predicted."""
    said = []
    for row in _records(tables.tipping):
        if np.isfinite(row["share"]):
            share = wording.share_or_none(row["share"], row["low"], row["high"])
            said.append(f"{row['condition']}: {share} of the agents")
        elif np.isinf(row["share"]):
            said.append(f"{row['condition']}: none")
    return f"Predicted tipping point, {'; '.join(said)}." if said else ""


def _records(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    return rows.to_dict("records")


def _adoption_rows(tables: SocietyTables) -> list[dict[str, Any]]:
    """Return the rows of the table of adoption."""
    return [
        {
            "name": f"{row['condition']}, k = {int(row['k'])} of {int(row['agents'])}",
            "note": row["phase"],
            "cells": [wording.percent(row["mean"]), wording.interval(row["low"], row["high"]) or wording.NOTHING],
        }
        for row in _records(tables.adoption)
    ]


def _tipped_rows(tables: SocietyTables) -> list[dict[str, Any]]:
    """Return the rows of the table of predicted and observed tipping."""
    return [
        {
            "name": str(row["condition"]),
            "note": f"mean field: {row['mean_field']}; {int(row['societies'])} societies",
            "cells": [
                *(_crossing(row, name) for name in ("predicted", "observed")),
                wording.percent(row["jump"]),
                wording.percent(row["middle"]),
                row["reading"],
            ],
        }
        for row in _records(tables.tipped)
    ]


def _crossing(row: Mapping[Any, Any], name: str) -> str:
    return wording.share_or_none(row[name], row[f"{name}_low"], row[f"{name}_high"])


def _kept_rows(tables: SocietyTables) -> list[dict[str, Any]]:
    """Return the rows of the table of adoption before and after the bent agents left."""
    return [
        {
            "name": f"{row['condition']}, k = {int(row['k'])}",
            "note": f"{int(row['societies'])} societies",
            "cells": [
                *(_share_of(row, name) for name in ("before", "after")),
                f"{wording.points(row['kept'])} {wording.points_interval(row['kept_low'], row['kept_high'])}",
                row["reading"],
            ],
        }
        for row in _records(tables.kept)
    ]


def _share_of(row: Mapping[Any, Any], name: str) -> str:
    interval = wording.interval(row[f"{name}_low"], row[f"{name}_high"])
    return f"{wording.percent(row[name])} {interval}".strip()


def _values(content: ReportContent) -> dict[str, Any]:
    tables = tables_of(content)
    return {
        "adoption_rows": _adoption_rows(tables),
        "tipping": _tipping(tables),
        "tipped_rows": _tipped_rows(tables),
        "kept_rows": _kept_rows(tables),
    }


section(
    Section(
        name="societies",
        title="What happened in the societies",
        place=16,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: bool(figures_of(tables_of(content))),
        values=_values,
        figures=lambda content: figures_of(tables_of(content)),
        tables=lambda content: {f"society_{name}": getattr(tables_of(content), name) for name in _TABLES},
    )
)
