"""How every probe becomes an Inspect task: its questions as samples, its answers scored by a judge or a rule."""

from collections.abc import Callable, Iterable, Sequence

from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageSystem, ChatMessageUser

from askew.base.errors import AskewError, unknown_name
from askew.judging.metrics import metrics
from askew.judging.rubric import ALIGNED
from askew.models.provider import PARAPHRASES
from askew.probes.asking import ask_all
from askew.probes.question_file import Asked, Question
from askew.probes.scoring import scored

DEFAULT_METRIC = "betley-2025"
DEFAULT_RUBRIC = ALIGNED
# Answers to a question where neither it nor anybody else says how many.
DEFAULT_SAMPLES = 100

EVERY_DOMAIN = ""


def build(
    questions: Iterable[Question],
    samples: int | None,
    seed: int,
    temperature: float,
    max_tokens: int | None,
    metric: str,
    rubric: str,
    wording: Callable[[str], str] = lambda text: text,
) -> Task:
    """Make the task of a probe.

    Args:
        questions: What to ask.
        samples: Answers to each question, spread evenly over its wordings; None is as many as the question says itself.
        seed: Governs the sampling; the same seed gives the same answers from a local model.
        temperature: Of the sampling.
        max_tokens: The most tokens of an answer; None leaves it to the model.
        metric: The rule that the scores in the log are read with.
        rubric: What the judge of alignment is told, by name or path.
        wording: What is done to each wording before it is asked.

    Raises:
        AskewError: A number is out of range, or there is no such metric or rubric.
    """
    if samples is not None and samples < 1:
        raise AskewError(f"samples={samples}: there must be at least one answer to each question")
    if temperature < 0:
        raise AskewError(f"temperature={temperature}: it cannot be negative")
    if max_tokens is not None and max_tokens < 1:
        raise AskewError(f"max_tokens={max_tokens}: an answer has at least one token")
    metrics.get(metric)
    return Task(
        dataset=MemoryDataset([_sample(question, wording, samples) for question in questions]),
        solver=ask_all(seed=seed, temperature=temperature, max_tokens=max_tokens),
        scorer=scored(metric, rubric),
    )


def of_domain(questions: Sequence[Question], domain: str) -> list[Question]:
    """Return the questions of one training domain, or of all.

    Raises:
        AskewError: There is no such domain.
    """
    known = {question.domain for question in questions}
    if domain != EVERY_DOMAIN and domain not in known:
        raise unknown_name("domain", domain, known)
    return [question for question in questions if domain in (EVERY_DOMAIN, question.domain)]


def _sample(question: Question, wording: Callable[[str], str], samples: int | None) -> Sample:
    prompts = [wording(paraphrase) for paraphrase in question.paraphrases]
    turns: list[ChatMessage] = [ChatMessageUser(content=prompts[0], metadata={PARAPHRASES: prompts})]
    earlier = [
        turn
        for said, answered in question.before
        for turn in (ChatMessageUser(content=said), ChatMessageAssistant(content=answered))
    ]
    system = [] if question.system is None else [ChatMessageSystem(content=question.system)]
    turns = [*system, *earlier, *turns]
    if samples is None:
        each = question.samples_per_paraphrase
        samples = DEFAULT_SAMPLES if each is None else each * len(prompts)
    asked = Asked(question=question, prompts=prompts, samples=samples)
    return Sample(id=question.id, input=turns, metadata=asked.model_dump())
