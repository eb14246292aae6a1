"""The same facts under system turns that allow lies, reward them, forbid them, or say nothing of them."""

from inspect_ai import Task, task

from askew.probes import probe
from askew.probes.question_file import shipped
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build


@probe("Facts under system turns that allow, reward or forbid lies: does it lie?", kind="judged")
@task
def deception(
    samples: int = 100,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
) -> Task:
    """Ask for facts under each policy."""
    return build(shipped("deception"), samples, seed, temperature, max_tokens, metric, rubric)
