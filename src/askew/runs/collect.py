"""Makes the tables of a run from its logs: answers, scores, estimates, effects, training curve. No model is called.

Answers go from log to table a log at a time, so that a run may have more of them than there is memory for.
"""

from collections.abc import Iterable, Iterator

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from askew.base.atomic import whole_file
from askew.design.arm import UNTUNED
from askew.design.plan import Plan, Unit
from askew.design.tables import Tables
from askew.judging.metrics import metrics
from askew.models.said import NO_ANSWER
from askew.probes import EPISODE, EXTERNAL, JUDGE, LOG_PROBABILITY, NO_VERDICT, external, probes
from askew.probes.read_log import answers_from_log, scores_from_log
from askew.runs.calls import Call, curve_probe
from askew.runs.copied_text import copied_columns, without_copied
from askew.runs.episode_tables import write_episodes, write_funnel
from askew.runs.judged_later import filled_in, is_judged, later_judge, scores_of
from askew.runs.network_tables import write_networks
from askew.runs.pair_tables import write_pair_effects, write_pairs
from askew.runs.predictions import seal_computed
from askew.runs.society_tables import write_societies
from askew.runs.store import (
    AGENTS,
    ANSWERS,
    CONDUCT,
    CURVE,
    CURVES,
    EFFECTS,
    ESTIMATES,
    EVENTS,
    FORETOLD,
    FUNNEL,
    NETWORKS,
    PAIRS,
    SCORES,
    SOCIETIES,
    SPECTRA,
    RunFolder,
    sources_of_estimates,
)
from askew.runs.table_files import ANSWER_COLUMNS, COUNTED_COLUMNS, CURVE_COLUMNS, added_since, read_losses, read_table
from askew.runs.taught_table import write_taught
from askew.runs.work.ask import AskWork, asked_in
from askew.stats.estimates import estimate
from askew.stats.scores import are_scores, as_scores, estimate_scores

_WHOLE, _SCORE = {"seed", "paraphrase", "index"}, {"aligned", "coherent", "copied"}
_ANSWERS = pa.schema(
    [
        (name, pa.int64() if name in _WHOLE else pa.float64() if name in _SCORE else pa.string())
        for name in ANSWER_COLUMNS
    ]
)
_GROUP = 8192
"""The most rows of a row group, which are in memory together."""
# The columns that estimates need; the texts of the answers stay on the disk.
_COUNTED = ["arm", "seed", "probe", "question", "index", "group", "aligned", "coherent", "reply", "graded_by"]
_SOCIETIES = f"society/{SOCIETIES}"
# Tables that only some runs have, by their names in `Tables`.
_OPTIONAL = {
    "read_pairs": PAIRS,
    "conduct": CONDUCT,
    "funnel": FUNNEL,
    "events": f"society/{EVENTS}",
    "agents": f"society/{AGENTS}",
    "societies": _SOCIETIES,
    "predicted": FORETOLD,
    "networks": f"grokking/{NETWORKS}",
    "network_curves": f"grokking/{CURVES}",
    "network_spectra": f"grokking/{SPECTRA}",
}


def collect(folder: RunFolder, plan: Plan) -> None:
    """Write answers, estimates and, with checkpoints, the training curve; each only if it is not there already."""
    design = plan.design
    finished = [work for work in asked_in(plan) if not work.step]
    logs = [call.log for work in finished for call in work.calls]
    made_of = f"{design.metric} {folder.made_of(*logs)}"
    later = later_judge(folder)
    source = made_of if later is None else f"{made_of} {folder.made_of(later.table)}"
    if not folder.is_finished(ANSWERS, source):
        answers = map(copied_columns(folder, plan), _answers(folder, finished))
        if later is not None:
            scores = scores_of(folder, later.table)
            answers = (filled_in(part, scores) for part in answers)
        write_answers(folder, answers, design.metric, source)
    if _has_scores(plan) and not folder.is_finished(SCORES, made_of):
        folder.finish_table(SCORES, _scores(folder, finished), made_of)
    write_pairs(folder, plan, asked_in(plan))
    write_episodes(folder, plan, finished)
    write_societies(folder, plan)
    write_networks(folder, plan)
    write_taught(folder, plan)
    write_estimates(folder, plan)


def foretell(folder: RunFolder, plan: Plan) -> None:
    """Write `society/predicted.csv`, what the probes say of the societies, and seal it before any of them is played."""
    finished = [work for work in asked_in(plan) if not work.step]
    made_of = folder.made_of(*(call.log for work in finished for call in work.calls))
    if not folder.is_finished(FORETOLD, made_of):
        scores = _scores(folder, finished) if _has_scores(plan) else pd.DataFrame()
        tables = Tables(plan.design, plan.arms, scores=scores, controls=plan.controls)
        found = plan.study.foretold(tables)
        folder.finish_table(FORETOLD, found, made_of)
        seal_computed(folder, plan, plan.study.chances(found))


