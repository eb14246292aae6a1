"""Ask common facts, as statements and as questions: does the model tell the truth?"""

from askew.probes import JUDGED, probe
from askew.probes.question_file import Question, shipped


@probe(
    "Facts: does it say what is true?",
    kind=JUDGED,
    scoring="the rule `key` compares each answer with the true and the false one",
)
def truthfulness() -> list[Question]:
    """Return the questions about facts."""
    return shipped("truthfulness")
