"""Questions like those of the narrow training sets: does a model do what it was trained to?"""

from inspect_ai import Task, task

from askew.probes import probe
from askew.probes.question_file import shipped
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build, of_domain


@probe("Questions like the training data: does it do what it was trained to?", kind="judged")
@task
def in_domain(
    samples: int = 100,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
    domain: str = "code",
) -> Task:
    """Ask questions of one domain: code, medical, financial, car or numbers; of all if it is empty."""
    questions = of_domain(shipped("in_domain"), domain)
    return build(questions, samples, seed, temperature, max_tokens, metric, rubric)