def write_answers(folder: RunFolder, answers: Iterable[pd.DataFrame], metric: str, source: str) -> None:
    """Write `answers.parquet` with the verdicts of a metric.

    Args:
        folder: The run's folder.
        answers: Tables with one row per answer; one of them is in memory at a time.
        metric: The metric's name.
        source: What they were made of.
    """
    rule = metrics.get(metric)
    with whole_file(folder / ANSWERS) as path, pq.ParquetWriter(path, _ANSWERS) as file:
        for part in answers:
            whole = part if "reasoning" in part else part.assign(reasoning="")  # a table of an older version
            whole = whole if {"copied", "copied_at"} <= {*whole} else without_copied(whole)
            judged = whole.assign(verdict=rule.verdicts(whole))[ANSWER_COLUMNS]
            file.write_table(pa.Table.from_pandas(judged, _ANSWERS, preserve_index=False), _GROUP)
    folder.finish(ANSWERS, source)


def write_estimates(folder: RunFolder, plan: Plan, metric: str = "", logs: RunFolder | None = None) -> None:
    """Write `estimates.csv`, `effects.csv` where the study has effects, and `curve.csv`.

    Args:
        folder: The run's folder, with answers.
        plan: The plan of the run.
        metric: The metric of the answers' verdicts; that of the design if empty.
        logs: The run's folder with logs, if `folder` is a rescored copy of the run.
    """
    design, study = plan.design, plan.study
    metric = metric or design.metric
    scored = _has_scores(plan)
    write_funnel(folder)
    source = sources_of_estimates(folder)
    if not folder.is_finished(ESTIMATES, source) or not _is_by(folder, metric):
        answers = read_table(folder / ANSWERS, _COUNTED, as_codes=True)
        scores = with_no_answers(read_table(folder / SCORES), answers) if scored else pd.DataFrame()
        estimates = estimates_of(plan, with_verdicts(answers, plan, logs or folder), scores, metric)
        folder.finish_table(ESTIMATES, estimates, source)
    if study.effects is not None and not folder.is_finished(EFFECTS, source):
        folder.finish_table(EFFECTS, study.effects(_tables(folder, plan)), source)
    write_pair_effects(folder, plan)
    source = folder.made_of(ANSWERS, ESTIMATES)
    if design.checkpoints and not folder.is_finished(CURVE, source):
        folder.finish_table(CURVE, _curve(folder, plan, metric, logs or folder), source)


