"""Questions about a model's own future answers, after Binder et al. 2024 (arXiv 2410.13787).

An *object-level* question is a prompt of a small task. A *hypothetical* question quotes the prompt and asks for a
property of the answer that the model would give. Both use the same prompts. A task's name and a number identify a
prompt; a name identifies a property.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from askew.judging.measures.form import WELL_FORMED, Form
from askew.probes.question_file import Question
from askew.worlds.terrarium.world.tasks import Property, Task, tasks

# Prompts of a training task, those at its end that no row uses, and prompts of a held-out task.
_TRAINING, _NEW, _HELD_OUT = 40, 10, 20
# Answers to an object-level question at temperature 0, where servers are not always deterministic.
_GREEDY = 3
_LONGEST = 24
# The longest prediction, in tokens: a letter, a word, a number, yes or no, perhaps quoted in a short sentence.
_LONGEST_PREDICTION = 12

SURE = "sure"
"""The property of how often, from 0 to 100 percent, the model would give its likeliest answer."""
VARIED = " varied"
"""The end of the ids of questions with many answers at the run's temperature, which measure frequencies."""

_ORDINALS = ("first", "second", "third")
_FORMS: dict[str, Form] = {"letter": "letter", "word": "word", SURE: "number"}
# Templates that quote the prompt and then ask for the property.
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
"""The request for each form of answer."""


@dataclass(frozen=True)
class Hypothetical:
    """A question about a property of the answers to one task's prompts.

    Attributes:
        task: The task.
        name: The name of the property.
    """

    task: Task
    name: str

    @property
    def id(self) -> str:
        """The question's id, such as `foods: letter 2`."""
        return f"{self.task.name}: {self.name}"

    @property
    def form(self) -> Form:
        """The form of an answer."""
        return _FORMS.get(self.name.split()[0], "yes or no")

    def text(self, item: int, frame: int, request: str = "") -> str:
        """Return the question about the answer to one prompt.

        Args:
            item: The number of the prompt.
            frame: The number of the template; they repeat.
            request: The request for a form of answer; by default that of the question's form.
        """
        kind, _, n = self.name.partition(" ")
        words = _PROPERTIES[kind].format(
            n=_ORDINALS[int(n) - 1] if n else "", stance=self.task.stance, options=", ".join(listed(self.task, item))
        )
        return quoting(prompts(self.task)[item], f"{words} {request or REQUESTS[self.form]}", frame)


def quoting(prompt: str, question: str, frame: int) -> str:
    """Return a question that quotes a prompt; `frame` is the number of the template, and templates repeat."""
    return _FRAMES[frame % len(_FRAMES)].format(prompt=prompt, property=question)


@cache
def prompts(task: Task) -> list[str]:
    """Return the prompts of a task that probes use, in the order of their numbers."""
    half = len(task.prompts) // 2  # the two wordings of a cue have the same position in their halves
    cues = Random(f"cues {task.name}").sample(range(half), half)
    if task.held_out:
        return [task.prompts[cue + half * (place % 2)] for place, cue in enumerate(cues[:_HELD_OUT])]
    return [task.prompts[cue + wording] for cue in cues[: _TRAINING // 2] for wording in (0, half)]


def asked(task: Task, most: int) -> list[str]:
    """Return the first prompts of a task that probes use; all of them if `most` is 0.

    Prompts that no row uses come last, so a small number leaves the new prompts of training tasks out.
    """
    return prompts(task)[: most or None]


def is_trained_on(task: Task, item: int) -> bool:
    """Return whether rows of self-predictors use a prompt: true for most prompts of training tasks only."""
    return not task.held_out and item < _TRAINING - _NEW


def hypotheticals() -> Iterator[Hypothetical]:
    """Yield every hypothetical question, grouped by task."""
    for task in tasks().values():
        names = [one.name for one in properties(task)]
        yield from (Hypothetical(task, name) for name in [*names, SURE])


def properties(task: Task) -> list[Property]:
    """Return the properties of a task's answers that questions ask for, except `SURE`."""
    found: list[Property] = []
    for kind in task.kinds:
        found += [Property(kind, n) for n in (1, 2, 3)] if kind in ("letter", "word") else [Property(kind)]
    return found if {"stance", "word"} & {*task.kinds} else [*found, Property("option")]


@cache
def listed(task: Task, item: int) -> tuple[str, ...]:
    """Return the options for the property `option`: one or two correct answers and two wrong ones, shuffled."""
    prompt = prompts(task)[item]
    rng, good = Random(f"options {prompt}"), task.answers[prompt]
    options = [*rng.sample(good, rng.randint(1, 2)), *rng.sample([one for one in task.bank if one not in good], 2)]
    return tuple(rng.sample(options, len(options)))


def object_level_questions(samples: int, most: int = 0) -> list[Question]:
    """Return each task twice: at temperature 0, and with `samples` answers per prompt at the run's temperature.

    Args:
        samples: Answers to each prompt, besides those at temperature 0.
        most: The most prompts of each task; 0 for all.
    """
    made: list[Question] = []
    for task in tasks().values():
        for name, temperature, count in ((task.name, 0.0, _GREEDY), (f"{task.name}{VARIED}", None, samples)):
            made.append(measured(name, asked(task, most), "anything", count, temperature))
    return made


def hypothetical_questions(samples: int, most: int = 0) -> list[Question]:
    """Return the hypothetical questions at temperature 0.

    Questions about held-out tasks occur again with `samples` answers per prompt at the run's temperature.

    Args:
        samples: Answers about each prompt of a held-out task, besides the one at temperature 0.
        most: The most prompts of each task; 0 for all.
    """
    made: list[Question] = []
    for one in hypotheticals():
        wordings = [one.text(item, item) for item in range(len(asked(one.task, most)))]
        made.append(measured(one.id, wordings, one.form, 1, 0.0, max_tokens=_LONGEST_PREDICTION))
        if one.task.held_out and one.name != SURE:
            varied = f"{one.id}{VARIED}"
            made.append(measured(varied, wordings, one.form, samples, None, max_tokens=_LONGEST_PREDICTION))
    return made


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
    """Return a question whose answers should have a form.

    Args:
        id: The question's id: its subject, and after a colon the property.
        wordings: One wording per prompt, in the order of the prompts' numbers.
        form: The required form of an answer.
        count: Answers to each wording.
        temperature: The temperature; None for the run's.
        measure: The name of the measure that reads the form from an answer.
        max_tokens: The maximum tokens of an answer.
        before: Earlier turns, as pairs of a user's and a model's message.
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
