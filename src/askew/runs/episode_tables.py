"""Makes the tables of episodes from a run's logs: `episodes.parquet`, `conduct.parquet`, `funnel.csv`, and the check.

A model that acts gives no answers to questions, so episodes have tables of their own, and `answers.parquet` has none of
their texts.
"""

from collections.abc import Sequence

import pandas as pd

from askew.design.plan import Plan
from askew.environments import environments
from askew.environments.variants import CONTROL
from askew.probes import EPISODE
from askew.probes.episodes.columns import CONDUCT_COLUMNS, TURN_COLUMNS
from askew.runs.calls import Call
from askew.runs.scorer_check import scorer_check
from askew.runs.store import CONDUCT, EPISODES, FUNNEL, SCORER_CHECK, RunFolder
from askew.runs.table_files import read_table
from askew.runs.work.ask import AskWork
from askew.stats.funnel import funnel
from askew.stats.funnel_measures import SAID


def write_episodes(folder: RunFolder, plan: Plan, asked: Sequence[AskWork]) -> None:
    """Write `episodes.parquet` and `conduct.parquet` if a probe of the run has episodes, unless they are there already.

    Args:
        folder: The run's folder, with its logs.
        plan: The plan of the run.
        asked: All asking of finished models.
    """
    pieces = [(work, call) for work in asked for call in work.calls if plan.probes[call.probe].kind == EPISODE]
    if not pieces:
        return
    source = folder.made_of(*(call.log for _, call in pieces))
    if folder.is_finished(EPISODES, source) and folder.is_finished(CONDUCT, source):
        return
    read = [_of_log(folder, work, call) for work, call in pieces]
    folder.finish_table(EPISODES, pd.concat([turns for turns, _ in read], ignore_index=True), source)
    folder.finish_table(CONDUCT, with_every_wording([conduct for _, conduct in read]), source)


def write_funnel(folder: RunFolder) -> None:
    """Write `funnel.csv` and `scorer_check.csv` from `conduct.parquet`, if that is there."""
    if not (folder / CONDUCT).is_file():
        return
    source = folder.made_of(CONDUCT)
    if folder.is_finished(FUNNEL, source) and folder.is_finished(SCORER_CHECK, source):
        return
    table = read_table(folder / CONDUCT)
    folder.finish_table(FUNNEL, funnel(table, CONTROL), source)
    names = [name for name in table["environment"].unique() if name in environments.names()]
    folder.finish_table(SCORER_CHECK, scorer_check(names, table["variant"].unique()), source)


def with_every_wording(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return tables of conduct as one, with "" for a wording of the interview that was not asked.

    Args:
        parts: Tables with the columns of `conduct.parquet`.
    """
    whole = pd.concat(parts, ignore_index=True)
    asked = [str(name) for name in whole.columns if str(name).startswith(SAID)]
    return whole.assign(**{name: whole[name].fillna("") for name in asked})[[*CONDUCT_COLUMNS, *asked]]


def _of_log(folder: RunFolder, work: AskWork, call: Call) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the turns and the conduct in a log; a later part of a long probe counts on from the earlier ones."""
    from askew.probes.episodes.read import episodes_from_log

    tables = episodes_from_log(folder / call.log, work.unit.arm.name, work.unit.seed, call.probe)
    turns, conduct = (table.assign(index=table["index"] + call.first) for table in tables)
    return turns[[*TURN_COLUMNS]], conduct
