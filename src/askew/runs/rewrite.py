"""Writes parts of a finished run from its tables: its report again, or a rescored copy of it.

A rescored copy has a folder of its own, RUN/rescored/METRIC by default, and can be opened like a run. It has the tables
and the report, and no logs and no weights. The run stays as it is.
"""

import shlex
from pathlib import Path

from askew.base.errors import AskewError
from askew.judging.metrics import metrics
from askew.runs.judged_later import later_judge, record
from askew.runs.run import Run, load_run
from askew.runs.runner import write_report
from askew.runs.store import (
    ANSWERS,
    CONDUCT,
    EPISODES,
    JUDGE_CHECK,
    PAIRS,
    PREDICTIONS,
    RESCORED,
    RESCORED_RUNS,
    SCORES,
    STUDY,
    TAUGHT,
    TIMINGS,
    RunFolder,
)


def report(folder: Path, picture: bool = False) -> Run:
    """Rewrite the report of a run.

    Args:
        folder: The run's folder.
        picture: Also draw its first screen, as `share.png` in the folder.

    Raises:
        AskewError: It is no finished run, or was changed or damaged since, or cannot be written to; or a picture is
            wanted and the run has no answers.
    """
    run = load_run(folder)
    store = RunFolder(folder)
    with store.writing(trusted=False):
        if picture:
            from askew.report.share import share

            share(run.content(), folder)
        write_report(store, again=True)
    return Run(folder)


def rescore(folder: Path, metric: str, out: Path | None = None) -> Run:
    """Read a run under a metric, and write a rescored copy to a folder of its own. No model is called.

    Args:
        folder: The run's folder; nothing in it changes.
        metric: The metric's name.
        out: The folder to write to; by default RUN/rescored/METRIC.

    Returns:
        The copy; or the run itself, if no `out` is given and its tables are by that metric and of this version.

    Raises:
        AskewError: There is no such metric; it is no finished run, was changed or damaged since, or is itself a
            copy; it is somebody else's and no `out` is given; or the folder to write to holds something else or cannot
            be written to.
    """
    metrics.get(metric)
    run = load_run(folder)
    study = RunFolder(folder).study()
    if origin := study["provenance"].get(RESCORED):
        raise AskewError(f"{folder} is a rescored copy of the run {origin['run']}: rescore that run")
    if out is None and _is_by(run, metric):
        return run
    origin = RunFolder(folder).ownership
    if out is None:
        origin.check()
        origin.check_contents()
    store = RunFolder(out or folder / RESCORED_RUNS / metric)
    _make_folder(store, run, metric)
    with store.writing(trusted=origin.is_ours):  # a copy of another person's run is not signed either
        _write(store, run, metric)
    return Run(store.path)


def _is_by(run: Run, metric: str) -> bool:
    """Return whether a run's tables are by a metric, and of this version."""
    try:
        return run.metric == metric
    except AskewError:  # an older version wrote them
        return False


def _make_folder(store: RunFolder, run: Run, metric: str) -> None:
    """Make the folder of a rescored copy, after checking that it holds nothing else."""
    try:
        store.path.mkdir(parents=True, exist_ok=True)
        strangers = [path.name for path in store.path.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise AskewError(
            f"cannot write to {store.path}: {error.strerror or error}. Name another folder with --out"
        ) from error
    if not strangers:
        return
    origin = store.study()["provenance"].get(RESCORED, {}) if STUDY in strangers else {}
    if origin.get("metric") != metric or store.design() != run.design:
        raise AskewError(f"{store.path} holds something else: name another folder with --out, or delete it")


def _write(store: RunFolder, run: Run, metric: str) -> None:
    """Write the tables and the report of a rescored copy; those that are there and up to date stay."""
    from askew.runs.collect import write_answers, write_estimates

    source = RunFolder(run.folder)
    provenance, hashes = source.study()["provenance"], source.hashes()
    note = "These tables are those of a later version of Askew than the run's."
    if metric != run.design.metric:
        note = f"The verdicts here are by the metric {metric}; the run's own metric is {run.design.metric}."
    changed = {
        "command": shlex.join(["askew", "rescore", str(run.folder), "--metric", metric]),
        "hashes": {**provenance["hashes"], **{name: hashes[name] for name in hashes if name.startswith("data/")}},
        "note": " ".join(filter(None, [provenance["note"], note])),
        RESCORED: {"run": str(run.folder), "metric": metric},
    }
    store.write_study({**run.design.model_dump(), "provenance": {**provenance, **changed}})
    tables = [SCORES, PAIRS, EPISODES, CONDUCT, TAUGHT]  # no metric changes them
    copied = [*tables, PREDICTIONS, TIMINGS]
    copied += [f"{unit.product}/{name}" for unit in run.plan.trained for name in ("loss.csv", "rows.json")]
    for name in copied:
        if (source / name).is_file():
            store.write_bytes(name, (source / name).read_bytes())
    for name in tables:
        if name in hashes:
            store.finish(name, hashes[name])
    if JUDGE_CHECK in hashes:
        store.write_bytes(JUDGE_CHECK, (source / JUDGE_CHECK).read_bytes())
        store.finish(JUDGE_CHECK)
    if later := later_judge(source):
        record(store, later)
    made_of = f"{metric} {hashes[ANSWERS]}"
    if not store.is_finished(ANSWERS, made_of):
        write_answers(store, [run.answers], metric, made_of)
    write_estimates(store, run.plan, metric, source)
    write_report(store)
