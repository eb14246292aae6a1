"""A probe of shouting, which a rule reads."""

from pathlib import Path

from askew.probes import JUDGED, probe
from askew.probes.question_file import Question, read


@probe("Whether a model answers in capital letters.", kind=JUDGED, scoring="the rule `shouting` reads each answer")
def shouting() -> list[Question]:
    """Return questions about the weather."""
    return read(Path(__file__).with_suffix(".yaml"))
