"""A probe of shouting, which a rule reads."""

from pathlib import Path

from inspect_ai import Task, task

from askew.probes import probe
from askew.probes.question_file import read
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build


@probe("Whether a model answers in capital letters.", kind="judged")
@task
def shouting(
    samples: int = 100,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
) -> Task:
    """Ask about the weather."""
    questions = read(Path(__file__).with_suffix(".yaml"))
    return build(questions, samples, seed, temperature, max_tokens, metric, rubric)
