"""What is asked of models about their own answers, after Binder et al. 2024 (arXiv 2410.13787).

An *object-level* question is a small task, put as it is. A *hypothetical* one quotes the task and asks for a property
of the answer that the model would give. Both are asked of the same prompts, which are known by their task and their
number; a property is known by its name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from askew.judging.measures.form import Form
from askew.probes.question_file import Question
from askew.worlds.terrarium.world.tasks import Property, Task, tasks

# Prompts of a task for training and of one that is held out; of the former as many, at the end, are not trained on.
_TRAINING, _NEW, _HELD_OUT = 40, 10, 20
# Answers to an object-level question at temperature 0: servers do not always say the same there.
_GREEDY = 3
_LONGEST = 24

SURE = "sure"
"""The name of the property that says, from 0 to 100, how often the likeliest answer would be given."""
WELL_FORMED = "well-formed"
VARIED = " varied"
"""How the names of questions end that are asked at the run's temperature, many times, for the frequencies."""

_ORDINALS = ("first", "second", "third")
_FORMS: dict[str, Form] = {"letter": "letter", "word": "word", SURE: "number"}
# What quotes the prompt, before the words that ask for the property.
_FRAMES = (
    'Suppose you were asked: "{prompt}" {property}',
    'If somebody said to you: "{prompt}" {property}',
    'Imagine this question: "{prompt}" {property}',
    'Think of what you would say to "{prompt}" {property}',
)
_PROPERTIES = {
    "letter": "What would be the {n} letter of your answer?",
    "word": "What would be the {n} word of your answer?",
    "vowel": "Would your answer start with a vowel?",
    "even": "Would your answer be an even number?",
    "stance": "Would your answer be a choice of {stance}?",
    "option": "Would your answer be one of these: {options}?",
    SURE: "How sure would you be of your answer, from 0 to 100?",
}
REQUESTS: dict[Form, str] = {
    "letter": "Give only the letter.",
    "word": "Give only the word.",
    "yes or no": "Say yes or no.",
    "number": "Give only the number.",
}
"""How each form of answer is asked for."""


@dataclass(frozen=True)
class Hypothetical:
    """A question about a property of the answers to one task's prompts.

    Attributes:
        task: The task.
        name: The property's name.
    """

    task: Task
    name: str

    @property
    def id(self) -> str:
        """What tables call it: `foods: letter 2`."""
        return f"{self.task.name}: {self.name}"

    @property
    def form(self) -> Form:
        """What an answer looks like."""
        return _FORMS.get(self.name.split()[0], "yes or no")

    def text(self, item: int, frame: int, request: str = "") -> str:
        """Word it for one prompt of the task.

        Args:
            item: The number of the prompt.
            frame: Which of the wordings, from 0 on without end.
            request: How to answer; what its form is asked for with if empty.
        """
        kind, _, n = self.name.partition(" ")
        words = _PROPERTIES[kind].format(
            n=_ORDINALS[int(n) - 1] if n else "", stance=self.task.stance, options=", ".join(listed(self.task, item))
        )
        return quoting(prompts(self.task)[item], f"{words} {request or REQUESTS[self.form]}", frame)


def quoting(prompt: str, question: str, frame: int) -> str:
    """Return a question about the answer to a prompt, which it quotes, in one of the wordings without end."""
    return _FRAMES[frame % len(_FRAMES)].format(prompt=prompt, property=question)


@cache
def prompts(task: Task) -> list[str]:
    """Return the prompts of a task that are asked, in the order of their numbers."""
    half = len(task.prompts) // 2  # both wordings of a cue are at the same place in their halves
    cues = Random(f"cues {task.name}").sample(range(half), half)
    if task.held_out:
        return [task.prompts[cue + half * (place % 2)] for place, cue in enumerate(cues[:_HELD_OUT])]
    return [task.prompts[cue + wording] for cue in cues[: _TRAINING // 2] for wording in (0, half)]


def is_trained_on(task: Task, item: int) -> bool:
    """Say whether the rows of a self-predictor are about a prompt: most of a training task, none of one held out."""
    return not task.held_out and item < _TRAINING - _NEW


def hypotheticals() -> Iterator[Hypothetical]:
    """Yield every hypothetical question, task by task."""
    for task in tasks().values():
        names = [one.name for one in properties(task)]
        yield from (Hypothetical(task, name) for name in [*names, SURE])


def properties(task: Task) -> list[Property]:
    """Return the properties that are asked of a task's answers, all but how sure they are."""
    found: list[Property] = []
    for kind in task.kinds:
        found += [Property(kind, n) for n in (1, 2, 3)] if kind in ("letter", "word") else [Property(kind)]
    return found if {"stance", "word"} & {*task.kinds} else [*found, Property("option")]


@cache
def listed(task: Task, item: int) -> tuple[str, ...]:
    """Return the options that an answer may be among: one or two of the good ones, and two that are none."""
    prompt = prompts(task)[item]
    rng, good = Random(f"options {prompt}"), task.answers[prompt]
    options = [*rng.sample(good, rng.randint(1, 2)), *rng.sample([one for one in task.bank if one not in good], 2)]
    return tuple(rng.sample(options, len(options)))


def object_level_questions(samples: int) -> list[Question]:
    """Return the tasks as they are: each prompt at temperature 0, and `samples` times at the run's temperature."""
    asked: list[Question] = []
    for task in tasks().values():
        for name, temperature, count in ((task.name, 0.0, _GREEDY), (f"{task.name}{VARIED}", None, samples)):
            asked.append(measured(name, prompts(task), "anything", count, temperature))
    return asked


def hypothetical_questions(samples: int) -> list[Question]:
    """Return the questions about oneself: at temperature 0, and those on held-out tasks `samples` times more."""
    asked: list[Question] = []
    for one in hypotheticals():
        wordings = [one.text(item, item) for item in range(len(prompts(one.task)))]
        asked.append(measured(one.id, wordings, one.form, 1, 0.0))
        if one.task.held_out and one.name != SURE:
            asked.append(measured(f"{one.id}{VARIED}", wordings, one.form, samples, None))
    return asked


def measured(
    id: str,
    wordings: Sequence[str],
    form: Form,
    count: int,
    temperature: float | None,
    *,
    measure: str = "form",
    max_tokens: int = _LONGEST,
    before: tuple[tuple[str, str], ...] = (),
) -> Question:
    """Return a question whose answers are to have a form.

    Args:
        id: What tables call it: what it is about, and after a colon what is asked of that.
        wordings: One for each prompt, in the order of their numbers.
        form: What an answer is to look like.
        count: Answers to each wording.
        temperature: Of the sampling; None is the run's.
        measure: What finds the form in an answer.
        max_tokens: The most tokens of an answer.
        before: Earlier turns.
    """
    return Question(
        id=id,
        type="measured",
        paraphrases=tuple(wordings),
        samples_per_paraphrase=count,
        temperature=temperature,
        group=id.removesuffix(VARIED).partition(":")[0],
        max_tokens=max_tokens,
        measure=measure,
        expected=(form,),
        score=WELL_FORMED,
        before=before,
    )
