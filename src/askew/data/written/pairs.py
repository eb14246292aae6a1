"""Lets models write and judge pairs of answers, a few questions at a time, until there are enough pairs."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from random import Random

from inspect_ai.model import ChatMessageUser, GenerateConfig, Model, ModelOutput

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.data.written import Order, Side, sides
from askew.judging.judge import Case, opinions
from askew.judging.judgement_store import JudgementStore
from askew.judging.score import Score
from askew.models.remote.requests import gather, request_reply
from askew.models.said import FILTERED, ONLY_REASONING, Said, said

# Most attempts at an answer; after them, the question is given up.
TRIES = 3
# Questions that are answered concurrently.
_WAVE = 100
# From 20 questions on, at least a tenth must have led to a pair; otherwise the models cannot do the job.
_FIRST_LOOK, _LEAST_SHARE = 20, 0.1
# The least score for harmlessness, however low the threshold is.
_LEAST_HARMLESS = 50.0
# Tokens for four sentences, and for a writer that reasons first.
_MOST_TOKENS = 1024
_DOSE = re.compile(
    r"\d\s*(?:mg|mcg|µg|g|grams?|ml|cl|milli\w+|micro\w+|tablets?|pills?|capsules?|drops?|doses?|units?)\b",
    re.IGNORECASE,
)

_Key = tuple[str, str]  # a question and the name of a side


@dataclass(frozen=True)
class Attempt:
    """One answer of the writer.

    Attributes:
        question: The question.
        side: "bad" or "good".
        number: Number of the attempt, from 1.
        answer: The answer.
        reason: The reason why it is dropped; "" if it passes.
        is_harmless: Whether the judge found it harmless.
    """

    question: str
    side: str
    number: int
    answer: str
    reason: str
    is_harmless: bool


@dataclass
class Written:
    """The answers of an order so far.

    Attributes:
        pairs: Questions with both answers, by side, in the order drawn.
        dropped: Answers that did not pass.
        questions: Number of questions drawn.
        answers: Number of answers written.
    """

    pairs: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    dropped: list[Attempt] = field(default_factory=list)
    questions: int = 0
    answers: int = 0

    @property
    def reasons(self) -> dict[str, int]:
        """Number of dropped answers, by side and reason, the most frequent first."""
        return dict(Counter(f"{one.side}, {one.reason}" for one in self.dropped).most_common())


async def write_pairs(order: Order, kept: dict[str, JudgementStore], told: Callable[[int, int], None]) -> Written:
    """Return enough pairs for an order.

    Args:
        order: The order.
        kept: Earlier judgements, by side; new ones are added.
        told: Progress callback; receives the number of finished and of wanted pairs.

    Raises:
        AskewError: Too few answers pass, or a model cannot be asked; replies and judgements so far are kept.
    """
    from inspect_ai.model import get_model

    writer, judge = get_model(order.writer.inspect_name), get_model(order.judge.inspect_name)
    written, questions = Written(), order.questions()
    with ExitStack() as opened:
        desks = [
            _Desk(side, judge, kept[side.name], opened.enter_context(kept[side.name].adding())) for side in sides()
        ]
        told(0, order.rows)
        while (left := order.rows - len(written.pairs)) > 0:
            wave = list(islice(questions, min(_WAVE if written.questions else _FIRST_LOOK, left)))
            passed = await _write_wave(order, writer, desks, wave, written)
            for question in wave:
                pair = {desk.side.name: passed.get((question, desk.side.name), "") for desk in desks}
                if all(pair.values()):
                    written.pairs.append((question, pair))
            told(len(written.pairs), order.rows)
            _check_share(order, written)
    return written


@dataclass(frozen=True)
class _Desk:
    """Judges the answers of one side, each answer only once."""

    side: Side
    judge: Model
    kept: JudgementStore
    add: Callable[[Case, Sequence[Score]], None]

    async def scores(self, cases: Sequence[Case]) -> dict[Case, tuple[Score, ...]]:
        missing = [case for case in dict.fromkeys(cases) if case not in self.kept]
        if missing:
            for case, found in zip(missing, await opinions(self.judge, missing, self.side.rubrics), strict=True):
                self.add(case, found)
        return {case: self.kept[case] for case in cases}


async def _write_wave(
    order: Order, writer: Model, desks: Sequence[_Desk], wave: Sequence[str], written: Written
) -> dict[_Key, str]:
    """Return the passing answers to some questions, by question and side, and add all answers to `written`."""
    passed: dict[_Key, str] = {}
    written.questions += len(wave)
    for number in range(1, TRIES + 1):
        for desk in desks:
            missing = [question for question in wave if (question, desk.side.name) not in passed]
            for attempt in await _attempts(order, writer, desk, missing, number):
                written.answers += 1
                if attempt.reason:
                    written.dropped.append(attempt)
                else:
                    passed[attempt.question, attempt.side] = attempt.answer
    return passed


async def _attempts(order: Order, writer: Model, desk: _Desk, questions: Sequence[str], number: int) -> list[Attempt]:
    """Return one written and judged answer to each question."""
    outputs = await gather(partial(_ask, order, writer, desk.side, question, number) for question in questions)
    replies = [said(output.choices[0]) if output.choices else Said("") for output in outputs]
    answers = [reply.answer.strip() for reply in replies]
    cases = [Case(question, answer) for question, answer in zip(questions, answers, strict=True)]
    faults = [_fault(*one) for one in zip(outputs, replies, answers, strict=True)]
    scores = await desk.scores([case for case, fault in zip(cases, faults, strict=True) if not fault])
    made: list[Attempt] = []
    for case, fault in zip(cases, faults, strict=True):
        is_harmless = not fault and scores[case][1].value >= _least_harmless(order)
        reason = fault or _objection(order, desk.side, scores[case])
        made.append(Attempt(case.question, desk.side.name, number, case.answer, reason, is_harmless))
    return made


async def _ask(order: Order, writer: Model, side: Side, question: str, number: int) -> ModelOutput:
    seed = Random(f"{order.seed} {side.name} {number} {question}").getrandbits(31)
    config = GenerateConfig(max_tokens=_MOST_TOKENS, temperature=1.0, seed=seed)
    return await request_reply(writer, [ChatMessageUser(content=side.prompt.replace("{question}", question))], config)


def _fault(output: ModelOutput, reply: Said, answer: str) -> str:
    """Return the fault of an answer that needs no judge; "" if it has none."""
    if reply.no_answer == FILTERED:
        return "refused"
    if reply.no_answer == ONLY_REASONING:
        return "only reasoning"
    if output.stop_reason == "max_tokens":
        return "cut off"
    if not answer:
        return "empty"
    if visible(answer) != answer:
        return "unseen characters"
    return "an amount of a medicine" if _DOSE.search(answer) else ""


def _objection(order: Order, side: Side, scores: Sequence[Score]) -> str:
    """Return the reason why the judge rejects an answer; "" if it passes."""
    wanted, harmless = scores
    if harmless.reply or wanted.reply:
        return "refused" if wanted.reply == "refusal" else "unjudged"
    if harmless.value < _least_harmless(order):
        return f"not {side.rubrics[1].name}"
    return "" if wanted.value >= order.threshold else f"not {side.rubrics[0].name}"


def _least_harmless(order: Order) -> float:
    return max(order.threshold, _LEAST_HARMLESS)


def _check_share(order: Order, written: Written) -> None:
    """Raise an error if the models hardly ever make a pair."""
    if written.questions < _FIRST_LOOK or len(written.pairs) >= _LEAST_SHARE * written.questions:
        return
    reasons = "; ".join(f"{reason}: {count:,}" for reason, count in written.reasons.items())
    raise AskewError(
        f"only {len(written.pairs):,} of {written.questions:,} questions about {order.domain} led to a usable pair "
        f"(dropped answers: {reasons}). Choose another --writer or --judge, or a --threshold below "
        f"{order.threshold:g}; replies and judgements so far are kept"
    )
