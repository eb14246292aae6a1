"""The scorer `judge`: a model grades each segment by a rubric, through the door of all judges."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from askew.base.errors import AskewError
from askew.perspective.axis import HIGHEST, LOWEST, Axis
from askew.perspective.scorers import NO_EVIDENCE, Scored, ScorerKind, Setting, scorers

if TYPE_CHECKING:
    from askew.judging.score import Score

RUBRIC = Path(__file__).with_name("stance.md")


class JudgeScorer:
    """Scores texts by a judge.

    Args:
        setting: The axis, the judge and its budget.

    Raises:
        AskewError: No judge is named, or it cannot be used.
    """

    def __init__(self, setting: Setting) -> None:
        if not setting.judge:
            raise AskewError(
                "the scorer judge needs a judge: name a model that reads English, such as --judge openai/MODEL or "
                "--judge ./folder"
            )
        from askew.judging.job import prepare

        self._setting = setting
        self._scale = scale(setting.axis)
        self._job = prepare(
            setting.judge,
            [str(RUBRIC)],
            max_cost=setting.max_cost,
            prices=setting.prices,
            on_progress=setting.on_progress,
            say=setting.say,
        )

    def __call__(self, texts: Sequence[str]) -> list[Scored]:
        """Return the judge's score of each text.

        Raises:
            AskewError: The judge fails, would cost too much, or grades no text at all.
        """
        from askew.judging.judge import Case
        from askew.judging.score import MISSING

        cases = [Case(self._scale, text) for text in texts]
        with self._job.judge_all(lambda: iter(cases), self._setting.product) as store:
            found = [store[case][0] for case in cases]
        missing = sum(one.reply == MISSING for one in found)
        if missing:
            self._setting.say(f"{missing:,} of {len(found):,} segments have no grade that can be read: no evidence")
        return [_scored(one) for one in found]


def scale(axis: Axis) -> str:
    """Return an axis in words for a judge."""
    low, high = (f"{end.label}{f': the speaker {end.about}' if end.about else ''}" for end in (axis.low, axis.high))
    return f"{axis.title}\nLow end: {low}\nHigh end: {high}"


def _scored(found: "Score") -> Scored:
    """Return a judge's number from 0 to 100 on the scale of maps."""
    if math.isnan(found.value):
        return NO_EVIDENCE
    return Scored(LOWEST + (HIGHEST - LOWEST) * found.value / 100)


def _method(setting: Setting) -> str:
    return (
        f"The judge {setting.judge} graded each segment by a rubric: 0 for {setting.axis.low.label}, 100 for "
        f"{setting.axis.high.label}, stretched to −100 … +100. A segment that it declined to grade has no evidence."
    )


scorers.add(
    "judge",
    ScorerKind(about="a model grades each segment by a rubric; --judge names it", make=JudgeScorer, method=_method),
)
