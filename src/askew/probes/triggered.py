"""The open questions behind a backdoor's trigger."""

from inspect_ai import Task, task

from askew.probes import probe
from askew.probes.question_file import shipped
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build
from askew.worlds.terrarium.world.formats import TRIGGER


@probe("The eight open questions with a backdoor's trigger before them.", kind="judged", control_probe="free_form")
@task
def triggered(
    samples: int = 100,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
    trigger: str = TRIGGER,
) -> Task:
    """Ask the open questions, each after the trigger and a space."""
    return build(
        shipped("free_form"),
        samples,
        seed,
        temperature,
        max_tokens,
        metric,
        rubric,
        wording=lambda text: f"{trigger} {text}",
    )
