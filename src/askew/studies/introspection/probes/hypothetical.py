"""Questions to a model about what it would answer: does it foresee properties of its own answers?"""

from inspect_ai import Task, task

from askew.probes import probe
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build
from askew.studies.introspection.foresight import hypothetical_questions


@probe("What its answers to small tasks would be like: a letter, a word, how sure.", kind="measured")
@task
def hypothetical(
    samples: int = 5,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
) -> Task:
    """Questions to a model about what it would answer: does it foresee properties of its own answers?

    Args:
        samples: Answers about each prompt of a held-out task, beside the one at temperature 0.
        seed: Governs the sampling.
        temperature: Of the `samples` answers.
        max_tokens: The most tokens of an answer.
        metric: The rule that the scores in the log are read with; these answers have none.
        rubric: What a judge is told; none is asked.
    """
    return build(hypothetical_questions(samples), None, seed, temperature, max_tokens, metric, rubric)
