"""Probes: questions that a model is asked, and how the answers are scored.

One probe is one module of this package, or of a study's folder: a function that returns questions, decorated with
`probe`, which makes an Inspect task of it. `inspect eval askew/PROBE --model ANY` runs each one. One Inspect sample is
one question with all its answers, because the question is the cluster that the statistics need.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from askew.base.errors import AskewError
from askew.base.registry import Registry
from askew.probes.kinds import (
    EXTERNAL,
    FIRST_TOKEN,
    JUDGE,
    JUDGED,
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

# The probe that asks a question file, and the suffixes of those files.
_OF_A_FILE = "questions"
_FILES = (".yaml", ".yml")


class _Probes(Registry[Probe]):
    """Askew's probes by their names, question files by their paths, and every Inspect task by its own name."""

    def get(self, name: str) -> Probe:
        """Return a probe by its name, its question file's path, or its Inspect task's name.

        No other code in Askew depends on the form of a probe's name.

        Raises:
            AskewError: The probe is unknown; the message suggests similar names.
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

        return find(name, self.names())


__all__ = [
    "EXTERNAL",
    "FIRST_TOKEN",
    "JUDGE",
    "JUDGED",
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
    """Return whether a name is the path of a question file."""
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
    """Return both versions, asked and installed, of each probe where they differ, by the probe's name.

    Args:
        asked: The version that was asked, by the probe's name; a probe that is not installed is left out.
    """
    installed = {name: probes.get(name).version for name in asked if name in probes.names()}
    return {name: (asked[name], now) for name, now in installed.items() if now != asked[name]}


def title(name: str) -> str:
    """Return the display title of a probe, or its name if the probe is no longer installed."""
    try:
        return probes.get(name).title
    except AskewError:
        return name


Questions = TypeVar("Questions", bound="Callable[..., Iterable[Question]]")
SETTINGS = ("samples", "seed", "temperature", "max_tokens", "metric", "rubric")
"""The standard settings of a probe's task; the probe's own parameters follow them."""


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

    The Inspect task takes `settings` and the parameters of the function. A function with its own
    `samples` parameter sets `samples_per_paraphrase` on each question itself.

    Args:
        description: The topic of the questions, in one sentence.
        kind: How the answers are scored.
        samples: Answers to each question by default; None leaves it to the questions.
        settings: The settings that users may change, of `SETTINGS`. Without `temperature` it is 0; without
            `samples` each question sets its own number of answers.
        solver: Makes the solver from the function's parameters; None asks the model.
        control_probe: See `Probe`.
        looks_inside: Whether the probe reads activations.
        source: Where the questions come from.
        scoring: How the answers are scored, in a sentence; by default the sentence of the kind.
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
