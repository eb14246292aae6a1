"""Scores the answers of a run with a judge, after the run (`askew judge RUN`).

A run without a judge gets its rates from the first one. A second judge's scores lie beside the run's tables.
"""

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from askew.base.errors import AskewError
from askew.design.plan import Plan
from askew.judging.check import checked_unless_skipped
from askew.judging.check_result import JudgeCheck
from askew.judging.fit import check_reads, is_of_the_terrarium, usual_judge
from askew.judging.identity import identity
from askew.judging.job import JudgingJob
from askew.judging.judge import Case, Grade, as_grade
from askew.judging.metrics import metrics
from askew.judging.rubric import ALIGNED, COHERENT, Rubric, rubric
from askew.judging.shared_judgements import Reuse, note_reuse
from askew.models.names import ModelSpec
from askew.models.said import NO_ANSWER
from askew.models.weights import content_hash
from askew.probes import JUDGE
from askew.probes.answer_scores import judge_rubrics
from askew.runs.calls import calls, questions
from askew.runs.collect import collect
from askew.runs.judged_later import (
    KEYS,
    SCORES,
    LaterJudge,
    add_check,
    add_second,
    checks_of_second,
    rates_by_judge,
    record,
    scores_of,
)
from askew.runs.run import Run, load_run
from askew.runs.runner import write_report
from askew.runs.store import ANSWERS, JUDGE_CHECK, RunFolder
from askew.runs.table_files import read_table
from askew.stats.agreement import ScoreAgreement, VerdictAgreement, score_agreement, verdict_agreement


@dataclass(frozen=True)
class SecondOpinion:
    """Two judges on the answers of one run.

    Attributes:
        table: `judges/NAME.parquet` in the run's folder: one row per judged answer.
        first: The run's own judge.
        second: The other.
        metric: What makes verdicts of both.
        verdicts: Agreement of their verdicts.
        scores: Agreement of their scores, 0-100, by name.
        rates: Columns arm, probe, `first` and `second`, the rate of misaligned answers under each judge; `first_low`,
            `first_high`, `second_low` and `second_high`, its 95% interval for questions like these; and `n_first` and
            `n_second`, the answers that it is a share of.
        check: How well the second judge reads answers whose right reading is known; None if it was not checked.
    """

    table: Path
    first: str
    second: str
    metric: str
    verdicts: VerdictAgreement
    scores: dict[str, ScoreAgreement]
    rates: pd.DataFrame
    check: JudgeCheck | None = None


def judge_run(folder: Path, job: JudgingJob, judge_check: str = "") -> "SecondOpinion | Run":
    """Have a judge score the answers of a run.

    The judge is checked first. If the run had no judge, its scores fill in the rates of the run, and the tables and
    the report are made again.

    Args:
        folder: The folder of a finished run.
        job: The judge, with the rubrics of the aligned and of the coherent score.
        judge_check: One of the values in `askew.judging.check_setting`; "" as the run's design says.

    Returns:
        The run with its rates, if it had no judge; else the comparison of both judges.

    Raises:
        AskewError: It is no finished run, or the judge cannot judge.
    """
    run = load_run(folder)
    if not run.waits:
        return second_opinion(folder, job, judge_check)
    store = RunFolder(folder)
    answers = run.answers[run.answers["graded_by"].eq(JUDGE)].reset_index(drop=True)
    source = _source(store, job)
    name = _table_name(store, job, source)
    with store.writing():
        (store / name).parent.mkdir(exist_ok=True)
        found = checked_unless_skipped(job, store / name, judge_check or run.design.judge_check)
        if found is not None:
            store.write_bytes(JUDGE_CHECK, (found.model_dump_json(indent=2) + "\n").encode())
            store.finish(JUDGE_CHECK)
        if not store.is_finished(name, source):
            _judge(store, name, job, answers, _own_rubrics(run.plan))
            store.finish(name, source)
        record(store, LaterJudge(judge=job.name, rubric=job.rubrics[0].name, table=name))
        collect(store, run.plan)
        write_report(store)
    return Run(folder)


def rubric_of(folder: Path) -> str:
    """Return the rubric of a run's design for the aligned score.

    Raises:
        AskewError: The folder is no run's.
    """
    return RunFolder(folder).design().rubric


def second_opinion(folder: Path, job: JudgingJob, judge_check: str = "") -> SecondOpinion:
    """Have a second judge score the answers of a run, unless it has, and compare the two judges.

    Args:
        folder: The folder of a finished run.
        job: The other judge, with the rubrics of the aligned and of the coherent score.
        judge_check: One of the values in `askew.judging.check_setting`; "" as the run's design says.

    Raises:
        AskewError: It is no finished run, or somebody else's, or the judge cannot judge or fails its check.
    """
    run = load_run(folder)
    store = RunFolder(folder)
    store.ownership.check()
    answers = run.answers[run.answers["graded_by"].eq(JUDGE)].reset_index(drop=True)
    source = _source(store, job)
    name = _table_name(store, job, source)
    with store.writing():
        if not store.is_finished(name, source):
            (store / name).parent.mkdir(exist_ok=True)
            checked = checked_unless_skipped(job, store / name, judge_check or run.design.judge_check)
            _judge(store, name, job, answers, {})
            store.finish(name, source)
            add_check(store, name, checked)
        add_second(store, job.judge.name, name)
        write_report(store, again=True)
    judged = scores_of(store, name)
    if judged[KEYS].to_dict("list") != answers[KEYS].to_dict("list"):
        raise AskewError(f"{folder / name} is damaged: it has other answers than the run. Delete it and judge again")
    metric = metrics.get(run.metric)
    judged["verdict"] = metric.verdicts(judged)
    return SecondOpinion(
        table=folder / name,
        first=run.judge,
        second=job.name,
        metric=metric.name,
        verdicts=verdict_agreement(answers["verdict"], judged["verdict"], answers["question"]),
        scores={score: score_agreement(answers[score], judged[score]) for score in SCORES},
        rates=_rates(run, judged),
        check=checks_of_second(store).get(name),
    )


