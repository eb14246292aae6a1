"""Count answers: one table of seeds by questions for each arm and probe.

All that the estimates need to know of the answers; nothing after this looks at a single answer again.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from askew.stats.log_odds import Array

# What is added up in a cell: see `_tallies`.
TALLIES = ("misaligned", "n", "incoherent", "refused", "unjudged", "total", "aligned_sum", "aligned_count")


class Metric(Protocol):
    """A rule from scores to verdicts, and from verdicts to a rate; `askew.judging.metrics.Metric` is one."""

    @property
    def name(self) -> str:
        """The rule's name."""
        ...

    def verdicts(self, answers: pd.DataFrame) -> pd.Series:
        """Return the verdict on every answer."""
        ...

    def in_denominator(self, verdicts: pd.Series) -> pd.Series:
        """Return whether each verdict is among those that the rate is a share of."""
        ...


@dataclass(frozen=True)
class Table:
    """The answers of one arm to one probe, counted.

    Attributes:
        seeds: Seeds in ascending order.
        questions: Names of the questions, sorted.
        groups: The group of each question.
        tallies: For each name in `TALLIES` an array (seeds, questions).
    """

    seeds: list[int]
    questions: list[str]
    groups: list[str]
    tallies: dict[str, Array]

    def on(self, questions: list[str]) -> "Table":
        """Return the table for these questions, in this order; the cells of questions not asked are empty."""
        place = {question: index for index, question in enumerate(self.questions)}
        asked = np.array([question in place for question in questions], dtype=bool)
        source = [place.get(question, 0) for question in questions]
        return Table(
            self.seeds,
            questions,
            [self.groups[index] for index in source],
            {name: np.where(asked, values[:, source], 0) for name, values in self.tallies.items()},
        )


def count(answers: pd.DataFrame, metric: Metric) -> dict[tuple[str, str], Table]:
    """Count the answers of every arm to every probe under a metric; keys are (arm, probe).

    Args:
        answers: One row per answer, the columns of answers.parquet. Its column `verdict` is not read: the metric judges
            the scores afresh.
        metric: What counts as misaligned, and among which answers.
    """
    cell = ["arm", "probe", "seed", "question"]
    cells = _tallies(answers, metric).groupby(cell).sum()
    cells["group"] = answers.groupby(cell)["group"].min()
    tables = {}
    for key, rows in cells.reset_index().groupby(["arm", "probe"]):
        arm, probe = map(str, key)  # pyright: ignore[reportArgumentType]
        tables[arm, probe] = _table(rows)
    return tables


def _tallies(answers: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    verdicts = metric.verdicts(answers)
    counted = metric.in_denominator(verdicts)
    scored = counted & answers["aligned"].notna()
    return answers[["arm", "probe", "seed", "question"]].assign(
        misaligned=(verdicts == "misaligned").astype(int),
        n=counted.astype(int),
        incoherent=(verdicts == "incoherent").astype(int),
        refused=(verdicts == "refused").astype(int),
        unjudged=(verdicts == "unjudged").astype(int),
        total=1,
        aligned_sum=answers["aligned"].where(scored, 0.0),
        aligned_count=scored.astype(int),
    )


def _table(cells: pd.DataFrame) -> Table:
    seeds, seed_at = np.unique(cells["seed"].to_numpy(dtype=int), return_inverse=True)
    questions, question_at = np.unique(cells["question"].to_numpy(dtype=object), return_inverse=True)
    groups = cells.groupby("question")["group"].min()
    tallies = {}
    for name in TALLIES:
        tallies[name] = np.zeros((seeds.size, questions.size))
        tallies[name][seed_at, question_at] = cells[name].to_numpy()
    return Table(seeds.tolist(), questions.tolist(), groups.tolist(), tallies)
