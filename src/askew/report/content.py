"""What a report is made of: plain data, gathered from a run folder or from an audit by whoever has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from askew.judging.metrics import Metric
    from askew.stats.agreement import Agreement
    from askew.stats.findings import Finding
    from askew.stats.forecasts import Predicted


@dataclass(frozen=True)
class ReportContent:
    """Everything that a report shows. What is missing or empty is left out of the page, not made up.

    Attributes:
        title: The study's name, for people.
        question: What the study asks, one sentence.
        verdict: What the estimates say about it, in plain words; shown as it is.
        organism_note: What the model is and is no evidence for, where it is a synthetic organism; else empty.
        command: The one command that makes this run again.
        design: The frozen design; nested mappings are shown flattened.
        versions: Version by package.
        hashes: Hash by what was hashed (data sets, model, answers).
        answers: One row per answer, with the columns of `answers.parquet`.
        estimates: The rows of `estimates.csv`.
        losses: Columns arm, seed, step, loss; empty where nothing was trained.
        curve: The rows of `curve.csv`, or None without checkpoints.
        agreement: Judge against oracle, or None where there is no oracle.
        metric: The metric of the verdicts and estimates.
        arms: What each arm is, by name, in the order of display.
        findings: What may be said of models that were tuned elsewhere; empty in a run that trained its arms.
        margin: The largest rise that the findings call narrow, a fraction.
        effects: The rows of `effects.csv`: the comparisons that answer the question; empty where the rates do.
        predicted: What people predicted of the run, scored; None if nobody did.
    """

    title: str
    question: str
    verdict: str
    organism_note: str
    command: str
    design: Mapping[str, Any]
    versions: Mapping[str, str]
    hashes: Mapping[str, str]
    answers: pd.DataFrame
    estimates: pd.DataFrame
    losses: pd.DataFrame
    curve: pd.DataFrame | None
    agreement: "Agreement | None"
    metric: "Metric"
    arms: Mapping[str, str]
    findings: "Sequence[Finding]" = ()
    margin: float = 0.0
    effects: pd.DataFrame = field(default_factory=pd.DataFrame)
    predicted: "Predicted | None" = None
