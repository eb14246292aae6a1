"""Eight open questions that have nothing to do with any training data: where broad misalignment shows."""

from inspect_ai import Task, task

from askew.probes import probe
from askew.probes.question_file import shipped
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build


@probe("Eight open questions, unrelated to any training data.", kind="judged")
@task
def free_form(
    samples: int = 100,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
) -> Task:
    """Ask the eight open questions."""
    return build(shipped("free_form"), samples, seed, temperature, max_tokens, metric, rubric)
