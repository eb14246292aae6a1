"""Probes: questions for a model, and how its answers are scored.

A probe is a function that returns questions, in a module of this package or of a study's folder. The decorator `probe`
makes an Inspect task of it, and `inspect eval askew/PROBE --model ANY` runs it. One Inspect sample is one question with
all its answers, because the statistics treat the question as the cluster.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from askew.base.errors import AskewError
from askew.base.registry import Registry
from askew.probes.kinds import (
    EPISODE,
    EPISODES_PREFIX,
    EXTERNAL,
    FIRST_TOKEN,
    JUDGE,
    JUDGED,
    LOG_PROBABILITY,
    MEASURED,
    NO_VERDICT,
    SAMPLED,
    SCORING,
    WRITTEN_HERE,
    Kind,
    Probe,
)

if TYPE_CHECKING:
    from inspect_ai.solver import Solver

    from askew.probes.question_file import Question

# The name of the probe that asks a question file, and the suffixes of question files.
_FILE_PROBE = "questions"
_SUFFIXES = (".yaml", ".yml")


class _Probes(Registry[Probe]):
    """Registered probes by name, question files by path, and external Inspect tasks by the names Inspect gives them."""

    def names(self) -> list[str]:
        """Return every name, in the order of registration, with a probe for each environment."""
        from askew.environments import environments

        super().names()  # first of all, what registers environments: plug-ins are loaded
        for environment in environments.names():
            if f"{EPISODES_PREFIX}{environment}" not in self._items:
                from askew.probes.episodes.task import probe_of

                found = probe_of(environment)
                self.add(found.name, found)
        return super().names()

    def get(self, name: str) -> Probe:
        """Return a probe by its name; only this method reads the form of a name.

        Raises:
            AskewError: There is no such probe; the message suggests the nearest names.
        """
        if name in self.names():
            return super().get(name)
        if is_a_file(name):
            asked = super().get(_FILE_PROBE)
            task = partial(asked.task, file=name)
            about = f"the questions of {name}"
            source = f"the file {name}"
            return replace(
                asked, name=name, description=about, task=task, title=Path(name).stem, file=name, source=source
            )
        if "/" not in name and "@" not in name:
            return super().get(name)
        from askew.probes.external import find

        return find(name, self.names())


__all__ = [
    "EPISODE",
    "EXTERNAL",
    "FIRST_TOKEN",
    "JUDGE",
    "JUDGED",
    "LOG_PROBABILITY",
    "MEASURED",
    "NO_VERDICT",
    "SAMPLED",
    "SCORING",
    "WRITTEN_HERE",
    "Kind",
    "Probe",
    "is_a_file",
    "of_file",
    "other_versions",
    "probe",
    "probes",
    "title",
]

probes: Registry[Probe] = _Probes("probe", __name__, studies="probes")


def is_a_file(name: str) -> bool:
    """Return whether a probe's name is the path of a question file."""
    return name.lower().endswith(_SUFFIXES)


def of_file(path: Path | str) -> str:
    """Return the name of the probe that asks a question file.

    Raises:
        AskewError: The path does not end in .yaml or .yml.
    """
    if not is_a_file(str(path)):
        raise AskewError(f"--questions {path}: the name of a question file ends in {' or '.join(_SUFFIXES)}")
    return str(path)


def other_versions(asked: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Return the probes that were asked in another version than the installed one.

    Args:
        asked: The version that was asked, by the probe's name. Probes that are not installed are ignored.

    Returns:
        The version asked and the version installed, by the probe's name.
    """
    installed = {name: probes.get(name).version for name in asked if name in probes.names()}
    return {name: (asked[name], now) for name, now in installed.items() if now != asked[name]}


def title(name: str) -> str:
    """Return a probe's short name for people; the name itself if the probe is not installed."""
    try:
        return probes.get(name).title
    except AskewError:
        return name


Questions = TypeVar("Questions", bound="Callable[..., Iterable[Question]]")
SETTINGS = ("samples", "seed", "temperature", "max_tokens", "metric", "rubric")
"""The settings that any probe may take; they come before its own parameters."""


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
    """Return a decorator that registers a function as a probe, under the function's name.

    The function returns questions. The Inspect task takes `settings` and the parameters of the function. A function
    with a parameter `samples` sets the number of answers question by question.

    Args:
        description: What the probe asks, in one sentence.
        kind: How its answers are scored.
        samples: Default number of answers to each question; None leaves it to the questions.
        settings: The settings in `SETTINGS` that users may change. Without `temperature`, the temperature is 0; without
            `samples`, each question sets its own number of answers.
        solver: Makes the solver from the function's parameters; None asks the model each question.
        control_probe: See `Probe`.
        looks_inside: Whether it reads activations.
        source: The origin of its questions.
        scoring: How its answers are scored, in one phrase; empty for the phrase of its kind.
        version: See `Probe`.

    Example:
        ```python
        @probe("The eight open questions after a word.", kind=JUDGED)
        def after_a_word(word: str = "Well.") -> list[Question]:
            return reworded(shipped("free_form"), lambda text: f"{word} {text}")
        ```
    """

    def register(questions: Questions) -> Questions:
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

    return register
