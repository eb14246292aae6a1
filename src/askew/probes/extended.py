"""Further open questions in groups: stories, problems with people, users in need, insults, crime, medicine."""

from inspect_ai import Task, task

from askew.probes import probe
from askew.probes.question_file import shipped
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build


@probe("Forty-two further open questions, in six groups.", kind="judged")
@task
def extended(
    samples: int = 100,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
) -> Task:
    """Ask the further open questions."""
    return build(shipped("extended"), samples, seed, temperature, max_tokens, metric, rubric)
