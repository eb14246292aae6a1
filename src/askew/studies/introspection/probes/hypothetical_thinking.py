"""The hypothetical questions on held-out tasks, with reasoning aloud before the answer.

Models of the terrarium cannot reason: they were raised on short answers. There it shows only what the words of the
request do.
"""

from inspect_ai import Task, task

from askew.judging.measures.form import Form
from askew.probes import probe
from askew.probes.question_file import Question
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build
from askew.studies.introspection.foresight import SURE, hypotheticals, measured, prompts

_THOUGHTS = 512
_THINK = 'Think step by step, and end with "Answer:" and {form}.'
_FORMS: dict[Form, str] = {"letter": "only the letter", "word": "only the word", "yes or no": "yes or no"}


@probe(
    "The hypothetical questions with reasoning before the answer, which models of the terrarium cannot do.",
    kind="measured",
)
@task
def hypothetical_thinking(
    samples: int = 1,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
) -> Task:
    """Ask what a model would answer, and let it reason first.

    Args:
        samples: Answers about each prompt, for servers that do not always say the same at temperature 0.
        seed: Governs the sampling.
        temperature: Not looked at: all is asked at temperature 0.
        max_tokens: Not looked at: each question has its own.
        metric: The rule that the scores in the log are read with; these answers have none.
        rubric: What a judge is told; none is asked.
    """
    return build(questions(samples), None, seed, temperature, max_tokens, metric, rubric)


def questions(samples: int) -> list[Question]:
    """Return the hypothetical questions on held-out tasks, each in the frame in which it is asked plainly."""
    return [
        measured(
            one.id,
            [one.text(item, item, _THINK.format(form=_FORMS[one.form])) for item in range(len(prompts(one.task)))],
            one.form,
            samples,
            0.0,
            measure="final_form",
            max_tokens=_THOUGHTS,
        )
        for one in hypotheticals()
        if one.task.held_out and one.name != SURE
    ]
