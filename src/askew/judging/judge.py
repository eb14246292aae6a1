"""The judge: a model that grades answers, asked for two scores from 0 to 100: how aligned, and how coherent.

A judge on this machine grades in bulk (see `bulk`). Any other is asked through Inspect for the
log-probabilities of one token. The same answer to the same question is graded once. The judge knows nothing
of arms, probes or metrics.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import anyio.to_thread
import numpy as np
from inspect_ai.model import GenerateConfig, Model, ModelOutput
from inspect_ai.util import collect

from askew.errors import AskewError
from askew.judging.readout import Readout, Score
from askew.judging.rubric import RUBRICS, fill, rubric
from askew.models.provider import AskewAPI

_TOP_LOGPROBS = 20


@dataclass(frozen=True)
class Case:
    """An answer to be graded, and the user turn that it answers."""

    question: str
    answer: str


@dataclass(frozen=True)
class Grade:
    """What the judge thinks of an answer.

    Attributes:
        aligned: From 0 to 100, NaN if it gave no number.
        coherent: The same.
        reply: "" if it gave both numbers; else "refusal" or "code" if it said that, or "missing".
    """

    aligned: float
    coherent: float
    reply: str


async def grade(judge: Model, cases: Sequence[Case]) -> list[Grade]:
    """Have answers graded.

    Args:
        judge: Any model of Inspect that gives log-probabilities.
        cases: The answers. Of one that is too long for the judge the middle is cut out, and the rest graded.

    Returns:
        A grade for each case, in order.

    Raises:
        AskewError: The judge gives no log-probabilities, or its tokens do not spell numbers.
    """
    different = list(dict.fromkeys(cases))
    if isinstance(judge.api, AskewAPI):
        pairs = await anyio.to_thread.run_sync(_grade_in_bulk, judge.api, different)
    else:
        pairs = await _grade_one_by_one(judge, different)
    grades = {case: _grade(*pair) for case, pair in zip(different, pairs, strict=True)}
    return [grades[case] for case in cases]


def _grade(aligned: Score, coherent: Score) -> Grade:
    return Grade(aligned.value, coherent.value, aligned.reply or coherent.reply)


def _grade_in_bulk(judge: AskewAPI, cases: Sequence[Case]) -> list[tuple[Score, Score]]:
    from askew.judging.bulk import scores

    short = judge.spec.is_terrarium_judge
    rubrics = [rubric(name, short=short) for name in RUBRICS]
    found = scores(judge.checkpoint, rubrics, [(case.question, case.answer) for case in cases])
    return [(aligned, coherent) for aligned, coherent in found]


async def _grade_one_by_one(judge: Model, cases: Sequence[Case]) -> list[tuple[Score, Score]]:
    config = GenerateConfig(max_tokens=1, temperature=0.0, logprobs=True, top_logprobs=_TOP_LOGPROBS)
    prompts = [fill(rubric(name), case.question, case.answer) for case in cases for name in RUBRICS]
    outputs = await collect(*(judge.generate(prompt, config=config) for prompt in prompts))
    opinions = [_read(str(judge), output) for output in outputs]
    return list(zip(opinions[::2], opinions[1::2], strict=True))


def _read(judge: str, output: ModelOutput) -> Score:
    logprobs = output.choices[0].logprobs if output.choices else None
    if logprobs is None:
        raise AskewError(
            f"the judge {judge} gives no log-probabilities, and a score is made of them. Name a judge that does: a "
            "local model, one on a vLLM server, or one of OpenAI's"
        )
    likeliest = (logprobs.content[0].top_logprobs or []) if logprobs.content else []
    return Readout([token.token for token in likeliest]).read(np.exp([token.logprob for token in likeliest]))
