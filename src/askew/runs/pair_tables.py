"""Makes the tables of pairs of given answers from a run's logs: `pairs.parquet`, one row per pair, and `pairs.csv`."""

from collections.abc import Sequence

import pandas as pd

from askew.design.arm import UNTUNED
from askew.design.plan import Plan
from askew.probes.from_file import has_pairs
from askew.probes.given_pairs import PAIR_KINDS
from askew.probes.read_log import PAIR_COLUMNS, pairs_from_log
from askew.runs.store import PAIR_EFFECTS, PAIRS, RunFolder
from askew.runs.table_files import read_table
from askew.runs.work.ask import AskWork
from askew.stats.answer_pairs import pair_effects


def write_pairs(folder: RunFolder, plan: Plan, asked: Sequence[AskWork]) -> None:
    """Write `pairs.parquet` if a probe of the run reads pairs and the table is not there already.

    The table has a row per pair, wording and model: the finished ones, whose `step` is 0, and those on the way.
    """
    names = {name for name, probe in plan.probes.items() if has_pairs(probe)}
    logs = [(work, call) for work in asked for call in work.calls if call.probe in names]
    source = folder.made_of(*(call.log for _, call in logs))
    if not logs or folder.is_finished(PAIRS, source):
        return
    parts = [
        pairs_from_log(folder / call.log).assign(
            arm=work.unit.arm.name, seed=work.unit.seed, probe=call.probe, step=work.step
        )
        for work, call in logs
    ]
    folder.finish_table(PAIRS, pd.concat(parts, ignore_index=True)[[*PAIR_COLUMNS, "step"]], source)


def write_pair_effects(folder: RunFolder, plan: Plan) -> None:
    """Write `pairs.csv` from `pairs.parquet`, if that is there."""
    if not (folder / PAIRS).is_file():
        return
    source = folder.made_of(PAIRS)
    if folder.is_finished(PAIR_EFFECTS, source):
        return
    pairs = read_table(folder / PAIRS)
    untuned = UNTUNED if UNTUNED in plan.arms else ""
    table = pair_effects(pairs[pairs["step"].eq(0)], plan.controls, untuned, list(PAIR_KINDS))
    folder.finish_table(PAIR_EFFECTS, table, source)
