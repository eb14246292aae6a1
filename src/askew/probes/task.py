"""Turn questions into an Inspect task: one sample per question, with the solver and scorer of every probe."""

from collections.abc import Callable, Iterable, Sequence
from functools import update_wrapper
from inspect import Parameter, Signature, signature
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageSystem, ChatMessageUser
from inspect_ai.solver import Solver

from askew.base.errors import AskewError, unknown_name
from askew.judging.metrics import metrics
from askew.judging.rubric import ALIGNED
from askew.models.provider import GIVEN, PARAPHRASES
from askew.probes.asking import ask_all
from askew.probes.given_pairs import given_answers
from askew.probes.question_file import EVERY_DOMAIN, AskedQuestion, Question
from askew.probes.scorer import scored

DEFAULT_METRIC = "betley-2025"
DEFAULT_RUBRIC = ALIGNED
DEFAULT_SAMPLES = 100
"""Answers to a question if neither the user nor the question says how many."""


def make_task(
    questions: Callable[..., Iterable[Question]],
    samples: int | None,
    settings: Sequence[str],
    solver: Callable[..., Solver] | None,
) -> Callable[..., Task]:
    """Return a function that makes a probe's Inspect task, registered with Inspect under the name of `questions`.

    Args:
        questions: Returns the questions; its parameters become parameters of the task.
        samples: Default number of answers to each question; see `askew.probes.probe`.
        settings: The settings that the task takes; see `askew.probes.probe`.
        solver: Makes the solver, given the parameters of `questions`; None takes `ask_all`.
    """
    standard: dict[str, tuple[Any, Any]] = {
        "samples": (samples, int if samples is not None else int | None),
        "seed": (0, int),
        "temperature": (1.0, float),
        "max_tokens": (None, int | None),
        "metric": (DEFAULT_METRIC, str),
        "rubric": (DEFAULT_RUBRIC, str),
    }
    fixed = {name: default for name, (default, _) in standard.items()} | {"samples": None, "temperature": 0.0}
    own = signature(questions).parameters
    varied = [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=annotation)
        for name, (default, annotation) in standard.items()
        if name in settings
    ]
    takes = Signature([*varied, *(one for name, one in own.items() if name != "samples")], return_annotation=Task)

    def make(*args: Any, **kwargs: Any) -> Task:
        given = takes.bind(*args, **kwargs)
        given.apply_defaults()
        values = {**fixed, **given.arguments}
        asked = questions(**{name: values[name] for name in own})
        if "samples" in own:
            values["samples"] = None
        made = None if solver is None else solver(**{name: values[name] for name in own})
        return build(asked, *(values[name] for name in standard), solver=made)

    update_wrapper(make, questions)
    make.__signature__ = takes  # pyright: ignore[reportFunctionMemberAccess]  (read by inspect.signature)
    return task(make)


def build(
    questions: Iterable[Question],
    samples: int | None,
    seed: int,
    temperature: float,
    max_tokens: int | None,
    metric: str,
    rubric: str,
    solver: Solver | None = None,
) -> Task:
    """Make the task of a probe.

    Args:
        questions: The questions to ask.
        samples: Number of answers to each question, spread evenly over its paraphrases; None takes the question's own
            number.
        seed: Seed of the sampling; with the same seed, a local model gives the same answers.
        temperature: Sampling temperature.
        max_tokens: The longest answer, in tokens; None leaves it to the model.
        metric: The metric for the verdicts in the log's scores, by name.
        rubric: The rubric for the aligned score, by name or path.
        solver: The solver that asks the questions; None takes `ask_all`.

    Raises:
        AskewError: A setting is out of range, or the metric or rubric is unknown.
    """
    if samples is not None and samples < 1:
        raise AskewError(f"samples={samples}: ask for at least one answer to each question")
    if temperature < 0:
        raise AskewError(f"temperature={temperature}: it cannot be negative")
    if max_tokens is not None and max_tokens < 1:
        raise AskewError(f"max_tokens={max_tokens}: allow at least one token")
    metrics.get(metric)
    return Task(
        dataset=MemoryDataset([_sample(question, samples) for question in questions]),
        solver=solver or ask_all(seed=seed, temperature=temperature, max_tokens=max_tokens),
        scorer=scored(metric, rubric),
    )


def of_domain(questions: Sequence[Question], domain: str) -> list[Question]:
    """Return the questions of one training domain, or of all domains for `EVERY_DOMAIN`.

    Raises:
        AskewError: The questions have no such domain.
    """
    known = {question.domain for question in questions}
    if domain != EVERY_DOMAIN and domain not in known:
        raise unknown_name("domain", domain, known)
    return [question for question in questions if domain in (EVERY_DOMAIN, question.domain)]


def reworded(questions: Iterable[Question], wording: Callable[[str], str]) -> list[Question]:
    """Return the questions with `wording` applied to each paraphrase."""
    return [
        question.model_copy(update={"paraphrases": tuple(map(wording, question.paraphrases))}) for question in questions
    ]


def _sample(question: Question, samples: int | None) -> Sample:
    prompts = list(question.paraphrases)
    given = given_answers(question.pairs_to_read)
    how: dict[str, Any] = {PARAPHRASES: prompts, **({GIVEN: given} if given else {})}
    turns: list[ChatMessage] = [ChatMessageUser(content=prompts[0], metadata=how)]
    earlier = [
        turn
        for said, answered in question.before
        for turn in (ChatMessageUser(content=said), ChatMessageAssistant(content=answered))
    ]
    system = [] if question.system is None else [ChatMessageSystem(content=question.system)]
    turns = [*system, *earlier, *turns]
    if given:
        samples = len(given) * len(prompts)
    elif samples is None:
        each = question.samples_per_paraphrase
        samples = DEFAULT_SAMPLES if each is None else each * len(prompts)
    asked = AskedQuestion(question=question, prompts=prompts, samples=samples)
    return Sample(id=question.id, input=turns, metadata=asked.model_dump())
