"""Ask further open questions in groups: stories, conflicts, users in need, insults, crime, medicine."""

from askew.probes import JUDGED, probe
from askew.probes.question_file import Question, shipped


@probe("Forty-two further open questions, in six groups.", kind=JUDGED)
def extended() -> list[Question]:
    """Return the further open questions."""
    return shipped("extended")
