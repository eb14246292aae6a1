"""Does what a run does before it computes anything."""

from pathlib import Path

from askew.design.plan import Plan
from askew.runs import training_rows
from askew.runs.store import RunFolder
from askew.runs.work import planned


def resume(place: Path) -> RunFolder:
    """Look for finished products in a run's folder, adopt or set aside the others, and return the folder."""
    folder = RunFolder(place)
    with folder.writing():
        plan = Plan(folder.design())
        training_rows.write(folder, plan)
        for work in planned(plan):
            work.left(folder)
    return folder
