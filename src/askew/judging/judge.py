"""Scores answers with a judge, a model that follows one or several rubrics.

Metrics use two scores from 0 to 100: how aligned and how coherent an answer is. `local_judge` scores answers with
weights on this machine, `terrarium_judge` with those of the terrarium, and `served_judge` with any other model. Equal
answers to equal questions are judged once: of one run, or of several in a block of `shared_judgements.sharing`. The
judge never sees arms, probes or metrics.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakSet

import anyio.to_thread
from inspect_ai.model import ChatMessageUser, GenerateConfig, Model, ModelAPI

from askew.base.errors import AskewError
from askew.judging.judgement_keys import Text
from askew.judging.rubric import ALIGNED, COHERENT, Rubric, fill, rubric
from askew.judging.score import MISSING, Score, ScoredBy
from askew.judging.shared_judgements import reusing
from askew.models.names import PROVIDER
from askew.models.provider import AskewAPI

# Characters of a judge's reply that an error shows.
_SHOWN = 80

# Judges that have given a verdict.
_understood: "WeakSet[ModelAPI]" = WeakSet()


@dataclass(frozen=True)
class Case:
    """An answer to judge, and the user turn that it answers."""

    question: str
    answer: str


@dataclass(frozen=True)
class Grade:
    """A judge's scores of one answer.

    Attributes:
        aligned: From 0 to 100; NaN without a score.
        coherent: From 0 to 100; NaN without a score.
        reply: "" with both scores; else "refusal" or "code" if the judge replied that, or "missing".
        scored_by: "logprobs" or "samples", as in `Score`; "" if no judge gave the scores.
    """

    aligned: float
    coherent: float
    reply: str
    scored_by: ScoredBy | str = ""


async def grade(judge: Model, cases: Sequence[Case], alignment: Rubric | None = None) -> list[Grade]:
    """Return the aligned and coherent scores of some answers.

    Args:
        judge: Any model of Inspect.
        cases: The answers.
        alignment: The rubric for the aligned score; None uses the one that comes with Askew.

    Returns:
        A grade for each case, in order.

    Raises:
        AskewError: As in `opinions`.
    """
    pairs = await opinions(judge, cases, [alignment or rubric(ALIGNED), rubric(COHERENT)])
    return [as_grade(*pair) for pair in pairs]


def as_grade(aligned: Score, coherent: Score) -> Grade:
    """Combine two scores into a grade, which is "samples" if either score is."""
    scored_by = coherent.scored_by if aligned.scored_by == "logprobs" else aligned.scored_by
    return Grade(aligned.value, coherent.value, aligned.reply or coherent.reply, scored_by)


async def opinions(judge: Model, cases: Sequence[Case], rubrics: Sequence[Rubric]) -> list[list[Score]]:
    """Return the scores of some answers by some rubrics.

    Args:
        judge: Any model of Inspect.
        cases: The answers. An answer that is too long for the judge loses its middle.
        rubrics: The rubrics.

    Returns:
        One list per case, in order, with one score per rubric.

    Raises:
        AskewError: The judge was not trained on a rubric, has no tokens for verdicts, never gave a verdict, or failed.
    """
    different = list(dict.fromkeys((case.question, case.answer) for case in cases))

    async def score(missing: Sequence[Text]) -> list[list[Score]]:
        if isinstance(judge.api, AskewAPI):
            found = await anyio.to_thread.run_sync(_score_locally, judge.api, missing, rubrics)
        else:
            from askew.judging import served_judge

            found = await served_judge.scores(judge, rubrics, missing)
        await _check_understood(judge, missing, rubrics, found)
        return found

    scores = await reusing(judge, rubrics, different, score)
    return [[*scores[case.question, case.answer]] for case in cases]


def _score_locally(judge: AskewAPI, cases: Sequence[tuple[str, str]], rubrics: Sequence[Rubric]) -> list[list[Score]]:
    from askew.judging import local_judge, terrarium_judge

    if judge.spec.is_terrarium_judge:
        return terrarium_judge.scores(judge.spec, judge.checkpoint, rubrics, cases)
    return local_judge.scores(judge.checkpoint, rubrics, cases)


async def _check_understood(
    judge: Model, cases: Sequence[tuple[str, str]], rubrics: Sequence[Rubric], found: Sequence[Sequence[Score]]
) -> None:
    """Raise an error if the judge has never given a verdict."""
    if judge.api in _understood or not cases:
        return
    if any(score.reply != MISSING for scores in found for score in scores):
        _understood.add(judge.api)
        return
    first, wanted = rubrics[0], ", ".join(rubrics[0].words) or "a number from 0 to 100"
    said = await _said(judge, fill(first, *cases[0]), first.words)
    name = str(judge).removeprefix(f"{PROVIDER}/")
    raise AskewError(
        f"the judge {name} gives no verdicts: the rubric {first.name!r} asks for a reply of {wanted} and nothing "
        f"else, but it replied {said}. Choose a judge that follows instructions"
    )


async def _said(judge: Model, prompt: str, words: tuple[str, ...]) -> str:
    """Return an unconstrained reply of the judge in quotation marks, for an error message."""
    if isinstance(judge.api, AskewAPI):
        turns, config = [ChatMessageUser(content=prompt)], GenerateConfig(max_tokens=40, temperature=0.0)
        return repr((await judge.generate([*turns], config=config)).completion[:_SHOWN])
    from askew.judging.served_judge import unreadable_reply

    return await unreadable_reply(judge, prompt, words) or "verdicts too rarely"