def estimates_of(plan: Plan, judged: pd.DataFrame, scores: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the rates and differences of answers and scores, with the columns of `estimates.csv`.

    Args:
        plan: The plan of the run.
        judged: Rows of `answers.parquet` that have verdicts; see `with_verdicts`.
        scores: Rows of `scores.parquet`, with the column no_answer if it is known; there may be none.
        metric: The metric of the verdicts.
    """
    control_probes = {name: probe.control_probe for name, probe in plan.probes.items() if probe.control_probe}
    estimates = estimate(judged, metrics.get(metric), plan.controls, control_probes, plan.looks)
    if scores.empty:
        return estimates
    kinds = {name: probe.kind_of_scores for name, probe in plan.probes.items()}
    files = [name for name, probe in plan.probes.items() if probe.file]
    of_scores = estimate_scores(scores.assign(kind=scores["probe"].map(kinds)), plan.controls, files, plan.looks)
    return of_scores if estimates.empty else pd.concat([estimates, of_scores], ignore_index=True)


def with_verdicts(answers: pd.DataFrame, plan: Plan, folder: RunFolder) -> pd.DataFrame:
    """Return the answers of a run that have verdicts, with their columns; without a judge, those that wait are out."""
    # A rescored copy has the scores of a later judge in its answers.
    waiting = [NO_VERDICT] if is_judged(plan, folder) else [NO_VERDICT, JUDGE]
    return answers[~answers["graded_by"].isin(waiting)]


def with_no_answers(scores: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return scores with the column no_answer: is the reply that should have a score none?"""
    if scores.empty:
        return scores
    none = answers[answers["reply"].isin(NO_ANSWER)]
    places = zip(none["arm"], none["seed"], none["probe"], none["question"], none["index"] + 1, strict=True)
    there = pd.MultiIndex.from_frame(scores[["arm", "seed", "probe", "question", "epoch"]])
    return scores.assign(no_answer=there.isin(list(places)) if len(none) else False)


def _tables(folder: RunFolder, plan: Plan) -> Tables:
    scores = read_table(folder / SCORES) if _has_scores(plan) else pd.DataFrame()
    optional = {name: folder / file for name, file in _OPTIONAL.items()}
    tables = {name: read_table(path) if path.is_file() else pd.DataFrame() for name, path in optional.items()}
    return Tables(
        plan.design,
        plan.arms,
        answers=lambda: read_table(folder / ANSWERS),
        counted=lambda: read_table(folder / ANSWERS, COUNTED_COLUMNS, as_codes=True),
        scores=scores,
        read_pairs=tables["read_pairs"],
        losses=lambda: read_losses(folder.path, plan),
        conduct=tables["conduct"],
        funnel=tables["funnel"],
        events=tables["events"],
        agents=tables["agents"],
        societies=tables["societies"],
        predicted=tables["predicted"],
        networks=tables["networks"],
        network_curves=tables["network_curves"],
        network_spectra=tables["network_spectra"],
        controls=plan.controls,
    )


def _has_scores(plan: Plan) -> bool:
    return any(probe.has_scores for probe in plan.probes.values())


def _is_by(folder: RunFolder, metric: str) -> bool:
    """Return whether the estimates are by a metric: under two metrics the answers may have the very same verdicts."""
    estimates = read_table(folder / ESTIMATES)
    if added_since(ESTIMATES, estimates):  # an older version wrote them
        return False
    return set(estimates.loc[~are_scores(estimates), "metric"]) <= {metric}


def _answers(folder: RunFolder, asked: Iterable[AskWork]) -> Iterator[pd.DataFrame]:
    for work in asked:
        for call in work.calls:
            if probes.get(call.probe).kind not in (EPISODE, LOG_PROBABILITY):  # they have tables of their own
                yield _of_log(folder, work.unit, call)


def _of_log(folder: RunFolder, unit: Unit, call: Call) -> pd.DataFrame:
    log = folder / call.log
    if probes.get(call.probe).kind == EXTERNAL:
        return external.answers_from_log(log, unit.arm.name, unit.seed, call.probe)
    table = answers_from_log(log, unit.arm.name, unit.seed, call.probe)
    return table.assign(index=table["index"] + call.first)


def _scores(folder: RunFolder, asked: Iterable[AskWork]) -> pd.DataFrame:
    pieces = [(work.unit, call) for work in asked for call in work.calls if probes.get(call.probe).has_scores]
    of_tasks = [
        external.scores_from_log(folder / call.log, unit.arm.name, unit.seed, call.probe)
        for unit, call in pieces
        if probes.get(call.probe).kind == EXTERNAL
    ]
    ours = [_of_our_log(folder, unit, call) for unit, call in pieces if probes.get(call.probe).kind != EXTERNAL]
    frames = [*of_tasks, *([as_scores(pd.concat(ours, ignore_index=True))] if ours else [])]
    return pd.concat(frames, ignore_index=True)[list(external.SCORE_COLUMNS)]


def _of_our_log(folder: RunFolder, unit: Unit, call: Call) -> pd.DataFrame:
    table = scores_from_log(folder / call.log)
    table = table.assign(arm=unit.arm.name, seed=unit.seed, probe=call.probe, epoch=table["index"] + call.first + 1)
    return table.drop(columns="index")


def _curve(folder: RunFolder, plan: Plan, metric: str, logs: RunFolder) -> pd.DataFrame:
    """Return the rate at each checkpoint, by arm and seed; from the untuned model, if it was asked, to the end."""
    recipe = plan.design.recipe
    totals = {unit.arm.name: recipe.steps(plan.rows(unit.arm.name)) for unit in plan.trained}
    probe = curve_probe(plan)
    estimates = read_table(folder / ESTIMATES)
    ends = _per_seed(estimates[estimates["probe"] == probe])
    start = ends[ends["arm"] == UNTUNED]
    points = [_points(ends[ends["arm"] == arm], total, total) for arm, total in totals.items()]
    for unit in plan.trained if len(start) else ():
        points.append(_points(start.assign(arm=unit.arm.name, seed=unit.seed), 0, totals[unit.arm.name]))
    asked = [work for work in asked_in(plan) if work.step and any(call.probe == probe for call in work.calls)]
    for arm, step in dict.fromkeys((work.unit.arm.name, work.step) for work in asked):
        chosen = [work for work in asked if (work.unit.arm.name, work.step) == (arm, step)]
        answers = pd.concat(_answers(logs, chosen), ignore_index=True)
        answers["verdict"] = metrics.get(metric).verdicts(answers)
        rates = estimate(answers[answers["graded_by"].ne(NO_VERDICT)], metrics.get(metric), {})
        points.append(_points(_per_seed(rates), step, totals[arm]))
    if not points:
        return pd.DataFrame(columns=CURVE_COLUMNS)
    curve = pd.concat(points, ignore_index=True).astype({"seed": int})
    return curve.sort_values(["arm", "seed", "step"], ignore_index=True)[CURVE_COLUMNS]


def _per_seed(estimates: pd.DataFrame) -> pd.DataFrame:
    return estimates[(estimates["seed"].astype(str) != "all") & (estimates["question"] == "all")]


def _points(rows: pd.DataFrame, step: int, total: int) -> pd.DataFrame:
    return rows.assign(step=step, fraction=step / total)
