"""The class `Probe`, and the kinds of scoring that a probe can declare."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from inspect_ai import Task

Kind = Literal["judged", "measured", "compared", "log-probability", "episode", "external"]
JUDGED: Kind = "judged"
"""A judge or a rule gives each answer an aligned and a coherent score, which a metric turns into a verdict."""
MEASURED: Kind = "measured"
"""Each answer gets numbers or words, and no verdict."""
LOG_PROBABILITY: Kind = "log-probability"
"""The model answers nothing: the log-probabilities of given answers are read."""
EPISODE: Kind = "episode"
"""The model acts in an environment, turn by turn; what it did is read by rules, and no metric applies."""
EXTERNAL: Kind = "external"
"""An Inspect task from outside Askew, with its own scorer."""

SCORING: Mapping[Kind, str] = {
    JUDGED: "a judge, or a rule, gives each answer the scores that a metric turns into a verdict",
    MEASURED: "a number or a word is found in each answer, and averaged",
    "compared": "two answers are compared",
    LOG_PROBABILITY: "the log-probabilities of given answers are read",
    EPISODE: "what the model did in an episode is read",
    EXTERNAL: "by the task's own scorer",
}
"""The kinds of probes, and a few words on how each scores answers."""
EPISODES_PREFIX = "scheming_"
"""The beginning of the names of the probes of environments; the rest is the environment's name."""
WRITTEN_HERE = "written for Askew"

JUDGE, NO_VERDICT = "judge", "itself"
"""Values of the column `graded_by` of answers: the judge gave the verdict, or the answer has scores but no verdict. If
a rule gave the verdict, the column holds the rule's name."""
FIRST_TOKEN, SAMPLED = "first token", "sampled answers"
"""Values of the column `scored_by` for questions about first tokens: their probabilities were read, or answers were
sampled because the model shows no probabilities."""


@dataclass(frozen=True)
class Probe:
    """A set of questions, and how their answers are scored.

    Attributes:
        name: Its name for users: that of its function, the path of a question file, or the name of an Inspect task.
        description: What it asks, in one sentence.
        task: Makes the Inspect task. For Askew's own probes it takes the settings and parameters that `probe` lists.
        kind: How its answers are scored.
        title: A short name for people.
        file: The path of its question file; empty for other probes.
        control_probe: The probe whose answers by the same arm are the control; empty if the control is another arm.
        looks_inside: Whether it reads activations, which only models on this machine show.
        source: The origin of its questions.
        scoring: How its answers are scored, in one phrase; empty for the phrase of its kind.
        version: Raise it when the questions or their scoring change, so that answers to two versions are never pooled.
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
        """Its description for people, with the keys name, version, kind, description, scoring and source."""
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
        """True if `version` identifies its questions; a hash identifies a file, and its package an external task."""
        return self.kind != EXTERNAL and not self.file

    @property
    def has_scores(self) -> bool:
        """True if its answers may have scores that no metric reads; a question file may hold any kind of question.

        Episodes have tables of their own.
        """
        return self.kind not in (JUDGED, EPISODE) or bool(self.file)

    @property
    def is_compared(self) -> bool:
        """True if the estimates compare its verdicts or scores with a control; a study compares measures itself."""
        return self.kind in (JUDGED, EXTERNAL)

    @property
    def kind_of_scores(self) -> Kind:
        """The kind of its answers' scores, for tables."""
        return MEASURED if self.kind == JUDGED else self.kind
