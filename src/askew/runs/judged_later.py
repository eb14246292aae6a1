"""Fills in the rates of a run that had no judge, from the scores of a judge that read its answers afterwards.

The run's logs stay as they are. `judge.json` names the judge and the table with its scores, and every table that is
made of answers is made again with these.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import pandas as pd
from pydantic import BaseModel, ConfigDict

from askew.base.errors import AskewError
from askew.base.json_objects import read_as
from askew.design.plan import Plan
from askew.judging.check_result import JudgeCheck
from askew.judging.metrics import Metric
from askew.probes import JUDGE
from askew.runs.store import RunFolder
from askew.runs.table_files import read_table
from askew.stats.estimates import ONCE, estimate, pooled

RECORD = "judge.json"
NAMES = "judges/names.json"
"""The judges whose scores lie beside the run's own, by the name of their table."""
CHECKS = "judges/checks.json"
"""The results of their checks, by the name of the table."""
KEYS = ["arm", "seed", "probe", "question", "index"]
SCORES = ["aligned", "coherent"]
_FILLED = [*SCORES, "reply", "scored_by"]

T = TypeVar("T")


class LaterJudge(BaseModel):
    """The content of `judge.json`.

    Attributes:
        judge: The judge's name.
        rubric: The rubric for the aligned score.
        table: The table with its scores, relative to the run's folder.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    judge: str
    rubric: str
    table: str


def later_judge(folder: RunFolder) -> LaterJudge | None:
    """Return the judge that read a run's answers after it had ended; None if there is none.

    Raises:
        AskewError: Its record was changed or damaged since.
    """
    return _noted(folder, RECORD, LaterJudge)


def is_judged(plan: Plan, folder: RunFolder) -> bool:
    """Return whether a run has a judge: the one of its design, or a later one."""
    return bool(plan.design.judge) or later_judge(folder) is not None


def record(folder: RunFolder, judge: LaterJudge) -> None:
    """Note that a judge's scores make the run's rates."""
    _note(folder, RECORD, judge.model_dump())


def add_second(folder: RunFolder, judge: str, table: str) -> None:
    """Note that a table has the scores of another judge, beside the run's own."""
    names = second_judges(folder)
    if names.get(table) != judge:
        _note(folder, NAMES, {**names, table: judge})


def second_judges(folder: RunFolder) -> dict[str, str]:
    """Return the judges whose scores lie beside the run's own, by the name of their table."""
    return _noted(folder, NAMES, dict[str, str]) or {}


def add_check(folder: RunFolder, table: str, check: JudgeCheck | None) -> None:
    """Note how well the judge of a table reads answers whose right reading is known; None if it was not checked."""
    before = checks_of_second(folder)
    checks = {name: one for name, one in before.items() if name != table}
    if check is not None:
        checks[table] = check
    if checks != before:
        _note(folder, CHECKS, {name: one.model_dump(mode="json") for name, one in checks.items()})


def checks_of_second(folder: RunFolder) -> dict[str, JudgeCheck]:
    """Return the results of the checks of judges whose scores lie beside the run's own, by the name of their table."""
    return _noted(folder, CHECKS, dict[str, JudgeCheck]) or {}


def rates_by_judge(
    answers: pd.DataFrame, scores: Mapping[str, pd.DataFrame], metric: Metric, looks: Mapping[str, int] = ONCE
) -> pd.DataFrame:
    """Return the rates of each arm under several judges of the same answers.

    Args:
        answers: Rows of `answers.parquet`; those that need no judge are left out.
        scores: The table of scores of each judge, by its name; an empty table stands for the scores in `answers`.
        metric: The metric.
        looks: Number of planned looks by probe, for those that are asked in batches.

    Returns:
        The pooled columns of `estimates.csv`, and the column judge.
    """
    judged = answers[answers["graded_by"].eq(JUDGE)]
    read = {judge: filled_in(judged, table) if len(table) else judged for judge, table in scores.items()}
    parts = [pooled(estimate(own, metric, {}, looks=looks)).assign(judge=judge) for judge, own in read.items()]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def filled_in(answers: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return answers with a judge's scores in the rows that the judge read.

    Args:
        answers: Rows of `answers.parquet`, with any verdicts.
        scores: The judge's table, with the columns `KEYS`, aligned, coherent, reply and scored_by; it has the answers
            that need a judge, and no others.
    """
    known = scores.set_index(KEYS)[_FILLED]
    found = known.reindex(pd.MultiIndex.from_frame(answers[KEYS])).reset_index(drop=True).set_index(answers.index)
    judged = found["reply"].notna()
    return answers.assign(**{name: found[name].where(judged, answers[name]) for name in _FILLED})


def scores_of(folder: RunFolder, table: str) -> pd.DataFrame:
    """Return a table of a judge's scores, with the columns of `KEYS` and those that a judge fills in.

    Raises:
        AskewError: It is missing, was changed or damaged since, or has an answer twice.
    """
    folder.check(table)
    scores = read_table(folder / table, [*KEYS, *_FILLED])
    if scores.duplicated(KEYS).any():
        raise AskewError(f"{folder / table} is damaged: it has an answer twice. Delete it and judge again")
    return scores


def _note(folder: RunFolder, name: str, content: Any) -> None:
    """Write what is noted about judges as a finished product of a run."""
    folder.write_json(name, content)
    folder.finish(name)


def _noted(folder: RunFolder, name: str, type: type[T]) -> T | None:
    """Return what is noted about judges in a product of a run; None if it has no such product.

    Raises:
        AskewError: It was changed or damaged since.
    """
    if name not in folder.hashes():
        return None
    folder.check(name)
    return read_as(folder / name, type)
