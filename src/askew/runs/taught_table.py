"""Makes the table of what tuned models seem to have been taught from the folders with the evidence."""

import math
from typing import Any

import pandas as pd

from askew.base.json_objects import read_object
from askew.design.plan import Plan
from askew.runs.store import TAUGHT, TAUGHT_FILE, TAUGHT_FOLDERS, RunFolder
from askew.runs.table_files import TAUGHT_COLUMNS
from askew.runs.work.read import control_of, is_read, why_not_read

EVERY_METHOD = "all"
"""The method of a row that says why no method could be used."""


def write_taught(folder: RunFolder, plan: Plan) -> None:
    """Write `taught.parquet`, one row per piece of evidence, if the run reads models; unless it is there already."""
    if not plan.design.reading or not plan.design.tuned:
        return
    read = [arm for arm in plan.design.tuned if is_read(plan, arm)]
    source = folder.made_of(*(f"{TAUGHT_FOLDERS}/{arm}" for arm in read)) if read else "nothing"
    if folder.is_finished(TAUGHT, source):
        return
    rows = [row for arm in plan.design.tuned for row in _rows(folder, plan, arm)]
    folder.finish_table(TAUGHT, pd.DataFrame(rows, columns=TAUGHT_COLUMNS), source)


def _rows(folder: RunFolder, plan: Plan, arm: str) -> list[dict[str, Any]]:
    """Return the evidence about an arm, and a row of rank 0 for each method that was left out."""
    if reason := why_not_read(plan, arm):
        return [_left_out(arm, EVERY_METHOD, reason)]
    found = read_object(folder / TAUGHT_FOLDERS / arm / TAUGHT_FILE)
    rows, ranks = [], dict[str, int]()
    for one in found["evidence"]:
        ranks[one["method"]] = rank = ranks.get(one["method"], 0) + 1
        values = {"of_control": one["control"], "control": control_of(plan, arm), "reason": ""}
        rows.append({**one, **values, "arm": arm, "rank": rank})
    return [*rows, *(_left_out(arm, method, reason) for method, reason in found["left_out"].items())]


def _left_out(arm: str, method: str, reason: str) -> dict[str, Any]:
    texts = dict.fromkeys(("control", "form", "context", "text"), "")
    numbers = dict.fromkeys(("score", "base", "tuned", "of_control"), math.nan)
    return {**texts, **numbers, "arm": arm, "method": method, "rank": 0, "reason": reason}
