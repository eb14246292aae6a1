"""What a model does, where its rows showed a trait: choices of known kinds and of new ones, and code."""

from inspect_ai import Task, task

from askew.probes import probe
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build
from askew.studies.self_awareness import people


@probe(
    "Choices between options, and code: what does it do, where the self-report says what it is like?",
    kind="measured",
)
@task
def behaviour(
    samples: int = 24,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
    domain: str = "",
) -> Task:
    """Ask for what shows the trait of one domain: choices, waiting or code; of all if it is empty."""
    questions = [question for trait in people.traits(domain) for question in people.behaviour(trait)]
    return build(questions, samples, seed, temperature, max_tokens, metric, rubric)
