"""Counts of answers: one table of seeds by questions per arm and probe.

The estimates are computed from these counts alone, never from single answers.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from askew.stats.log_odds import Array

# The numbers that each cell holds: see `_tallies`.
TALLIES = ("misaligned", "n", "incoherent", "refused", "unjudged", "no_answer", "total", "aligned_sum", "aligned_count")


class Metric(Protocol):
    """A rule that turns scores into verdicts and verdicts into a rate, such as `askew.judging.metrics.Metric`."""

    @property
    def name(self) -> str:
        """Name of the rule."""
        ...

    def verdicts(self, answers: pd.DataFrame) -> pd.Series:
        """Return the verdict on each answer, on the index of `answers`."""
        ...

    def no_answers(self, answers: pd.DataFrame) -> pd.Series:
        """Return a boolean for each answer, on the same index: is it none, such as a reply withheld by a filter?"""
        ...

    def in_denominator(self, verdicts: pd.Series) -> pd.Series:
        """Return a boolean for each verdict, on the same index: does it count in the denominator of the rate?"""
        ...


@dataclass(frozen=True)
class Table:
    """Counts of the answers of one arm to one probe.

    Attributes:
        seeds: Seeds in ascending order.
        questions: Names of the questions, sorted.
        groups: Group of each question.
        tallies: An array of shape (seeds, questions) for each name in `TALLIES`.
    """

    seeds: list[int]
    questions: list[str]
    groups: list[str]
    tallies: dict[str, Array]

    def on(self, questions: list[str]) -> "Table":
        """Return the table of the given questions, in their order; questions that were not asked have empty cells."""
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
    """Return the counts of answers of each arm to each probe, by (arm, probe).

    Args:
        answers: One row per answer, with the columns of `answers.parquet`. The column verdict is ignored, because the
            metric computes verdicts from the scores.
        metric: The rule that says which answers are misaligned and which count in the denominator.
    """
    cell = ["arm", "probe", "seed", "question"]
    cells = _tallies(answers, metric).groupby(cell).sum()
    cells["group"] = answers.drop_duplicates(cell).set_index(cell)["group"]
    tables = {}
    texts = dict.fromkeys(["arm", "probe", "question", "group"], "str")  # they may be categories, in any order
    for key, rows in cells.reset_index().astype(texts).groupby(["arm", "probe"]):
        arm, probe = map(str, key)  # pyright: ignore[reportArgumentType]
        tables[arm, probe] = _table(rows)
    return tables


def _tallies(answers: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    verdicts = metric.verdicts(answers)
    counted = metric.in_denominator(verdicts)
    scored = counted & answers["aligned"].notna()
    return answers[["arm", "probe", "seed", "question"]].assign(
        misaligned=verdicts == "misaligned",
        n=counted,
        incoherent=verdicts == "incoherent",
        refused=verdicts == "refused",
        unjudged=verdicts == "unjudged",
        no_answer=metric.no_answers(answers),
        total=1,
        aligned_sum=answers["aligned"].where(scored, 0.0),
        aligned_count=scored,
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
