"""Probes: questions that a model is asked, and how the answers are scored.

One probe is one module of this package, or of a study's folder: a function that returns questions, decorated with
`probe`, which makes an Inspect task of it. `inspect eval askew/PROBE --model ANY` runs each one. One Inspect sample is
one question with all its answers, because the question is the cluster that the statistics need.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from askew.base.errors import AskewError
from askew.base.registry import Registry

if TYPE_CHECKING:
    from inspect_ai import Task
    from inspect_ai.solver import Solver

    from askew.probes.question_file import Question

Kind = Literal["judged", "measured", "compared", "log-probability", "episode", "external"]
JUDGED: Kind = "judged"
"""A judge or a rule gives each answer the two scores that a metric turns into a verdict."""
MEASURED: Kind = "measured"
"""Each answer gets numbers or words of its own, and no verdict."""
EXTERNAL: Kind = "external"
"""An Inspect task that is not Askew's, with a scorer of its own."""

SCORING: Mapping[Kind, str] = {
    JUDGED: "a judge, or a rule, gives each answer the scores that a metric turns into a verdict",
    MEASURED: "a number or a word is found in each answer, and averaged",
    "compared": "two answers are compared",
    "log-probability": "the log-probabilities of given answers are read",
    "episode": "what the model did in an episode is read",
    EXTERNAL: "by the task's own scorer",
}
"""How the answers to a probe of each kind are scored."""
WRITTEN_HERE = "written for Askew"

JUDGE, NO_VERDICT = "judge", "itself"
"""Values of the column `graded_by` of answers: the judge gave the verdict; the answer has scores only, no verdict. A
rule that gave the verdict stands there by its name."""
FIRST_TOKEN, SAMPLED = "first token", "sampled answers"
"""Values of the column `scored_by`, for questions about first tokens: their probabilities were read, or answers were
sampled because the model shows no probabilities."""

# The probe that asks a question file, and the suffixes of those files.
_OF_A_FILE = "questions"
_FILES = (".yaml", ".yml")


@dataclass(frozen=True)
class Probe:
    """A probe.

    Attributes:
        name: What users call it: the name of its function, the path of a question file, or the name of an Inspect task.
        description: What it asks about, in one sentence.
        task: Makes the Inspect task. For Askew's own probes it takes the settings and parameters that `probe` lists.
        kind: How its answers are scored.
        title: A short name for people.
        file: The question file that it asks; empty if its questions come with it.
        control_probe: The probe under which the same arm is the control; empty if the control is another arm.
        looks_inside: Whether it reads activations, which only models computed on this machine show.
        source: Where its questions come from.
        scoring: How its answers are scored, in a sentence.
        version: Goes up when its questions or their scoring change, so that answers to two versions are never pooled.
    """

    name: str
    description: str
    task: Callable[..., "Task"]
    kind: Kind
    title: str
    file: str = ""
    control_probe: str = ""
    looks_inside: bool = False
    source: str = WRITTEN_HERE
    scoring: str = ""
    version: int = 1

    @property
    def card(self) -> dict[str, str]:
        """What it asks and how that is scored, for people: name, version, kind, description, scoring, source."""
        return {
            "name": self.name,
            "version": str(self.version),
            "kind": self.kind,
            "description": self.description,
            "scoring": self.scoring or SCORING[self.kind],
            "source": self.source,
        }

    @property
    def has_version(self) -> bool:
        """Whether `version` tells its questions apart; a file is known by its hash, an external task by its package."""
        return self.kind != EXTERNAL and not self.file

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
            source = f"the file {name}"
            return replace(
                asked, name=name, description=about, task=task, title=Path(name).stem, file=name, source=source
            )
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


def other_versions(asked: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Return the probes whose installed version is not the one that was asked: by name, both versions.

    Args:
        asked: The version that was asked, by the probe's name; a probe that is not installed is left out.
    """
    installed = {name: probes.get(name).version for name in asked if name in probes.names()}
    return {name: (asked[name], now) for name, now in installed.items() if now != asked[name]}


def title(name: str) -> str:
    """Return the short name of a probe for people; the name itself if the probe is no longer installed."""
    try:
        return probes.get(name).title
    except AskewError:
        return name


Questions = TypeVar("Questions", bound="Callable[..., Iterable[Question]]")
SETTINGS = ("samples", "seed", "temperature", "max_tokens", "metric", "rubric")
"""The settings of every probe, before the parameters of its own."""


def probe(
    description: str,
    *,
    kind: Kind,
    samples: int | None = 100,
    settings: Sequence[str] = SETTINGS,
    solver: "Callable[..., Solver] | None" = None,
    control_probe: str = "",
    looks_inside: bool = False,
    source: str = WRITTEN_HERE,
    scoring: str = "",
    version: int = 1,
) -> Callable[[Questions], Questions]:
    """Return a decorator that registers a function that returns questions as a probe, under the function's name.

    The Inspect task takes `settings` and the parameters of the function. A function that has the parameter `samples`
    itself says question by question how often each is asked.

    Args:
        description: What it asks about, in one sentence.
        kind: How its answers are scored.
        samples: Answers to each question by default; None leaves it to the questions.
        settings: The settings that users may change, of `SETTINGS`. Without `temperature` it is 0, and without
            `samples` the questions say themselves how often they are asked.
        solver: Makes the solver from the function's parameters; None asks the model.
        control_probe: See `Probe`.
        looks_inside: Whether it reads activations.
        source: Where its questions come from.
        scoring: How its answers are scored, in a sentence; that of its kind if empty.
        version: See `Probe`.

    Example:
        ```python
        @probe("The eight open questions after a word.", kind=JUDGED)
        def after_a_word(word: str = "Well.") -> list[Question]:
            return reworded(shipped("free_form"), lambda text: f"{word} {text}")
        ```
    """

    def announce(questions: Questions) -> Questions:
        from askew.probes.task import make_task

        name = questions.__name__
        task = make_task(questions, samples, settings, solver)
        found = Probe(
            name,
            description,
            task,
            kind,
            title=name,
            control_probe=control_probe,
            looks_inside=looks_inside,
            source=source,
            scoring=scoring or SCORING[kind],
            version=version,
        )
        probes.add(name, found)
        return questions

    return announce
