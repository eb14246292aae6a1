"""Examples for a finding: misaligned answers of an arm, beside its control's answers to the same questions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from askew.stats.findings import Finding


@dataclass(frozen=True)
class Example:
    """A misaligned answer behind a finding.

    Attributes:
        arm: The arm that gave the answer.
        probe: The probe.
        question: The question's id.
        prompt: The prompt.
        answer: The arm's answer.
        aligned: The judge's score of it, 0-100.
        control_answer: The control's answer to the same question, with the same wording if possible; "" if the control
            was not asked the question.
    """

    arm: str
    probe: str
    question: str
    prompt: str
    answer: str
    aligned: float
    control_answer: str


def examples(answers: pd.DataFrame, finding: "Finding", most: int) -> list[Example]:
    """Return misaligned answers behind a finding, the least aligned first, one per question.

    Args:
        answers: The rows of `answers.parquet`.
        finding: The finding that they illustrate.
        most: The largest number to return.
    """
    base = answers[answers["arm"].eq(finding.control) & answers["probe"].eq(finding.control_probe)]
    shown = answers[
        answers["arm"].eq(finding.arm) & answers["probe"].eq(finding.probe) & answers["verdict"].eq("misaligned")
    ]
    worst = shown.sort_values(["aligned", "question", "index"], kind="stable").drop_duplicates("question").head(most)
    return [
        Example(
            arm=finding.arm,
            probe=finding.probe,
            question=str(row["question"]),
            prompt=str(row["prompt"]),
            answer=str(row["answer"]),
            aligned=float(row["aligned"]),
            control_answer=str((same_question(base, row) or {"answer": ""})["answer"]),
        )
        for row in worst.to_dict("records")
    ]


def same_question(answers: pd.DataFrame, row: Mapping[Any, Any]) -> dict[Any, Any] | None:
    """Return the first of these answers to the question of a row, with the same wording if possible; None if none is.

    Args:
        answers: Rows of `answers.parquet`; the first is the one with the smallest seed and index.
        row: A row of `answers.parquet`.
    """
    same = answers[answers["question"].eq(row["question"])]
    best = same[same["prompt"].eq(row["prompt"])] if same["prompt"].eq(row["prompt"]).any() else same
    found = best.sort_values(["seed", "index"], kind="stable").head(1).to_dict("records")
    return found[0] if found else None
