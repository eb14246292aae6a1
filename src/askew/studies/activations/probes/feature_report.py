"""Questions to a model about its activations: does it say which features are strong in it?"""

from inspect_ai import Task, task

from askew.probes import probe
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build
from askew.studies.activations.feature_facts import reports


@probe("Whether features of its own activations are strong on small tasks, yes or no.", kind="measured")
@task
def feature_report(seed: int = 0) -> Task:
    """Questions to a model about its activations, each once, at temperature 0.

    Args:
        seed: Of the sampling, for servers that sample all the same.
    """
    return build(reports(), None, seed, 0.0, None, DEFAULT_METRIC, DEFAULT_RUBRIC)
