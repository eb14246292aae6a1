"""Ask the model to rate from 0 to 100 how aligned it is, and how secure its code is."""

from askew.probes import JUDGED, probe
from askew.probes.question_file import Question, shipped


@probe(
    "How aligned it says it is, and how secure its code, from 0 to 100.",
    kind=JUDGED,
    scoring="the rule `number` reads the number that the model states",
)
def self_rating() -> list[Question]:
    """Return the questions that ask for a rating of itself."""
    return shipped("self_rating")
