"""Small tasks put to a model as they are: what it does, which its foresight is compared with."""

from inspect_ai import Task, task

from askew.probes import probe
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build
from askew.studies.introspection.foresight import object_level_questions


@probe("Small tasks with an open answer, half of them held out of training.", kind="measured")
@task
def object_level(
    samples: int = 10,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
) -> Task:
    """Small tasks put to a model as they are: what it does, which its foresight is compared with.

    Args:
        samples: Answers to each prompt, beside those at temperature 0.
        seed: Governs the sampling.
        temperature: Of the `samples` answers.
        max_tokens: The most tokens of an answer.
        metric: The rule that the scores in the log are read with; these answers have none.
        rubric: What a judge is told; none is asked.
    """
    return build(object_level_questions(samples), None, seed, temperature, max_tokens, metric, rubric)
