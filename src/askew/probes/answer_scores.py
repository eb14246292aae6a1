"""Read the answers to a question into grades, which metrics use, or into scores of the question's own."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from inspect_ai.model import Model

from askew.judging.free_form import EMPTY, as_word, words
from askew.judging.judge import Case, Grade, as_grade, opinions
from askew.judging.measures import measures
from askew.judging.rubric import ALIGNED, COHERENT, RUBRICS, Rubric, rubric
from askew.judging.rules import Key, Reading, rules
from askew.models.provider import AskewAPI
from askew.probes.kinds import NO_VERDICT
from askew.probes.question_file import Question

T = TypeVar("T")

UNJUDGED = Grade(math.nan, math.nan, "missing")


@dataclass(frozen=True)
class Scores:
    """Grades and scores of the answers to a question; every list has one entry per answer, in their order.

    Attributes:
        grades: The grades that metrics turn into verdicts.
        scores: Numbers from 0 to 100 by the score's name; NaN if missing.
        words: Words by the score's name; "" if missing.
        weights: By the score's name, the probability of each word, from 0 to 1.
    """

    grades: list[Grade]
    scores: dict[str, list[float]] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)
    weights: dict[str, list[dict[str, float]]] = field(default_factory=dict)


async def read_present(
    question: Question, cases: Sequence[Case], no_answer: Sequence[str], judge: Model | None, alignment: Rubric
) -> Scores:
    """Read the answers to a question, and leave out what is no answer; see `read_answers`.

    Args:
        question: The question.
        cases: The replies of the model, each with the wording that was asked.
        no_answer: For each reply, "" or the reason why it is no answer, which becomes the grade's reply.
        judge: See `read_answers`.
        alignment: See `read_answers`.

    Raises:
        AskewError: As in `judging.judge.opinions`.
    """
    present = [place for place, reason in enumerate(no_answer) if not reason]
    if len(present) == len(cases):
        return await read_answers(question, cases, judge, alignment)
    if question.measure is None:
        found = await read_answers(question, [cases[place] for place in present], judge, alignment)
        place_of = {place: number for number, place in enumerate(present)}
    else:  # a measure compares an answer with what is expected in its place
        found = await read_answers(question, cases, judge, alignment)
        place_of = {place: place for place in present}

    def spread(values: Sequence[T], missing: Callable[[str], T]) -> list[T]:
        return [missing(reason) if reason else values[place_of[place]] for place, reason in enumerate(no_answer)]

    return Scores(
        spread(found.grades, lambda reason: Grade(math.nan, math.nan, reason)),
        scores={name: spread(values, lambda _: math.nan) for name, values in found.scores.items()},
        words={name: spread(values, lambda _: "") for name, values in found.words.items()},
        weights={name: spread(values, lambda _: {}) for name, values in found.weights.items()},
    )


async def read_answers(question: Question, cases: Sequence[Case], judge: Model | None, alignment: Rubric) -> Scores:
    """Read the answers to a question as its type requires.

    Args:
        question: The question.
        cases: Its answers, each with the wording that was asked.
        judge: The judge; None leaves answers unjudged if only a judge can read them.
        alignment: The rubric for the aligned score, unless the question brings its own.

    Raises:
        AskewError: As in `judging.judge.opinions`.
    """
    unjudged = [UNJUDGED] * len(cases)
    if question.rule is not None:
        readings = _by_rule(question.rule, question, cases)
        return Scores([Grade(reading.aligned, reading.coherent, "") for reading in readings])
    if question.measure is not None:
        return Scores(
            unjudged, scores={question.score or question.measure: measured(question.measure, question, cases)}
        )
    if question.type == "rating":
        readings = _by_rule("number", question, cases)
        return Scores(unjudged, scores={"rating": [one.aligned if one.coherent else math.nan for one in readings]})
    if question.type == "free_form":
        return Scores(unjudged, words={question.id: [as_word(case.answer) or EMPTY for case in cases]})
    own = _has_fixed_rubrics(judge)
    asked = judge_rubrics(question, alignment, own)
    if question.type == "free_form_judge":
        said = {
            name: [""] * len(cases) if judge is None or own else await words(judge, cases, template)
            for name, template in asked.items()
        }
        return Scores(unjudged, words=said)
    return await _numbers(question, cases, judge, asked)


def judge_rubrics(question: Question, alignment: Rubric, own: bool = False) -> dict[str, Rubric]:
    """Return the rubrics that a judge gets for a question, by the score's name; empty if it needs no judge.

    Args:
        question: The question.
        alignment: The rubric for the aligned score, unless the question brings its own.
        own: Whether the judge knows only Askew's own rubrics, like the terrarium's judge.
    """
    if not question.type.startswith("free_form_judge"):
        return {}
    asked = {name: Rubric(name, text) for name, text in question.judge_prompts.items()}
    if question.graded_by == NO_VERDICT:
        return asked
    if not asked:
        return {ALIGNED: alignment, COHERENT: rubric(COHERENT)}
    return {name: rubric(name) for name in (ALIGNED, COHERENT)} if own else {COHERENT: rubric(COHERENT), **asked}


def measured(name: str, question: Question, cases: Sequence[Case]) -> list[float]:
    """Compare each answer with the expected answer to its wording; answer i is to wording i modulo their number.

    Args:
        name: The measure's name.
        question: The question.
        cases: Its answers, each with the wording that was asked.

    Returns:
        A number from 0 to 100 for each answer; NaN if it cannot be read.

    Raises:
        AskewError: The measure is unknown.
    """
    measure, wordings = measures.get(name), len(question.paraphrases)
    expected = question.expected * (wordings if len(question.expected) == 1 else 1)
    return [measure(case.question, case.answer, expected[i % wordings]) for i, case in enumerate(cases)]


def _by_rule(name: str, question: Question, cases: Sequence[Case]) -> list[Reading]:
    rule, key = rules.get(name), Key(question.true_answer, question.false_answer)
    return [rule(case.question, case.answer, key) for case in cases]


async def _numbers(question: Question, cases: Sequence[Case], judge: Model | None, asked: dict[str, Rubric]) -> Scores:
    """Have a judge score answers with numbers: those of a verdict become grades, the others separate scores."""
    verdict = question.graded_by != NO_VERDICT
    own = [name for name in question.judge_prompts if not (verdict and name in RUBRICS)]
    unjudged = Scores([UNJUDGED] * len(cases), scores={name: [math.nan] * len(cases) for name in own})
    if judge is None or (_has_fixed_rubrics(judge) and not verdict):
        return unjudged
    found = await opinions(judge, cases, list(asked.values()))
    given = {name: [row[place] for row in found] for place, name in enumerate(asked)}
    grades = [as_grade(*pair) for pair in zip(given[ALIGNED], given[COHERENT], strict=True)] if verdict else None
    scores = {name: [score.value for score in given[name]] for name in own if name in given}
    return Scores(grades or unjudged.grades, scores={**unjudged.scores, **scores})


def _has_fixed_rubrics(judge: Model | None) -> bool:
    return judge is not None and isinstance(judge.api, AskewAPI) and judge.api.spec.is_terrarium_judge