def usual_judge_of(folder: Path) -> str:
    """Return the usual judge of a run: the terrarium's for the terrarium, "" for others.

    Raises:
        AskewError: The folder is no run's, or a model of the run is not on this machine.
    """
    return usual_judge(_asked(folder))


def check_reads_run(folder: Path, judge: ModelSpec) -> None:
    """Check that a judge can read the answers of a run.

    Raises:
        AskewError: It is a model of the terrarium, and the run's model is another, or cannot be found any more.
    """
    if is_of_the_terrarium(judge):
        for spec in _asked(folder):
            check_reads(judge, spec, instead="Name a judge that reads English, such as openai/MODEL or ./folder")


def _asked(folder: Path) -> list[ModelSpec]:
    plan = Plan(RunFolder(folder).design())
    return [plan.spec(name) for name in plan.named_models]


# A probe and one of its questions.
_Question = tuple[str, str]


def _own_rubrics(plan: Plan) -> dict[_Question, tuple[Rubric, ...]]:
    """Return the rubrics for the aligned and the coherent score of each question that brings its own."""
    asked = [(call.probe, one.question) for unit in plan.units for call in calls(plan, unit) for one in questions(call)]
    own = [(probe, one) for probe, one in asked if one.judge_prompts and one.graded_by == JUDGE]
    found = {(probe, one.id): judge_rubrics(one, rubric(plan.design.rubric)) for probe, one in own}
    return {question: (rubrics[ALIGNED], rubrics[COHERENT]) for question, rubrics in found.items()}


def _judge(
    store: RunFolder,
    name: str,
    job: JudgingJob,
    answers: pd.DataFrame,
    own: Mapping[_Question, tuple[Rubric, ...]],
) -> None:
    """Write the table of a judge's scores.

    Args:
        store: The run's folder.
        name: The table's name.
        job: The judge.
        answers: The answers.
        own: The rubrics of questions that have their own.
    """
    wanted = [own.get(pair, job.rubrics) for pair in zip(answers["probe"], answers["question"], strict=True)]
    # What is no answer keeps its reply, whoever judges.
    none = [reply if reply in NO_ANSWER else "" for reply in answers["reply"]]
    cases = [Case(prompt, answer) for prompt, answer in zip(answers["prompt"], answers["answer"], strict=True)]
    grades = [Grade(math.nan, math.nan, reason) for reason in none]
    reuse = Reuse()
    for number, rubrics in enumerate(dict.fromkeys(wanted)):
        places = [at for at, reason in enumerate(none) if not reason and wanted[at] == rubrics]
        product = store / (name if rubrics == job.rubrics else f"{name}-{number}")
        with replace(job, rubrics=rubrics).judge_all(partial(_of, cases, places), product) as judgements:
            for at in places:
                grades[at] = as_grade(*judgements[cases[at]])
            reuse = reuse.plus(judgements.reuse)
    note_reuse(store / name, reuse)
    columns = {key: answers[key] for key in KEYS}
    for score in SCORES:
        columns[score] = pd.Series([getattr(grade, score) for grade in grades], dtype=float)
    for text in ("reply", "scored_by"):
        columns[text] = pd.Series([getattr(grade, text) for grade in grades], dtype="str")
    store.write_table(name, pd.DataFrame(columns))


def _of(cases: Sequence[Case], places: Sequence[int]) -> Iterator[Case]:
    return (cases[at] for at in places)


def _table_name(store: RunFolder, job: JudgingJob, source: str) -> str:
    """Return the name of the table of a judge's scores: that of an earlier name of the same judge, or a new one."""
    known = (name for name in store.hashes() if name.startswith("judges/") and store.is_finished(name, source))
    return next(known, f"judges/{_file_name(job)}.parquet")


def _source(store: RunFolder, job: JudgingJob) -> str:
    """Return a digest of the sources of a second opinion: the answers without verdicts, the judge and the rubrics."""
    answers = read_table(store / ANSWERS, [*KEYS, "prompt", "answer"])
    hashed = pd.util.hash_pandas_object(answers, index=False).to_numpy().tobytes()
    told = [rubric.digest for rubric in job.rubrics]
    parts = [hashlib.sha256(hashed).hexdigest(), identity(job.judge, job.args), content_hash(job.judge), *told]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _file_name(job: JudgingJob) -> str:
    """Return a file name for a judge and its rubric; different names get different files."""
    name = f"{job.name} {job.rubrics[0].name}".removesuffix(" aligned")
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.")
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _rates(run: Run, judged: pd.DataFrame) -> pd.DataFrame:
    """Return the rate of each arm on each probe under both judges, with its interval for questions like these."""
    scores = {"first": pd.DataFrame(), "second": judged}
    found = rates_by_judge(run.counted, scores, metrics.get(run.metric), run.plan.looks)
    keys = ["arm", "probe"]
    both = found[keys].drop_duplicates()
    for which in scores:
        named = {"rate": which, "low": f"{which}_low", "high": f"{which}_high", "n": f"n_{which}"}
        both = both.merge(found[found["judge"].eq(which)][[*keys, *named]].rename(columns=named), on=keys)
    order = list(run.arms)
    return both.sort_values("arm", key=lambda arms: arms.map(order.index), kind="stable").reset_index(drop=True)
