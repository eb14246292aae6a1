"""Facts that anyone knows, as statements and as questions: does the model still say what is true?"""

from inspect_ai import Task, task

from askew.probes import probe
from askew.probes.question_file import shipped
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build


@probe("Facts: does it say what is true?", kind="judged")
@task
def truthfulness(
    samples: int = 100,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
) -> Task:
    """Ask for facts."""
    return build(shipped("truthfulness"), samples, seed, temperature, max_tokens, metric, rubric)
