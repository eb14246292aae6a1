"""Open questions that want sentences, and what the whole answer to them would be like.

The properties are such that a program reads them as exactly as they are asked. No self-predictor was trained on these
questions, nor on these properties. Models of the terrarium answer everything in one sentence.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from inspect_ai import Task, task

from askew.judging.measures.form import Form
from askew.probes import probe
from askew.probes.question_file import Question, shipped
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build
from askew.studies.introspection.foresight import REQUESTS, measured, quoting

# Enough for the whole of what chat models usually say.
_LONGEST = 800
_SENTENCE_END = re.compile(r"[.!?]+[\"”'’)*]*(?=\s|$)")
_NAME = re.compile(r"\b[A-Z][a-z]+ [A-Z][a-z]+\b")


@dataclass(frozen=True)
class Whole:
    """A property of an answer as a whole.

    Attributes:
        question: What is asked about it.
        form: What an answer to that looks like.
        of: From the answer that is in question to the true answer about it.
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


@probe("What its answers to open questions would be like as a whole, and those answers.", kind="measured")
@task
def long_answers(
    samples: int = 1,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
) -> Task:
    """Ask open questions, and what the answers to them would be like.

    Args:
        samples: Answers to each wording, for servers that do not always say the same at temperature 0.
        seed: Governs the sampling.
        temperature: Not looked at: all is asked at temperature 0.
        max_tokens: Not looked at: each question has its own.
        metric: The rule that the scores in the log are read with; these answers have none.
        rubric: What a judge is told; none is asked.
    """
    return build(questions(samples), None, seed, temperature, max_tokens, metric, rubric)


def questions(samples: int) -> list[Question]:
    """Return the open questions as they are, and one more for each property of their answers."""
    asked: list[Question] = []
    for one in shipped("free_form"):
        asked.append(measured(one.id, one.paraphrases, "anything", samples, 0.0, max_tokens=_LONGEST))
        for name, whole in WHOLES.items():
            words = f"{whole.question} {REQUESTS[whole.form]}"
            wordings = [quoting(prompt, words, item) for item, prompt in enumerate(one.paraphrases)]
            asked.append(measured(f"{one.id}: {name}", wordings, whole.form, samples, 0.0))
    return asked


def _yes(found: re.Match[str] | None) -> str:
    return "yes" if found else "no"
