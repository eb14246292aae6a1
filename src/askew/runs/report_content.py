"""Gathers what the report of a run shows."""

from pathlib import Path
from typing import Any

import pandas as pd

from askew.design.arm import UNTUNED
from askew.judging.metrics import metrics
from askew.probes import JUDGE, title
from askew.probes.given_pairs import FAR, NEAR, NEUTRAL
from askew.report.content import ReportContent
from askew.runs.finished_run import FinishedRun
from askew.runs.judged_later import checks_of_second, later_judge, rates_by_judge, scores_of, second_judges
from askew.runs.run_notes import note
from askew.runs.store import ANSWERS
from askew.stats.agreement import agreement
from askew.stats.answer_pairs import along_training


def report_content(run: FinishedRun) -> ReportContent:
    """Return the content of the report of a run."""
    provenance = run.provenance
    # Answers graded by a rule say nothing about the judge.
    judged = run.counted[run.counted["graded_by"].eq(JUDGE) & run.counted["oracle"].ne("")]
    hashes = {name: sha256 for name, sha256 in run.store.hashes().items() if name.startswith(("data/", ANSWERS))}
    return ReportContent(
        title=run.study.title,
        question=run.study.question,
        verdict=run.verdict,
        organism_note=note(run),
        command=run.command,
        design=_settings(run),
        versions={
            **provenance["versions"],
            **{f"probe {name}": str(version) for name, version in provenance.get("probes", {}).items()},
        },
        hashes={**provenance["hashes"], **hashes},
        answers=run.shown,
        every=None if len(run.shown) == len(run.counted) else run.counted,
        estimates=run.estimates,
        losses=run.losses,
        curve=run.curve,
        agreement=None if judged.empty else agreement(judged),
        judge_check=run.judge_check,
        by_judge=_by_judge(run),
        other_checks=tuple(checks_of_second(run.store).values()),
        metric=metrics.get(run.metric),
        arms=run.arms,
        findings=[found for found in run.findings if found.arm in run.design.tuned],
        margin=run.design.margin,
        effects=run.effects,
        pairs=run.pair_effects,
        pair_curve=_pair_curve(run),
        episodes=run.episodes,
        conduct=run.conduct,
        funnel=run.funnel,
        scorer_check=run.scorer_check,
        society=run.study.society_tables(run.tables),
        own={run.design.study: run.study.own_tables(run.tables)},
        taught=run.taught,
        predicted=run.predicted,
        titles={probe: title(probe) for probe in run.design.probes},
        comparisons=run.findings,
        rests_on=run.study.rests_on,
        clusters=run.study.clusters,
        sentence=run.study.sentence(run.tables, run.rows),
        rows=run.rows,
        looks=run.plan.looks,
    )


def _pair_curve(run: FinishedRun) -> pd.DataFrame:
    """Return the share and the log-odds of the given pairs along the training; no rows without checkpoints."""
    if run.pairs.empty or not run.design.checkpoints:
        return pd.DataFrame()
    steps = run.design.recipe.steps
    totals = {unit.arm.name: steps(run.plan.rows(unit.arm.name)) for unit in run.plan.trained}
    return along_training(run.pairs, totals, UNTUNED, (FAR, NEAR, NEUTRAL))


def _by_judge(run: FinishedRun) -> pd.DataFrame:
    """Return the rates of each arm under the run's judge and under each other judge; empty without another."""
    others = second_judges(run.store)
    if not others:
        return pd.DataFrame()
    scores = {run.judge: pd.DataFrame()}
    for table, judge in others.items():
        name = judge if judge not in scores else f"{judge} ({Path(table).stem})"  # the same judge, another rubric
        scores[name] = scores_of(run.store, table)
    return rates_by_judge(run.counted, scores, metrics.get(run.metric), run.plan.looks)


def _settings(run: FinishedRun) -> dict[str, Any]:
    """Return the settings that the run used: those of networks where it has some, and without a model few others."""
    settings = {**run.design.settings(), **_judged_by(run)}
    if not run.study.has_model:
        return {name: settings[name] for name in ("study", "arms", "seeds", "seed", "grokking")}
    return {name: value for name, value in settings.items() if name != "grokking"}


def _judged_by(run: FinishedRun) -> dict[str, str]:
    """Return the judge and the rubric of the rates."""
    later = None if run.design.judge else later_judge(run.store)
    return {"judge": run.judge, **({} if later is None else {"rubric": later.rubric})}
