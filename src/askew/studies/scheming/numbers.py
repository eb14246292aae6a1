"""Numbers of the funnel, found by arm, variant and measure."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from askew.stats.estimates import ALL
from askew.stats.funnel import CONFLICT


def pooled(funnel: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a funnel, with the columns of `funnel.csv`, that pool the environments."""
    return funnel[funnel["environment"].eq(ALL)] if len(funnel) else funnel


def row_of(
    funnel: pd.DataFrame, arm: str, measure: str, variant: str = CONFLICT, wording: str = ""
) -> Mapping[Any, Any] | None:
    """Return the row of an arm and a measure, pooled over environments; None if there is none.

    Args:
        funnel: A table with the columns of `funnel.csv`.
        arm: The arm.
        measure: The measure.
        variant: The variant; by default all those with a conflict.
        wording: The wording of the interview's question, or "all"; "" for other measures.
    """
    rows = pooled(funnel)
    if rows.empty:
        return None
    chosen = (
        rows["arm"].eq(arm) & rows["measure"].eq(measure) & rows["variant"].eq(variant) & rows["wording"].eq(wording)
    )
    found = rows[chosen].to_dict("records")
    return found[0] if found else None


def pooled_rate(funnel: pd.DataFrame, arm: str, measure: str) -> float | None:
    """Return the rate of a measure of an arm in variants with a conflict; None if nothing was counted.

    Args:
        funnel: A table with the columns of `funnel.csv`.
        arm: The arm.
        measure: The measure.
    """
    row = row_of(funnel, arm, measure)
    return None if row is None or pd.isna(row["rate"]) else float(row["rate"])
