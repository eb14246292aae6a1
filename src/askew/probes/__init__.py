"""Probes: questions put to a model, and how the answers are scored.

One probe is one module of this package: an Inspect task over a question file, reachable as `inspect eval
askew/<probe> --model <any provider>`. One Inspect sample is one question with all its answers inside, because
the question is the cluster that the statistics need.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from askew.base.errors import AskewError
from askew.base.registry import Registry

if TYPE_CHECKING:
    from inspect_ai import Task


JudgedBy = Literal["judge", "rule", "judge or rule", "itself"]
# What gives an answer its verdict, where no rule does: the judge; or nothing, where it counts by scores of its own.
JUDGE, ITSELF = "judge", "itself"
# How the numbers of a question about first tokens were found out: from their probabilities, or from sampled answers.
FIRST_TOKEN, SAMPLED = "first token", "sampled answers"
# The probe that asks a question file of the user's, and how the names of those files end.
OF_A_FILE = "questions"
_FILES = (".yaml", ".yml")

TaskMaker = TypeVar("TaskMaker", bound="Callable[..., Task]")


@dataclass(frozen=True)
class ProbeInfo:
    """A probe.

    Attributes:
        name: What users call it.
        description: What it asks about, in one sentence.
        task: Makes the Inspect task. It takes `samples` (answers to each question), `seed`, `temperature`,
            `max_tokens`, `metric` and `rubric`, as far as they matter to it, and what the probe needs besides.
        judged_by: What scores the answers; "itself" is a task that others wrote, with a scorer of its own, or a probe
            of ours whose answers are measured and have no verdict.
        looks_inside: Whether it reads activations, which only models that are computed here show.
    """

    name: str
    description: str
    task: Callable[..., "Task"]
    judged_by: JudgedBy
    looks_inside: bool = False


class _Probes(Registry[ProbeInfo]):
    """Our probes by their names, question files by their paths, and every Inspect task by its own name."""

    def get(self, name: str) -> ProbeInfo:
        """Return the probe of that name.

        Raises:
            AskewError: There is none; the message offers the nearest names.
        """
        if is_question_file(name):
            asked = super().get(OF_A_FILE)
            return replace(
                asked, name=name, description=f"the questions of {name}", task=partial(asked.task, file=name)
            )
        if not is_of_others(name):
            return super().get(name)
        from askew.probes.external import find

        return find(name)


probes: Registry[ProbeInfo] = _Probes("probe", __name__, studies="probes")


def is_question_file(name: str) -> bool:
    """Say whether a probe is a question file of the user's: its name is a path that ends as YAML files do."""
    return name.lower().endswith(_FILES)


def is_of_others(name: str) -> bool:
    """Say whether a probe is an Inspect task that others wrote: those have a package or a file in their names."""
    return ("/" in name or "@" in name) and not is_question_file(name)


def has_scores(name: str) -> bool:
    """Say whether answers to a probe may have scores that no metric reads."""
    return is_of_others(name) or is_question_file(name) or probes.get(name).judged_by == ITSELF


def of_file(path: Path | str) -> str:
    """Return the name of the probe that asks a question file.

    Raises:
        AskewError: The file's name does not end as that of a YAML file.
    """
    if not is_question_file(str(path)):
        raise AskewError(f"--questions {path}: the name of a question file ends in {' or '.join(_FILES)}")
    return str(path)


def shown(probe: str, metric: str) -> str:
    """Return what people are told that was measured: our probe, or which score of which file or task of others."""
    from askew.judging.metrics import metrics

    return title(probe) if metric in metrics.names() else f"{title(probe)}, {metric}"


def title(probe: str) -> str:
    """Return what people are told that a probe is: of one that is a file, what that is called, without its folder."""
    if is_question_file(probe):
        return Path(probe).stem
    return probe.rpartition("/")[2] if "@" in probe else probe


def probe(description: str, *, judged_by: JudgedBy, looks_inside: bool = False) -> Callable[[TaskMaker], TaskMaker]:
    """Return a decorator that announces an Inspect task as a probe, under the name of its function.

    Args:
        description: What it asks about, in one sentence.
        judged_by: What scores the answers.
        looks_inside: Whether it reads activations.
    """

    def announce(task: TaskMaker) -> TaskMaker:
        probes.add(task.__name__, ProbeInfo(task.__name__, description, task, judged_by, looks_inside))
        return task

    return announce
