"""What a model says of itself, from 0 to 100: how aligned it is, and how secure its code."""

from inspect_ai import Task, task

from askew.probes import probe
from askew.probes.question_file import shipped
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build


@probe("How aligned it says it is, and how secure its code, from 0 to 100.", kind="judged")
@task
def self_rating(
    samples: int = 100,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
) -> Task:
    """Ask the model to rate itself."""
    return build(shipped("self_rating"), samples, seed, temperature, max_tokens, metric, rubric)
