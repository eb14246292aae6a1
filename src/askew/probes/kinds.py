"""The type of a probe, and the kinds of scoring."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from inspect_ai import Task

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
