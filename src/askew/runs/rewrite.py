"""Rewrites parts of a finished run from its tables: its report, or its verdicts under another metric."""

from pathlib import Path

from askew.judging.metrics import metrics
from askew.runs.run import Run, load_run
from askew.runs.runner import write_report
from askew.runs.store import RunFolder


def report(folder: Path) -> Run:
    """Rewrite the report of a run.

    Args:
        folder: The run's folder.

    Raises:
        AskewError: It is no finished run, or was changed or damaged since, or cannot be written to.
    """
    load_run(folder)
    store = RunFolder(folder)
    with store.writing():
        write_report(store, again=True)
    return Run(folder)


def rescore(folder: Path, metric: str) -> Run:
    """Rewrite the verdicts, estimates, curve and report of a run under another metric. No model is called.

    The frozen design stays as it is; the tables name their metric.

    Args:
        folder: The run's folder.
        metric: The metric's name.

    Raises:
        AskewError: There is no such metric; or it is no finished run, or was changed or damaged since.
    """
    from askew.runs.collect import write_answers, write_estimates

    metrics.get(metric)
    run = load_run(folder)
    store = RunFolder(folder)
    with store.writing():
        write_answers(store, [run.answers], metric, f"{metric} {folder.name}")
        write_estimates(store, run.plan, metric)
        write_report(store)
    return Run(folder)
