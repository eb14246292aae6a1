"""Answers before and after training, side by side: the same questions, chosen by a rule that the page states."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from askew.report import tables
from askew.report.content import ReportContent
from askew.report.examples import same_question

UNTUNED = "untuned"
MOST = 3
"""The number of questions shown."""

NAME_PARTS = ("arm", "seed", "probe", "question", "index")
"""The columns whose values, joined by dots, name an answer in a link to the page's reader (`archive.js`)."""


@dataclass(frozen=True)
class Pair:
    """One question with an answer of each of two arms. Texts are as the models wrote them.

    Attributes:
        prompt: The question as the arm `after` was asked it.
        before: The answer of the arm `before`.
        after: The answer of the arm `after`.
        before_name: The name of the answer `before` in the page's reader.
        after_name: The name of the answer `after` there.
    """

    prompt: str
    before: str
    after: str
    before_name: str
    after_name: str


@dataclass(frozen=True)
class Pairs:
    """Answers of two arms to the same questions.

    Attributes:
        before: The untuned model if it was asked, else the control.
        after: The treated arm.
        misaligned: Whether the answers of `after` are its first misaligned ones; else they are its first answers.
        shown: The pairs, in the order of the questions; empty if there are none.
    """

    before: str
    after: str
    misaligned: bool
    shown: tuple[Pair, ...]

    @property
    def how(self) -> str:
        """The rule by which the answers were chosen, in one or two sentences."""
        if not self.shown:
            return ""
        if not self.misaligned:
            return f"The first answers of {self.before} and {self.after} to each of these questions."
        return (
            f"On the right, the first misaligned answer of {self.after} to each of these questions; on the left, the "
            f"first answer of {self.before} to the same question."
        )


@dataclass(frozen=True)
class _Comparison:
    arm: str
    probe: str
    control: str
    control_probe: str


def pairs(content: ReportContent) -> Pairs:
    """Return answers to up to three questions before and after training, for the first comparison that moved.

    The treated arm is the first in the order of display that differs from its control beyond chance, or else the first
    that has a control. For each question, in the order of the run, its answer is the first misaligned one by seed,
    paraphrase and number; questions without one are left out. If it has no misaligned answer at all, its first answers
    are shown. The other answer is the first of the untuned model to the same question, with the same wording if it
    was asked; without an untuned model, that of the control.
    """
    found = next(_comparisons(content), None)
    if found is None:
        return Pairs("", "", False, ())
    answers = content.answers
    asked = set(map(tuple, answers[["arm", "probe"]].drop_duplicates().to_numpy()))
    has_untuned = (UNTUNED, found.control_probe) in asked and found.arm != UNTUNED
    before = (UNTUNED if has_untuned else found.control, found.control_probe)
    return side_by_side(answers, before, (found.arm, found.probe))


def side_by_side(answers: pd.DataFrame, before: tuple[str, str], after: tuple[str, str]) -> Pairs:
    """Return answers of two arms to up to three questions; see `pairs` for how they are chosen.

    Args:
        answers: The rows of `answers.parquet`.
        before: The arm on the left, and its probe.
        after: The arm on the right, and its probe.
    """
    ordered = answers.sort_values(["seed", "paraphrase", "index"], kind="stable")
    left, right = (ordered[ordered["arm"].eq(arm) & ordered["probe"].eq(probe)] for arm, probe in (before, after))
    right = right[right["question"].isin(left["question"])]
    bad = right[right["verdict"].eq("misaligned")]
    chosen = bad if len(bad) else right
    order = [question for question in answers["question"].unique() if question in set(chosen["question"])]
    firsts = chosen.drop_duplicates("question").set_index("question", drop=False).loc[order[:MOST]]
    shown = tuple(_pair(left, row) for row in firsts.to_dict("records"))
    return Pairs(before[0], after[0], bool(len(bad)), shown)


def _pair(before: pd.DataFrame, row: dict[Any, Any]) -> Pair:
    other = same_question(before, row)
    assert other is not None  # `after` was restricted to questions of `before`
    return Pair(str(row["prompt"]), str(other["answer"]), str(row["answer"]), _name(other), _name(row))


def _name(row: dict[Any, Any]) -> str:
    return ".".join(str(row[part]) for part in NAME_PARTS)


def _comparisons(content: ReportContent) -> Iterator[_Comparison]:
    """Yield the comparisons that have answers, those that moved first, each group in the order of display."""
    asked = set(map(tuple, content.answers[["arm", "probe"]].drop_duplicates().to_numpy()))
    for one in _wanted(content):
        if (one.arm, one.probe) in asked and (one.control, one.control_probe) in asked:
            yield one


def _wanted(content: ReportContent) -> Iterator[_Comparison]:
    findings = sorted(content.findings, key=lambda found: not found.low > 0)
    yield from (_Comparison(one.arm, one.probe, one.control, one.control_probe) for one in findings)
    if len(content.effects):
        probe = tables.headline(content.estimates)
        leading = content.effects[content.effects["lead"]]
        yield from (_Comparison(row["arm"], probe, row["control"], probe) for row in leading.to_dict("records"))
    rows = tables.leading_rows(content.estimates, content.arms)
    rows = rows[rows["difference"].notna()]
    rose = tables.is_apart(rows) & rows["difference"].gt(0)
    for row in pd.concat([rows[rose], rows[~rose]]).to_dict("records"):
        yield _Comparison(row["arm"], row["probe"], row["control"], row["control_probe"])
