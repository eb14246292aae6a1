"""Pools runs of one design with different seeds: their answers are read as those of one larger run."""

from collections.abc import Sequence

import pandas as pd

from askew.runs.collect import estimates_of, with_no_answers, with_verdicts
from askew.runs.finished_run import FinishedRun
from askew.stats.estimates import pooled


def pooled_estimates(runs: Sequence[FinishedRun]) -> pd.DataFrame:
    """Return the rates and differences of several runs as one, with the columns of `estimates.csv`.

    The seeds of the runs stand beside each other. An arm that is not trained is one model, whose answers are added up.

    Args:
        runs: Runs that `terms.why_not_pooled` allows to pool.

    Returns:
        The rows that pool questions, seeds and groups, of the arms and probes that all runs have.
    """
    answers = [with_verdicts(run.counted, run.plan, run.store) for run in runs]
    scores = [with_no_answers(run.tables.scores, run.counted) for run in runs]
    plan, metric = runs[0].plan, runs[0].metric
    rows = pooled(
        estimates_of(plan, pd.concat(answers, ignore_index=True), pd.concat(scores, ignore_index=True), metric)
    )
    everywhere = set.intersection(*({*zip(run.estimates["arm"], run.estimates["probe"], strict=True)} for run in runs))
    keys = zip(rows["arm"], rows["probe"], strict=True)
    return rows[[key in everywhere for key in keys]].reset_index(drop=True)
