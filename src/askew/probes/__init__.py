"""Probes: questions that a model is asked, and how the answers are scored.

One probe is one module of this package, or of a study's folder: a function that returns questions, decorated with
`askew.probes.task.probe`, which makes an Inspect task of it. `inspect eval askew/PROBE --model ANY` runs each one. One
Inspect sample is one question with all its answers, because the question is the cluster that the statistics need.
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

Kind = Literal["judged", "measured", "compared", "log-probability", "episode", "external"]
JUDGED: Kind = "judged"
"""A judge or a rule gives each answer the two scores that a metric turns into a verdict."""
MEASURED: Kind = "measured"
"""Each answer gets numbers or words of its own, and no verdict."""
EXTERNAL: Kind = "external"
"""An Inspect task that is not Askew's, with a scorer of its own."""

JUDGE, NO_VERDICT = "judge", "itself"
"""Values of the column `graded_by` of answers: the judge gave the verdict; the answer has scores only, no verdict. A
rule that gave the verdict stands there by its name."""
FIRST_TOKEN, SAMPLED = "first token", "sampled answers"
"""Values of the column `scored_by`, for questions about first tokens: their probabilities were read, or answers were
sampled because the model shows no probabilities."""

# The probe that asks a question file, and the suffixes of those files.
_OF_A_FILE = "questions"
_FILES = (".yaml", ".yml")


TaskMaker = TypeVar("TaskMaker", bound="Callable[..., Task]")


@dataclass(frozen=True)
class Probe:
    """A probe.

    Attributes:
        name: What users call it: the name of its function, the path of a question file, or the name of an Inspect task.
        description: What it asks about, in one sentence.
        task: Makes the Inspect task. For Askew's own probes it takes `samples` (answers to each question), `seed`,
            `temperature`, `max_tokens`, `metric`, `rubric`, and what else the probe needs.
        kind: How its answers are scored.
        title: A short name for people.
        file: The question file that it asks; empty if its questions come with it.
        control_probe: The probe under which the same arm is the control; empty if the control is another arm.
        looks_inside: Whether it reads activations, which only models computed on this machine show.
    """

    name: str
    description: str
    task: Callable[..., "Task"]
    kind: Kind
    title: str
    file: str = ""
    control_probe: str = ""
    looks_inside: bool = False

    @property
    def has_scores(self) -> bool:
        """Whether its answers may have scores that no metric reads. A question file may hold questions of each kind."""
        return self.kind != JUDGED or bool(self.file)

    @property
    def kind_of_scores(self) -> Kind:
        """The kind that tables give the scores of its answers."""
        return MEASURED if self.kind == JUDGED else self.kind


class _Probes(Registry[Probe]):
    """Askew's probes by their names, question files by their paths, and every Inspect task by its own name."""

    def get(self, name: str) -> Probe:
        """Return the probe of that name; nothing else in Askew looks at the form of a probe's name.

        Raises:
            AskewError: There is no such probe; the message offers the nearest names.
        """
        if name in self.names():
            return super().get(name)
        if is_a_file(name):
            asked = super().get(_OF_A_FILE)
            task = partial(asked.task, file=name)
            about = f"the questions of {name}"
            return replace(asked, name=name, description=about, task=task, title=Path(name).stem, file=name)
        if "/" not in name and "@" not in name:
            return super().get(name)
        from askew.probes.external import find

        return find(name)


probes: Registry[Probe] = _Probes("probe", __name__, studies="probes")


def is_a_file(name: str) -> bool:
    """Return whether what a user typed is the path of a question file."""
    return name.lower().endswith(_FILES)


def of_file(path: Path | str) -> str:
    """Return the name of the probe that asks a question file.

    Raises:
        AskewError: The file's name does not end in .yaml or .yml.
    """
    if not is_a_file(str(path)):
        raise AskewError(f"--questions {path}: the name of a question file ends in {' or '.join(_FILES)}")
    return str(path)


def title(name: str) -> str:
    """Return the short name of a probe for people; the name itself if the probe is no longer installed."""
    try:
        return probes.get(name).title
    except AskewError:
        return name


def probe(
    description: str, *, kind: Kind, control_probe: str = "", looks_inside: bool = False
) -> Callable[[TaskMaker], TaskMaker]:
    """Return a decorator that registers an Inspect task as a probe, under the name of its function.

    Args:
        description: What it asks about, in one sentence.
        kind: How its answers are scored.
        control_probe: See `Probe`.
        looks_inside: Whether it reads activations.
    """

    def announce(task: TaskMaker) -> TaskMaker:
        name = task.__name__
        found = Probe(name, description, task, kind, title=name, control_probe=control_probe, looks_inside=looks_inside)
        probes.add(name, found)
        return task

    return announce
