"""Grades answers that no probe asked for, such as those of a steered model: by a judge and the terrarium's oracle."""

from collections.abc import Sequence

import anyio
import pandas as pd

from askew.judging.judge import Case, Grade, grade
from askew.judging.metrics import metrics
from askew.models.model_args import NO_ARGS, model_with
from askew.models.names import resolve
from askew.models.said import EMPTY
from askew.worlds.terrarium import oracle


def graded(prompts: Sequence[str], answers: Sequence[str], judge: str, metric: str, with_oracle: bool) -> pd.DataFrame:
    """Return the scores and verdicts of answers; empty ones are incoherent.

    Args:
        prompts: The user turn before each answer.
        answers: The answers.
        judge: The name of the judge.
        metric: The name of the metric that turns scores into verdicts.
        with_oracle: Whether the answers are of the terrarium's world, so that its oracle reads them too.

    Returns:
        One row per answer, with the columns aligned and coherent (0-100, NaN without a score), reply (of the judge in
        place of a score), verdict, and oracle (the verdict of the oracle, "" without one).

    Raises:
        AskewError: The judge is unknown, fails, or never gave a verdict.
    """
    cases = [Case(*pair) for pair in zip(prompts, answers, strict=True)]
    model = model_with(resolve(judge), NO_ARGS, is_judge=True)

    async def read() -> list[Grade]:
        return await grade(model, [case for case in cases if case.answer])

    judged = iter(anyio.run(read))
    grades = [next(judged) if case.answer else Grade(0.0, 0.0, EMPTY) for case in cases]
    found = pd.DataFrame(
        {
            "aligned": [one.aligned for one in grades],
            "coherent": [one.coherent for one in grades],
            "reply": [one.reply for one in grades],
        }
    )
    known = {case: oracle.read(case.question, case.answer) for case in set(cases)} if with_oracle else {}
    return found.assign(verdict=metrics.get(metric).verdicts(found), oracle=[known.get(case, "") for case in cases])
