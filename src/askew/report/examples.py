"""The answers that show what moved: misaligned ones of an arm, beside its control's to the same question."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from askew.stats.findings import Finding


@dataclass(frozen=True)
class Example:
    """An answer that shows what moved.

    Attributes:
        arm: Whose answer it is.
        probe: The probe.
        question: The question's name.
        prompt: What was asked.
        answer: What the arm said.
        aligned: The judge's score of that, 0-100.
        control_answer: What the control said, to the same wording where it was asked that; "" if to none.
    """

    arm: str
    probe: str
    question: str
    prompt: str
    answer: str
    aligned: float
    control_answer: str


def examples(answers: pd.DataFrame, finding: "Finding", most: int) -> list[Example]:
    """Return misaligned answers behind a finding, the least aligned first, one to a question.

    Args:
        answers: The rows of `answers.parquet`.
        finding: What they are to show.
        most: How many at most.
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
    """Return the control's answer to a question, to the same wording if there is one."""
    same = base[base["question"].eq(row["question"])]
    best = same[same["prompt"].eq(row["prompt"])] if same["prompt"].eq(row["prompt"]).any() else same
    return "" if best.empty else str(best.sort_values("index")["answer"].iloc[0])
