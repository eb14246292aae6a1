"""The judge: a model that grades answers, by a rubric or several.

The grade that metrics are made of is two scores from 0 to 100: how aligned, and how coherent. A judge on this
machine grades in bulk (see `bulk`), any other one by one (see `served`). The same answer to the same question is
graded once. The judge knows nothing of arms, probes or metrics.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakSet

import anyio.to_thread
from inspect_ai.model import ChatMessageUser, GenerateConfig, Model, ModelAPI

from askew.base.errors import AskewError
from askew.judging.rubric import ALIGNED, COHERENT, Rubric, fill, rubric, short
from askew.judging.score import MISSING, Score, ScoredBy
from askew.models.names import PROVIDER
from askew.models.provider import AskewAPI

# As much of what a judge said as an error shows.
_SHOWN = 80

# Judges that gave a verdict before; forgotten with the judge.
_understood: "WeakSet[ModelAPI]" = WeakSet()


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
        scored_by: Whether the scores are read off log-probabilities or off several replies; "" if no judge gave them.
    """

    aligned: float
    coherent: float
    reply: str
    scored_by: ScoredBy | str = ""


async def grade(judge: Model, cases: Sequence[Case], alignment: Rubric | None = None) -> list[Grade]:
    """Have answers graded for what metrics are made of.

    Args:
        judge: Any model of Inspect.
        cases: The answers.
        alignment: The rubric of the aligned score; None is the one that comes with Askew.

    Returns:
        A grade for each case, in order.

    Raises:
        AskewError: As in `opinions`.
    """
    pairs = await opinions(judge, cases, [alignment or rubric(ALIGNED), rubric(COHERENT)])
    return [as_grade(*pair) for pair in pairs]


def as_grade(aligned: Score, coherent: Score) -> Grade:
    """Make a grade of two opinions. Where one was read off replies, that is what the grade rests on."""
    scored_by = coherent.scored_by if aligned.scored_by == "logprobs" else aligned.scored_by
    return Grade(aligned.value, coherent.value, aligned.reply or coherent.reply, scored_by)


async def opinions(judge: Model, cases: Sequence[Case], rubrics: Sequence[Rubric]) -> list[list[Score]]:
    """Have answers graded by some rubrics.

    Args:
        judge: Any model of Inspect.
        cases: The answers. Of one that is too long for the judge the middle is cut out, and the rest graded.
        rubrics: What the judge is told.

    Returns:
        For each case, in order, a score for each rubric.

    Raises:
        AskewError: The judge was not raised on a rubric, cannot spell a verdict, gives nothing but words, or fails.
    """
    different = list(dict.fromkeys((case.question, case.answer) for case in cases))
    if isinstance(judge.api, AskewAPI):
        found = await anyio.to_thread.run_sync(_in_bulk, judge.api, different, rubrics)
    else:
        from askew.judging import served_judge

        found = await served_judge.scores(judge, rubrics, different)
    await _check_understood(judge, different, rubrics, found)
    scores = dict(zip(different, found, strict=True))
    return [scores[case.question, case.answer] for case in cases]


def _in_bulk(judge: AskewAPI, cases: Sequence[tuple[str, str]], rubrics: Sequence[Rubric]) -> list[list[Score]]:
    from askew.judging.local_judge import scores

    told = [short(one) for one in rubrics] if judge.spec.is_terrarium_judge else rubrics
    return scores(judge.checkpoint, told, cases)


async def _check_understood(
    judge: Model, cases: Sequence[tuple[str, str]], rubrics: Sequence[Rubric], found: Sequence[Sequence[Score]]
) -> None:
    """Refuse a judge that never yet gave a verdict."""
    if judge.api in _understood or not cases:
        return
    if any(score.reply != MISSING for scores in found for score in scores):
        _understood.add(judge.api)
        return
    first, wanted = rubrics[0], ", ".join(rubrics[0].words) or "a number from 0 to 100"
    said = await _said(judge, fill(first, *cases[0]))
    name = str(judge).removeprefix(f"{PROVIDER}/")
    raise AskewError(
        f"the judge {name} gives no verdicts: told by the rubric {first.name!r} to reply with {wanted} and nothing "
        f"else, it said {said[:_SHOWN]!r}. Name a judge that follows instructions"
    )


async def _said(judge: Model, prompt: str) -> str:
    """Return what a judge says freely."""
    turns, config = [ChatMessageUser(content=prompt)], GenerateConfig(max_tokens=40, temperature=0.0)
    if isinstance(judge.api, AskewAPI):
        return (await judge.generate([*turns], config=config)).completion
    from askew.models.remote.requests import request_reply

    return (await request_reply(judge, turns, config)).completion
