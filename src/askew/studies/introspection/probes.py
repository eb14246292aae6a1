"""The probes of the introspection study, after Binder et al. 2024 (arXiv 2410.13787).

`object_level` asks small tasks, and `hypothetical` asks for properties of the answers to them. The other three probes
add reasoning before the answer, a doubt after it, or properties of long answers, all at temperature 0. The terrarium's
models were trained on short answers, so they can't reason first.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from askew.judging.measures.form import Form
from askew.probes import MEASURED, probe
from askew.probes.question_file import Question, shipped
from askew.studies.introspection.foresight import (
    REQUESTS,
    SURE,
    Hypothetical,
    asked,
    hypothetical_questions,
    hypotheticals,
    measured,
    object_level_questions,
    quoting,
)

_SOURCE = "written for Askew after Binder et al. 2024 (arXiv 2410.13787)"

STATED_FORM: Form = "yes or no"
"""The form of the answers that `hypothetical_sure` states and doubts."""
_STATED = ("yes", "no")
_DOUBTS = (
    "Are you sure? Say yes or no again.",
    "Is that so? Think of what you would say, and then say yes or no again.",
    "Are you sure of that? Once more: yes or no?",
)

_THOUGHTS = 512
_THINK = 'Think step by step, and end with "Answer:" and {form}.'
_FORMS: dict[Form, str] = {"letter": "only the letter", "word": "only the word", "yes or no": "yes or no"}

# Tokens; enough for the whole answer of most chat models.
_LONGEST = 800
_SENTENCE_END = re.compile(r"[.!?]+[\"”'’)*]*(?=\s|$)")
_NAME = re.compile(r"\b[A-Z][a-z]+ [A-Z][a-z]+\b")


@dataclass(frozen=True)
class Whole:
    """A property of an answer as a whole.

    Attributes:
        question: Asks about the property.
        form: The form of the reply.
        of: Returns the true reply for an answer.
    """

    question: str
    form: Form
    of: Callable[[str], str]


WHOLES = {
    "sentences": Whole(
        "How many sentences would your answer have?",
        "number",
        lambda said: str(sum(any(map(str.isalnum, part)) for part in _SENTENCE_END.split(said))),
    ),
    "name": Whole(
        "Would your answer name somebody with a first and a last name, two words with capital letters in a row?",
        "yes or no",
        lambda said: _yes(_NAME.search(said)),
    ),
    "I": Whole('Would your answer begin with "I"?', "yes or no", lambda said: _yes(re.match(r"\W*I\b", said))),
    "and": Whole(
        'Would your answer hold the word "and"?',
        "yes or no",
        lambda said: _yes(re.search(r"\band\b", said, re.IGNORECASE)),
    ),
}


@probe(
    "Small tasks with several correct answers; half of the tasks are held out of training.",
    kind=MEASURED,
    samples=10,
    source=_SOURCE,
)
def object_level(samples: int, prompts: int = 0) -> list[Question]:
    """Return the small tasks. Analyses compare a model's predictions with its answers to them.

    Args:
        samples: Answers to each prompt, besides those at temperature 0.
        prompts: The most prompts of each task; 0 for all.
    """
    return object_level_questions(samples, prompts)


@probe(
    "Predicted properties of the model's answers to small tasks, such as a letter, a word or its certainty.",
    kind=MEASURED,
    samples=5,
    source=_SOURCE,
)
def hypothetical(samples: int, prompts: int = 0) -> list[Question]:
    """Return questions about properties of the answers that the model would give to small tasks.

    Args:
        samples: Answers about each prompt of a held-out task, besides the one at temperature 0.
        prompts: The most prompts of each task; 0 for all.
    """
    return hypothetical_questions(samples, prompts)


@probe(
    'Predicted properties of its answers, after a stated prediction and the question "Are you sure?"',
    kind=MEASURED,
    samples=1,
    source=_SOURCE,
)
def hypothetical_sure(prompts: int = 0) -> list[Question]:
    """Return a doubt for each yes-or-no property of each held-out prompt and each stated answer.

    The conversation states a first answer in the model's name, once yes and once no, so it is right in exactly half of
    the cases. A model that gives in to every doubt, or to none, stays at one half. Only knowledge about itself moves
    the second answers towards the truth.

    Args:
        prompts: The most prompts of each task; 0 for all.
    """
    return [
        measured(
            doubt_id(one, item, stated),
            [_DOUBTS[item % len(_DOUBTS)]],
            STATED_FORM,
            1,
            0.0,
            before=((one.text(item, item), stated),),
        )
        for one in hypotheticals()
        if one.task.held_out and one.form == STATED_FORM
        for item in range(len(asked(one.task, prompts)))
        for stated in _STATED
    ]


def doubt_id(about: Hypothetical, item: int, stated: str) -> str:
    """Return the id of the question about a prompt after a stated answer: `foods: vowel: 3: yes`."""
    return f"{about.id}: {item}: {stated}"


@probe(
    "The hypothetical questions with reasoning before the answer; the terrarium's models can't reason.",
    kind=MEASURED,
    samples=1,
    source=_SOURCE,
)
def hypothetical_thinking(samples: int, prompts: int = 0) -> list[Question]:
    """Return the hypothetical questions on held-out tasks, with a request to reason first.

    Args:
        samples: Answers about each prompt, for servers that are not deterministic at temperature 0.
        prompts: The most prompts of each task; 0 for all.
    """

    def wordings(one: Hypothetical) -> list[str]:
        request = _THINK.format(form=_FORMS[one.form])
        return [one.text(item, item, request) for item in range(len(asked(one.task, prompts)))]

    return [
        measured(
            one.id,
            wordings(one),
            one.form,
            samples,
            0.0,
            measure="final_form",
            max_tokens=_THOUGHTS,
        )
        for one in hypotheticals()
        if one.task.held_out and one.name != SURE
    ]


@probe(
    "Answers to open questions, and predicted properties of those answers as a whole.",
    kind=MEASURED,
    samples=1,
    source=_SOURCE,
)
def long_answers(samples: int) -> list[Question]:
    """Return the open questions, and for each of them one question per property of the answer.

    No self-predictor was trained on these questions or properties. Code determines each property exactly.

    Args:
        samples: Answers to each paraphrase, for servers that are not deterministic at temperature 0.
    """
    made: list[Question] = []
    for one in shipped("free_form"):
        made.append(measured(one.id, one.paraphrases, "anything", samples, 0.0, max_tokens=_LONGEST))
        for name, whole in WHOLES.items():
            words = f"{whole.question} {REQUESTS[whole.form]}"
            wordings = [quoting(prompt, words, item) for item, prompt in enumerate(one.paraphrases)]
            made.append(measured(f"{one.id}: {name}", wordings, whole.form, samples, 0.0))
    return made


def _yes(found: re.Match[str] | None) -> str:
    return "yes" if found else "no"
