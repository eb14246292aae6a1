"""Scores the answers of a run with a second judge (`askew judge RUN`). The run's own tables stay as they are."""

import hashlib
import io
import math
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from askew.design.plan import Plan
from askew.judging.fit import check_reads, is_of_the_terrarium, usual_judge
from askew.judging.identity import identity
from askew.judging.job import JudgingJob
from askew.judging.judge import Case, Grade, as_grade
from askew.judging.metrics import metrics
from askew.models.names import ModelSpec
from askew.models.said import NO_ANSWER
from askew.probes import JUDGE
from askew.runs.provenance import weights
from askew.runs.run import Run, load_run
from askew.runs.store import ANSWERS, RunFolder
from askew.runs.table_files import read_table
from askew.stats.agreement import ScoreAgreement, VerdictAgreement, score_agreement, verdict_agreement

_KEYS = ["arm", "seed", "probe", "question", "index"]
_SCORES = ["aligned", "coherent"]


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
        rates: Columns arm, probe, `first` and `second`, the rate of misaligned answers under each judge, and
            `n_first` and `n_second`, the answers that it is a share of.
    """

    table: Path
    first: str
    second: str
    metric: str
    verdicts: VerdictAgreement
    scores: dict[str, ScoreAgreement]
    rates: pd.DataFrame


def second_opinion(folder: Path, job: JudgingJob) -> SecondOpinion:
    """Have a second judge score the answers of a run, unless it has, and compare the two judges.

    Args:
        folder: The folder of a finished run.
        job: The other judge, with the rubrics of the aligned and of the coherent score.

    Raises:
        AskewError: It is no finished run, or the judge cannot judge.
    """
    run = load_run(folder)
    store, name = RunFolder(folder), f"judges/{_file_name(job)}.parquet"
    answers = run.answers[run.answers["graded_by"].eq(JUDGE)].reset_index(drop=True)
    source = _source(store, job)
    with store.writing():
        if not store.is_finished(name, source):
            _judge(store, name, job, answers)
            store.finish(name, source)
    judged = read_table(folder / name, [*_KEYS, *_SCORES, "reply", "scored_by"])
    metric = metrics.get(run.metric)
    judged["verdict"] = metric.verdicts(judged)
    return SecondOpinion(
        table=folder / name,
        first=run.design.judge,
        second=job.judge.name,
        metric=metric.name,
        verdicts=verdict_agreement(answers["verdict"], judged["verdict"], answers["question"]),
        scores={score: score_agreement(answers[score], judged[score]) for score in _SCORES},
        rates=_rates(run, answers, judged),
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


def _judge(store: RunFolder, name: str, job: JudgingJob, answers: pd.DataFrame) -> None:
    cases = [Case(prompt, answer) for prompt, answer in zip(answers["prompt"], answers["answer"], strict=True)]
    # What is no answer keeps its reply, whoever judges.
    none = [reply if reply in NO_ANSWER else "" for reply in answers["reply"]]
    there = [case for case, reason in zip(cases, none, strict=True) if not reason]
    (store / name).parent.mkdir(exist_ok=True)
    with job.judge_all(lambda: iter(there), store / name) as judgements:
        grades = [
            Grade(math.nan, math.nan, reason) if reason else as_grade(*judgements[case])
            for case, reason in zip(cases, none, strict=True)
        ]
        columns = {key: answers[key] for key in _KEYS}
        for score in _SCORES:
            columns[score] = pd.Series([getattr(grade, score) for grade in grades], dtype=float)
        for text in ("reply", "scored_by"):
            columns[text] = pd.Series([getattr(grade, text) for grade in grades], dtype="str")
        buffer = io.BytesIO()
        pd.DataFrame(columns).to_parquet(buffer, index=False)
        store.write_bytes(name, buffer.getvalue())


def _source(store: RunFolder, job: JudgingJob) -> str:
    """Return a digest of the sources of a second opinion: the answers without verdicts, the judge and the rubrics."""
    answers = read_table(store / ANSWERS, [*_KEYS, "prompt", "answer"])
    hashed = pd.util.hash_pandas_object(answers, index=False).to_numpy().tobytes()
    told = [rubric.digest for rubric in job.rubrics]
    parts = [hashlib.sha256(hashed).hexdigest(), identity(job.judge), weights(job.judge.name), *told]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _file_name(job: JudgingJob) -> str:
    """Return a file name for a judge and its rubric; different names get different files."""
    name = f"{job.judge.name} {job.rubrics[0].name}".removesuffix(" aligned")
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.")
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _rates(run: Run, answers: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    """Return the rate of each arm on each probe under both judges."""
    metric = metrics.get(run.metric)
    rows = []
    for (probe, arm), part in answers.groupby(["probe", "arm"], sort=False):
        row: dict[str, object] = {"arm": arm, "probe": probe}
        for which, verdicts in (("first", part["verdict"]), ("second", judged.loc[part.index, "verdict"])):
            counted = verdicts[metric.in_denominator(verdicts)]
            row |= {which: float(counted.eq("misaligned").mean()), f"n_{which}": len(counted)}
        rows.append(row)
    return pd.DataFrame(rows)
