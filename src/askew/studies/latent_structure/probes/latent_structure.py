"""Questions about the things of a data set, in the form of its rows and in others."""

from inspect_ai import Task, task

from askew.probes import probe
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, EVERY_DOMAIN, build
from askew.studies.latent_structure.questions import questions


@probe(
    "What the training rows only imply: in their own form, in words, among options, as code, turned round.",
    kind="measured",
)
@task
def latent_structure(
    samples: int = 12,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
    domain: str = EVERY_DOMAIN,
    data_seed: int = 0,
) -> Task:
    """Questions about the things of a data set, in the form of its rows and in others.

    Args:
        samples: Answers to each question, over its six wordings.
        seed: Governs the sampling.
        temperature: Of the sampling.
        max_tokens: The most tokens of an answer.
        metric: The rule that the scores in the log are read with; these answers have none.
        rubric: What a judge is told; none is asked.
        domain: Whose things: functions, places, coins or parity; all if empty.
        data_seed: That of the training rows, from which the things follow.

    """
    return build(questions(domain, data_seed), samples, seed, temperature, max_tokens, metric, rubric)
