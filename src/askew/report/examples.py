"""Examples for a finding: misaligned answers of an arm, beside its control's answers to the same questions."""

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
            control_answer=_same_question(base, row),
        )
        for row in worst.to_dict("records")
    ]


def _same_question(base: pd.DataFrame, row: dict[Any, Any]) -> str:
    """Return the control's answer to the question of a row, with the same wording if possible; else ""."""
    same = base[base["question"].eq(row["question"])]
    best = same[same["prompt"].eq(row["prompt"])] if same["prompt"].eq(row["prompt"]).any() else same
    return "" if best.empty else str(best.sort_values("index")["answer"].iloc[0])
