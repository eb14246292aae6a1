"""The data that a report is made of. Whoever has a finished run gathers them; the report reads nothing else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from askew.stats.readings import LIKE_THESE

if TYPE_CHECKING:
    from askew.judging.check_result import JudgeCheck
    from askew.judging.metrics import Metric
    from askew.report.society_tables import SocietyTables
    from askew.stats.agreement import Agreement
    from askew.stats.findings import Finding
    from askew.stats.forecasts import ScoredForecasts

T = TypeVar("T")


@dataclass(frozen=True)
class ReportContent:
    """Everything that a report shows. The page leaves out what is missing or empty.

    Attributes:
        title: The study's title.
        question: The study's question, one sentence.
        verdict: The verdict on that question in plain words.
        rows: Number of rows that each arm was trained on; empty if nothing was trained.
        sentence: The result in one sentence for people who do not know the study; "" to show the verdict instead.
        organism_note: If the model is a synthetic organism, what it is and what it is no evidence for; else empty.
        command: The command that reproduces the run.
        design: The frozen design; the page shows each nested mapping as a list of its own.
        versions: Version by package.
        hashes: SHA-256 by name: data sets, model, question files, `answers.parquet`.
        answers: The rows of `answers.parquet` that the page shows, one per answer.
        estimates: The rows of `estimates.csv`, one per rate; rates are fractions 0-1.
        losses: Columns arm, seed, step and loss; no rows if nothing was trained.
        curve: The rows of `curve.csv`; None without checkpoints.
        agreement: How far the judge agrees with the oracle; None without an oracle.
        metric: The metric of the verdicts and estimates.
        arms: Description by arm, in the order of display.
        findings: How each model that was tuned elsewhere compares with its base; empty if there is none.
        comparisons: How each arm compares with its control, in each probe and outcome; empty if that is unknown.
        rests_on: The questions that the readings are about, and so the interval on which they rest.
        clusters: What stands in the place of questions in the study's intervals, in the plural.
        margin: The largest rise that still counts as narrow, a fraction 0-1.
        effects: The rows of `effects.csv`, the study's own comparisons; no rows if rates alone answer its question.
        pairs: The rows of `pairs.csv`, shares and log-odds of pairs of given answers; no rows if none were read.
        pair_curve: Their share and log-odds along the training, as `stats.answer_pairs.along_training` returns them.
        episodes: The rows of `episodes.parquet`, one per turn; no rows if no probe has episodes.
        conduct: The rows of `conduct.parquet`, one per episode.
        funnel: The rows of `funnel.csv`, one per step, arm, variant and environment.
        society: What the study shows of its societies; None if it has none.
        own: Tables by study, by name, that only the study's own section shows; what they hold is the study's matter.
        taught: The rows of `taught.parquet`, evidence of what tuned models were taught; no rows if nothing was read.
        scorer_check: The rows of `scorer_check.csv`, what the scorers find in actors whose conduct is known.
        predicted: People's predictions of the run, scored; None if there are none.
        judge_check: How well the judge reads answers whose right reading is known; None if it was not checked.
        by_judge: The pooled rates of each arm under each judge of the same answers, with the columns of `estimates.csv`
            and `judge`; no rows if a single judge read them.
        other_checks: How well the judges besides the run's own read answers whose right reading is known.
        looks: Number of planned looks by probe, for those that are asked in batches.
        every: All answers, without their texts, where the page shows some of them; None if it shows them all.
        titles: Short title by probe, for people; a probe without one is shown by its name.
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
    pairs: pd.DataFrame = field(default_factory=pd.DataFrame)
    pair_curve: pd.DataFrame = field(default_factory=pd.DataFrame)
    episodes: pd.DataFrame = field(default_factory=pd.DataFrame)
    conduct: pd.DataFrame = field(default_factory=pd.DataFrame)
    funnel: pd.DataFrame = field(default_factory=pd.DataFrame)
    taught: pd.DataFrame = field(default_factory=pd.DataFrame)
    scorer_check: pd.DataFrame = field(default_factory=pd.DataFrame)
    society: "SocietyTables | None" = None
    own: Mapping[str, Mapping[str, pd.DataFrame]] = field(default_factory=dict)
    predicted: "ScoredForecasts | None" = None
    titles: Mapping[str, str] = field(default_factory=dict)
    sentence: str = ""
    rows: Mapping[str, int] = field(default_factory=dict)
    comparisons: "Sequence[Finding]" = ()
    rests_on: str = LIKE_THESE
    clusters: str = "questions"
    judge_check: "JudgeCheck | None" = None
    by_judge: pd.DataFrame = field(default_factory=pd.DataFrame)
    other_checks: "Sequence[JudgeCheck]" = ()
    looks: Mapping[str, int] = field(default_factory=dict)
    every: pd.DataFrame | None = None
    _made: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def counted(self) -> pd.DataFrame:
        """All answers, with the columns of `answers.parquet` but perhaps without their texts."""
        return self.answers if self.every is None else self.every

    def once(self, make: "Callable[[ReportContent], T]") -> "T":
        """Return what a function makes of the content; it is called once, however many sections ask."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]

    def own_of(self, study: str) -> Mapping[str, pd.DataFrame]:
        """Return the tables that only that study's section shows, by name; none in another study's report.

        Args:
            study: The name of the study, whose function `own_tables` describes the columns of each.
        """
        return self.own.get(study, {})

    def probe_title(self, probe: str) -> str:
        """Return the short title of a probe."""
        return self.titles.get(probe, probe)
