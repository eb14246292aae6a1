"""Rows of a table that says how suddenly curves rose along a training."""

from typing import Any

import pandas as pd

from askew.report import wording
from askew.stats.change_points import NO_RISE, TOO_FEW

HEADS = ["", "reading", "p, no rise", "half done at", "10% to 90% takes", "p, straight rise"]


def rise_rows(rises: pd.DataFrame, names: list[str]) -> list[dict[str, Any]]:
    """Return the rows of the table, as the macro `matrix` takes them, under `HEADS`.

    Args:
        rises: One row per group of curves, with the fields of `stats.change_points.RiseReading` as columns.
        names: The name of each row.
    """
    return [
        {"name": name, "note": wording.counted(int(row["curves"]), "curve"), "cells": _cells(row)}
        for name, row in zip(names, rises.to_dict("records"), strict=True)
    ]


def _cells(row: dict[Any, Any]) -> list[str]:
    read = wording.NOTHING if row["reading"] == TOO_FEW else wording.p_value(row["p_rise"])
    if row["reading"] in (NO_RISE, TOO_FEW):
        few = f"{row['reading']} ({int(row['points'])})" if row["reading"] == TOO_FEW else row["reading"]
        return [few, read, *[wording.NOTHING] * 3]
    shape = wording.percent(row["place"]), wording.percent(row["width"])
    return [row["reading"], read, *shape, wording.p_value(row["p_step"])]
