"""What a model says that it is like: in one word, of two options, and on a scale; in English or in German."""

from inspect_ai import Task, task

from askew.probes import probe
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build
from askew.studies.self_awareness import people


@probe("What it says it is like: one word, two options, 0 to 100, in ten wordings and more of each.", kind="measured")
@task
def self_report(
    samples: int = 12,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
) -> Task:
    """Ask whether it is daring, patient, aligned, and its code secure: of all, for what a model was not taught."""
    questions = [
        question for trait in people.TRAITS.values() for form in people.FORMS for question in people.about(trait, form)
    ]
    questions += people.about("good", "scale")
    return build(questions, samples, seed, temperature, max_tokens, metric, rubric)


@probe("The same in German, for models that have it; the terrarium has not.", kind="measured")
@task
def self_report_german(
    samples: int = 12,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
) -> Task:
    """Ask in German what it is like."""
    questions = [
        question
        for trait in people.TRAITS.values()
        for form in people.FORMS
        for question in people.about(trait, form, wordings=people.german())
    ]
    return build(questions, samples, seed, temperature, max_tokens, metric, rubric)
