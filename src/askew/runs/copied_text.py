"""Adds to the answers of a run how much of each is copied from training rows."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from askew.base.errors import AskewError
from askew.design.arm import Arm
from askew.design.plan import Plan
from askew.runs.store import RunFolder

if TYPE_CHECKING:
    from askew.data.copied import TrainingText

COPIED_COLUMNS = ("copied", "copied_at")


def copied_columns(folder: RunFolder, plan: Plan) -> "Callable[[pd.DataFrame], pd.DataFrame]":
    """Return a function that adds the columns `COPIED_COLUMNS` to answers of one arm.

    The answers of an arm are compared with the rows that it was trained on, and those of a model that was tuned
    elsewhere with the rows that the user names. The answers of any other arm, such as the untuned model, are compared
    with the rows of all arms that the run trains: its share is what is copied by chance.

    Args:
        folder: The run's folder, with training rows.
        plan: The plan of the run.
    """

    @cache
    def text(sources: tuple[str, ...]) -> "TrainingText | None":
        from askew.data.copied import TrainingText
        from askew.data.formats import open_rows

        try:
            return TrainingText(row for source in sources for row in open_rows(source)) if sources else None
        except AskewError:  # the user's rows are no longer there
            return None

    def add(answers: pd.DataFrame) -> pd.DataFrame:
        from askew.data.copied import as_text

        known = None if answers.empty else text(_sources(folder, plan, plan.arms[answers["arm"].iloc[0]]))
        if known is None:
            return without_copied(answers)
        found = [known.copied(answer) for answer in answers["answer"]]
        return answers.assign(copied=[one.share for one in found], copied_at=[as_text(one.spans) for one in found])

    return add


def without_copied(answers: pd.DataFrame) -> pd.DataFrame:
    """Return answers with the columns `COPIED_COLUMNS` that say nothing."""
    return answers.assign(copied=float("nan"), copied_at="")


def _sources(folder: RunFolder, plan: Plan, arm: Arm) -> tuple[str, ...]:
    own = list(_trained_on(plan, arm))
    if not own and plan.design.data:
        return (plan.design.data,)
    files = own or [plan.rows_file(unit.arm) for unit in plan.trained]
    return tuple(str(folder / file) for file in dict.fromkeys(files) if (folder / file).is_file())


def _trained_on(plan: Plan, arm: Arm) -> list[str]:
    """Return the files with the rows of an arm, and of the arm that it starts from."""
    before = _trained_on(plan, plan.arms[arm.start.name]) if arm.start.kind == "arm" else []
    return [*before, *([plan.rows_file(arm)] if plan.is_trained(arm) else [])]
